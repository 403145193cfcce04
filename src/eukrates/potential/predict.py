"""`predict`: the checked door to every potential. Refuses what would be silently wrong, then evaluates compiled."""

from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np

from eukrates.elements import formula, number, spin_possible, symbols
from eukrates.matter import Graph, pad, size
from eukrates.numerics import to_device, to_host
from eukrates.potential.derivatives import WANTS, evaluate
from eukrates.potential.potential import Potential
from eukrates.potential.prediction import PER_ATOM, Prediction


def predict(potential: Potential, graph: Graph, want: Sequence[str] = ("energy", "forces")) -> Prediction:
    """What `potential` says about `graph`, as NumPy arrays, without padding.

    Geometry and totals are float64, features have the precision of the potential's parameters
    (`eukrates.numerics.cast(potential, "float64")` for double precision throughout). Sizes are padded to few shapes,
    so that structures of similar size share one compilation.

    Args:
        potential: any potential.
        graph: from `potential.graph(system)`, or `batch` of such.
        want: of "energy", "forces", "forces_by_term", "stress", "hessian".

    Raises:
        ValueError: an unknown name in `want`, an element the potential does not know, a missing or impossible
            charge or spin,
            edges shorter than the cutoff, stress of a structure without a volume.
    """
    check(potential, graph, want)
    have = size(graph)
    with jax.enable_x64(True):
        inputs = to_device(pad(to_host(graph)))
        found = to_host(_evaluate(to_device(potential), inputs, tuple(sorted(set(want)))))
    return _cropped(found, have.atoms, have.systems)


_evaluate = eqx.filter_jit(evaluate)


def check(potential: Potential, graph: Graph, want: Sequence[str] = ()) -> None:
    """Raise ValueError where the potential would answer without being entitled to; see `predict`."""
    unknown = sorted(set(want) - set(WANTS))
    if unknown:
        raise ValueError(f"Cannot predict {', '.join(unknown)}. Known: {', '.join(WANTS)}.")
    check_system(potential, graph.system)
    _check_reach("near", potential.cutoff, graph.near.cutoff)
    if potential.far_cutoff is not None:
        if graph.far is None:
            raise ValueError(f"This potential reads far edges up to {potential.far_cutoff} Å and the graph has none.")
        _check_reach("far", potential.far_cutoff, graph.far.cutoff)
    if potential.triple_cutoff is not None:
        if graph.triples is None:
            raise ValueError("This potential reads triples and the graph has none: use potential.graph(structure).")
        _check_reach("triple", potential.triple_cutoff, graph.triples.cutoff)
    real = np.unique(np.asarray(graph.system.owner)[np.asarray(graph.system.real)])
    needed = potential.waves(np.asarray(graph.system.cell)[real])
    if needed is not None and (graph.waves is None or any(g < n for g, n in zip(graph.waves, needed, strict=True))):
        raise ValueError(
            f"This potential sums over {needed} waves along the axes of the lattice and the graph provides "
            f"{graph.waves}: build it with potential.graph(structure)."
        )
    if "stress" in want:
        s = graph.system
        occupied = np.unique(np.asarray(s.owner)[np.asarray(s.real)])
        flat = occupied[np.linalg.det(np.asarray(s.cell, np.float64))[occupied] == 0]
        if flat.size:
            raise ValueError(
                f"Stress was asked of systems {flat[:10].tolist()}, which are not periodic along three axes and have "
                "no volume. Leave out 'stress', or give them a cell that is periodic everywhere."
            )


def check_system(potential: Potential, system) -> None:
    """Raise ValueError for elements that the potential does not know, for a charge or spin that it needs and does not
    get or gets and cannot see, and for one that no molecule of these atoms can have."""
    if potential.elements is not None:
        known = {number(s) for s in potential.elements}
        strange = sorted(set(np.asarray(system.numbers)[np.asarray(system.real)].tolist()) - known)
        if strange:
            raise ValueError(
                f"This potential knows {', '.join(potential.elements)} and was given {', '.join(symbols(strange))}. "
                "Train on structures with these elements, or choose another potential."
            )
    for need in potential.needs:
        if getattr(system, need) is None:
            kind = "total charge in e" if need == "charge" else "number of unpaired electrons (0 for a closed shell)"
            raise ValueError(
                f"This potential depends on {need} and the structure does not state it. Give {need} = {kind}, "
                f"for instance atoms.info['{need}'] = 0."
            )
    for name in {"charge", "spin"} - set(potential.needs):
        _check_blind(name, system)
    if {"charge", "spin"} <= set(potential.needs):
        _check_electrons(system)


def _check_blind(name: str, system) -> None:
    """Refuse what the potential cannot see."""
    stated = getattr(system, name)
    if stated is None:
        return
    occupied = np.unique(np.asarray(system.owner)[np.asarray(system.real)])
    values = np.asarray(stated, np.float64)[occupied]
    if np.any(values != 0):
        raise ValueError(
            f"This potential cannot see the {name}, and a structure states {name} = {values[values != 0][0]:g}: it "
            f"would get the energy of another molecule. Use a model that reads the {name}; or, if this one was made "
            f"for such molecules, leave the {name} out: no atoms.info['{name}'], and keys={{'{name}': None}} where "
            "data are read."
        )


def _check_electrons(system) -> None:
    """Refuse a molecule whose electrons cannot leave the stated number unpaired.

    Mostly it is a multiplicity 2S+1 in the place of the number of unpaired electrons.
    """
    numbers, owner = np.asarray(system.numbers), np.asarray(system.owner)
    for n in range(system.systems):
        own = numbers[(owner == n) & np.asarray(system.real)]
        charge, spin = float(np.asarray(system.charge)[n]), float(np.asarray(system.spin)[n])
        whole = charge == round(charge) and spin == round(spin)
        if own.size and whole and not np.any(np.asarray(system.cell)[n]) and not spin_possible(own, charge, spin):
            raise ValueError(
                f"{formula(own)} with charge {charge:+g} has {int(own.sum() - charge)} electrons, of which {spin:g} "
                "cannot be unpaired: electrons minus spin must be even and not negative. Spin is the number of "
                "unpaired electrons (0 singlet, 1 doublet, 2 triplet), not the multiplicity."
            )


def _check_reach(kind: str, needed: float, given: float) -> None:
    if given < needed:
        raise ValueError(f"The {kind} edges reach {given} Å and the potential needs {needed} Å: build a longer graph.")


def _cropped(found: Prediction, atoms: int, systems: int) -> Prediction:
    rows = {name: atoms if name in PER_ATOM else systems for name in vars(found) if name != "hessian"}
    fields = {name: jax.tree.map(lambda a, n=n: a[:n], getattr(found, name)) for name, n in rows.items()}
    hessian = None if found.hessian is None else found.hessian[:atoms, :, :atoms]
    return Prediction(**fields, hessian=hessian)

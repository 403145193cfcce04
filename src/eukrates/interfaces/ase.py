"""Any potential as an ASE calculator."""

from dataclasses import replace
from os import PathLike
from typing import Any

import ase
import equinox as eqx
import jax
import numpy as np
from ase.calculators.calculator import Calculator as AseCalculator
from ase.calculators.calculator import PropertyNotImplementedError, all_changes

from eukrates.data.atoms import to_system
from eukrates.matter import Graph, System, system
from eukrates.matter.verlet import VerletList, verlet
from eukrates.models import load, with_long_range
from eukrates.models.long_range import LONG_RANGE
from eukrates.near_miss import near_miss
from eukrates.numerics import cast, expect_precision, to_device, to_host
from eukrates.potential import Potential, Prediction, Ready, check_system, deviation
from eukrates.potential.prediction import OF_ATOMS

ALWAYS = ["energy", "free_energy", "forces", "stress"]  # what every potential knows
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))  # xx, yy, zz, yz, xz, xy


class Calculator(AseCalculator):
    """Energies, forces and more from a potential, for everything that ASE can do.

    Results are float64 in ASE's units (eV, Å, e): energy, free_energy (the same), forces, stress (∂E/∂ε / V, positive
    under tension, Voigt order xx, yy, zz, yz, xz, xy, of structures periodic along three axes), and, where the
    potential knows them, energies (per atom), charges, hirshfeld_ratios, c6 (eV Å⁶), polarizabilities (Å³), and the
    dipole of open structures (e Å; of ions with respect to the origin). `results["energy_terms"]` has the energy by
    physical term, `forces_by_term()` the forces; of an ensemble, `results["energy_by_member"]` those of its members and
    `results["energy_deviation"]` their standard deviation (M - 1). Charge (e) and spin (unpaired electrons) come
    from the choices, else from `atoms.info`.

    One calculator serves any structures: sizes are padded to few shapes, so few compilations are needed.

    Args:
        potential: a potential, or the path of a model file.
        precision: of the features, "float32" or "float64"; geometry and totals are float64 in both.
        choices: `charge` and `spin`, for all structures; `skin`, Å: how much farther than the cutoff neighbours are
            looked up, so that they need not be looked up again while atoms move less than half of it; `far_cutoff`, Å,
            and `electrostatics` of a model with long-range physics, see `eukrates.SO3LR`; default: those of the model.

    Raises:
        TypeError: an unknown choice, or something that is neither a potential nor a path.
        ValueError: an unknown precision; while calculating: what `eukrates.predict` refuses.
    """

    implemented_properties: list[str] = ALWAYS
    parameters: dict[str, Any]
    atoms: ase.Atoms | None
    nolabel = True

    def __init__(self, potential: Potential | str | PathLike, precision: str = "float32", **choices):
        super().__init__()
        known = {"charge": None, "spin": None, "skin": 0.2, **dict.fromkeys(LONG_RANGE)}
        _refuse_unknown(choices, known)
        expect_precision(precision)
        if isinstance(potential, str | PathLike):
            potential = load(potential)
        if not isinstance(potential, Potential):
            raise TypeError(f"Expected a potential or the path of a model file, got {type(potential).__name__}.")
        self.parameters.update(precision=precision, **known | choices)
        potential = with_long_range(potential, **{name: self.parameters[name] for name in LONG_RANGE})
        with jax.enable_x64(True):
            self.potential = to_device(cast(potential, precision).for_inference())
            self._ask = Ready(self.potential)
        self.implemented_properties = [*type(self).implemented_properties, *_extras(self.potential)]
        self._list: VerletList | None = None
        self._sent: Graph | None = None
        self._stress = False  # once asked for, it is computed along: those who relax cells ask every time

    def check_state(self, atoms: ase.Atoms, tol: float = 1e-15) -> list[str]:
        """What changed since the last calculation, charge and spin included."""
        changes = super().check_state(atoms, tol)
        if self.atoms is not None:
            before, now = self.atoms.info, atoms.info
            changes += [key for key in ("charge", "spin") if not _same(before.get(key), now.get(key))]
        return changes

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """Called by ASE when results are missing."""
        super().calculate(atoms, properties, system_changes)
        if (current := self.atoms) is None:
            raise ValueError("Expected atoms to calculate, got none: pass them, or set atoms.calc to this calculator.")
        structure = self._structure(current)
        periodic = bool(current.pbc.all())
        if "stress" in properties and not periodic:
            raise PropertyNotImplementedError(
                "Stress was asked of a structure that is not periodic along three axes: it has no volume. Set "
                "atoms.pbc = True and a cell if it is a crystal or a liquid; relax the positions alone if it is not."
            )
        self._stress = self._stress or "stress" in properties
        want = ("energy", "forces", "stress") if periodic and self._stress else ("energy", "forces")
        with jax.enable_x64(True):
            found = to_host(self._ask(self._graph(structure), want))
        self.results = _results(found, structure)

    def forces_by_term(self, atoms: ase.Atoms | None = None) -> dict[str, np.ndarray]:
        """Forces in eV/Å by physical term; they add up to the forces."""
        if (current := atoms or self.atoms) is None:
            raise ValueError("Expected atoms: pass them, or calculate something first.")
        structure = self._structure(current)
        with jax.enable_x64(True):
            pulls = to_host(self._ask(self._graph(structure), ("forces_by_term",))).forces_by_term or {}
        return {name: np.array(pull[: len(current)], np.float64) for name, pull in pulls.items()}

    def _structure(self, atoms: ase.Atoms) -> System:
        stated = (self.parameters[key] for key in ("charge", "spin"))
        structure = to_system(atoms, *(None if value is None else float(value) for value in stated))
        check_system(self.potential, structure)
        return structure

    def _graph(self, structure: System) -> Graph:
        """With neighbours that are kept, and then on the device, while they serve."""
        listed = self._list
        if listed is None or not listed.serves(structure):
            p, skin = self.potential, self.parameters["skin"]
            reads = {"waves": p.waves(structure.cell), "triple_cutoff": p.triple_cutoff}
            self._list, self._sent = verlet(structure, p.cutoff, p.far_cutoff, skin, **reads).padded(), None
            return self._list.graph  # not sent before it is needed again: each array sent alone takes its time
        sent = self._sent = to_device(listed.graph) if self._sent is None else self._sent
        return Graph(replace(sent.system, **listed.moved(structure)), sent.near, sent.far, sent.waves, sent.triples)


def _same(one: Any, other: Any) -> bool:
    return np.array_equal(one, other)


def _results(found: Prediction, structure: System) -> dict:
    """The first system of a prediction, in ASE's names, shapes and order."""
    atoms, open_everywhere = structure.atoms, not np.any(structure.cell)
    double = lambda array: np.array(array, np.float64)
    energy = float(found.energy[0])
    terms = {name: float(term[0]) for name, term in found.terms.items()}
    results: dict[str, Any] = {"energy": energy, "free_energy": energy, "energy_terms": terms}
    if found.forces is not None:
        results["forces"] = double(found.forces[:atoms])
    for name in OF_ATOMS:
        if getattr(found, name) is not None:
            results[name] = double(getattr(found, name)[:atoms])
    if found.energy_by_member is not None:
        results["energy_by_member"] = double(found.energy_by_member[0])
        results["energy_deviation"] = float(deviation(found)[0])
    if found.dipole is not None and open_everywhere:  # else it depends on which images the positions are
        results["dipole"] = double(found.dipole[0])
    if (stress := found.stress) is not None:
        results["stress"] = double([stress[0][a, b] for a, b in VOIGT])
    return results


def _extras(potential: Potential) -> list[str]:
    """What a potential knows besides the energy, found by tracing it once on one abstract atom."""
    reach = potential.far_cutoff or potential.cutoff
    box = np.eye(3) * reach if np.isfinite(reach) else None
    atom = system([1], np.zeros((1, 3)), box, charge=0.0, spin=0.0)  # only shapes are looked at
    with jax.enable_x64(True):
        found = eqx.filter_eval_shape(potential, to_device(potential.graph(atom)))
    return [name for name in (*OF_ATOMS, "dipole") if getattr(found, name) is not None]


def _refuse_unknown(choices: dict, known: dict) -> None:
    for name in choices:
        if name not in known:
            hint = near_miss(name, [*known, "precision"])
            raise TypeError(f"Unknown choice {name!r}{hint} Known: {', '.join(known)}.")

"""Laws of bookkeeping: parts add up, statements are true, single precision says what double precision says."""

import dataclasses
import inspect

import numpy as np

from eukrates.elements import SYMBOLS
from eukrates.matter import Graph, Size
from eukrates.numerics import cast
from eukrates.potential import Potential
from eukrates.testing import measured

NEEDS = ("charge", "spin")


def obeys_sums(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Terms add up to the energy, energies of atoms to the energy, partial charges to the stated charge."""
    graph, _, shape, allowed = measured.opened(potential, graph, seed, shape)
    s = graph.system
    found = measured.measure(potential, graph, shape)

    def total(values):
        sums = np.zeros(s.systems)
        np.add.at(sums, s.owner, np.asarray(values, np.float64))
        return sums

    if not found.terms:
        raise AssertionError("The prediction has no terms: expected the energy by physical term.")

    def add_up(what: str, parts, whole_name: str, whole) -> float:
        sentence = f"The {what} do not add up to the {whole_name}."
        return measured.must(measured.gap(parts, whole), allowed, sentence)

    worst = add_up("terms", np.sum(list(found.terms.values()), axis=0), "energy", found.energy)
    if found.energies is not None:
        worst = max(worst, add_up("energies of the atoms", total(found.energies), "energy", found.energy))
    if found.charges is not None and s.charge is not None and "charge" in potential.needs:
        worst = max(worst, add_up("partial charges", total(found.charges), "stated charge", s.charge))
    return worst


def obeys_precision(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Single precision, and single-precision parameters on double-precision geometry, agree with double precision."""
    graph, _, shape, _ = measured.opened(potential, graph, seed, shape)
    allowed, worst = measured.TOLERANCES["float32"].same, 0.0
    double = measured.in_precision(graph, np.float64)
    single = measured.in_precision(graph, np.float32)
    exact = measured.measure(cast(potential, "float64"), double, shape)
    light = cast(potential, "float32")
    for world, word in ((single, "in float32"), (double, "with float32 parameters")):
        found = measured.measure(light, world, shape)
        have, want = found.energy.dtype, world.system.positions.dtype
        if have != want:
            raise AssertionError(f"The energy is {have} where positions are {want}: totals follow them.")
        for name in ("energy", "forces"):
            sentence = f"The {name} {word} differs from the one in float64."
            error = measured.gap(getattr(found, name), getattr(exact, name))
            worst = max(worst, measured.must(error, allowed, sentence))
    return worst


def obeys_statements(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """What the potential says of itself is well formed and true: reach, elements, needs, constructor arguments."""
    if not (isinstance(potential.cutoff, float | int) and 0 < potential.cutoff < np.inf):
        raise AssertionError(f"cutoff is {potential.cutoff!r}: expected a positive number of Å.")
    if potential.elements is not None and not set(potential.elements) <= set(SYMBOLS[1:]):
        raise AssertionError(f"elements is {potential.elements!r}: expected chemical symbols, or None for all.")
    if not set(potential.needs) <= set(NEEDS):
        raise AssertionError(f"needs is {potential.needs!r}: expected some of {NEEDS}.")
    for name, parameter in inspect.signature(type(potential)).parameters.items():
        plain = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if plain and name != "key" and not hasattr(potential, name):
            raise AssertionError(f"The constructor argument {name!r} cannot be read back as an attribute.")
    return _reads_only_what_it_states(potential, *measured.opened(potential, graph, seed, shape))


def _reads_only_what_it_states(potential: Potential, graph: Graph, _, shape: Size, allowed: float) -> float:
    worst, s = 0.0, graph.system
    before = measured.measure(potential, graph, shape)
    for name in set(NEEDS) - set(potential.needs):
        value = getattr(s, name)
        if value is not None:
            changed = dataclasses.replace(graph, system=dataclasses.replace(s, **{name: value + 1}))
            after = measured.measure(potential, changed, shape)
            sentence = f"The energy depends on {name}, which the potential does not list in `needs`."
            worst = max(worst, measured.must(measured.gap(after.energy, before.energy), allowed, sentence))
    return worst

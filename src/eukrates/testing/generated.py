"""Generated systems: hypothesis strategies for molecules, crystals, slabs, wires and lone atoms.

Coordinates are drawn as whole thousandths of Å around places of a grid, so that a failing case shrinks to few atoms on
a plain grid. `shape` gives the one padded shape into which every case of a cutoff fits.
"""

import math
from collections.abc import Iterable

import numpy as np

from eukrates.elements import number
from eukrates.matter import Graph, Size, System, neighbours, rounded, size, system
from eukrates.potential import Potential

ATOMS = 5  # at most, in one structure
FLOOR = 0.7  # Å; no two atoms are closer
ELEMENTS = ("H", "C", "N", "O")
DENSITY = 0.14  # atoms/Å³; more than in diamond only where the cell says so
BEYOND = 0.5  # Å; lists longer than the cutoff by this much fit as well


def strategies():
    """`hypothesis.strategies`; ImportError with a sentence where hypothesis is not installed."""
    try:
        from hypothesis import strategies
    except ImportError as error:
        raise ImportError("Generated systems need hypothesis: pip install 'eukrates[dev]'.") from error
    return strategies


def shape(potential: Potential, atoms: int = 2 * ATOMS) -> Size:
    """The padded shape of all generated cases: two structures of up to `atoms` together, and padding."""
    near, far = (_room(reach, atoms) for reach in (potential.cutoff, potential.far_cutoff))
    around = 0 if potential.triple_cutoff is None else _room(potential.triple_cutoff, atoms) // atoms
    return Size(atoms + 2, near, 3, far, rounded(atoms * around * (around - 1) // 2))


def clusters(elements: Iterable[str] = ELEMENTS, reach: float = 4.0, atoms: int = ATOMS):
    """Open molecules and lone atoms, [1, atoms], some of them with pairs beyond `reach` Å."""
    st = strategies()
    numbers = st.sampled_from([number(s) for s in elements])

    @st.composite
    def draw_cluster(draw):
        places = draw(st.lists(st.integers(0, 26), min_size=1, max_size=atoms, unique=True))
        wide = draw(st.sampled_from((1.0, max(1.0, reach / 2.6))))
        grid = np.stack(np.unravel_index(places, (3, 3, 3)), axis=1) * (FLOOR + 0.6)
        return _finished(draw, wide * (grid + _jitter(draw, len(places), 300) / 1000), None, numbers)

    return draw_cluster()


def crystals(elements: Iterable[str] = ELEMENTS, reach: float = 4.0, atoms: int = ATOMS, axes: Iterable[int] = (3,)):
    """Triclinic cells of either hand, some smaller than `reach` Å, periodic along as many axes as drawn from `axes`."""
    st = strategies()
    from hypothesis import assume

    numbers = st.sampled_from([number(s) for s in elements])

    @st.composite
    def draw_crystal(draw):
        shortest = max(1.5 * FLOOR, 0.6 * reach)
        edges = shortest + np.array(draw(st.tuples(*[st.integers(0, 1000)] * 3))) / 1000 * 1.4 * reach
        shear = np.array(draw(st.tuples(*[st.integers(-400, 400)] * 3))) / 1000
        cell = np.diag(edges)
        cell[1, 0], cell[2, 0], cell[2, 1] = shear * edges[[0, 0, 1]]
        cell[2] *= draw(st.sampled_from((1, -1)))
        places = draw(st.lists(st.integers(0, 7), min_size=1, max_size=atoms, unique=True))
        grid = np.stack(np.unravel_index(places, (2, 2, 2)), axis=1) / 2 + _jitter(draw, len(places), 120) / 1000
        periodic = np.roll(np.arange(3) < draw(st.sampled_from(tuple(axes))), draw(st.integers(0, 2)))
        found = _finished(draw, grid @ cell, np.where(periodic[:, None], cell, 0.0), numbers)
        assume(neighbours(found, FLOOR).i.size == 0)
        return found

    return draw_crystal()


def slabs(elements: Iterable[str] = ELEMENTS, reach: float = 4.0, atoms: int = ATOMS):
    """Slabs and wires: periodic along two axes, or one."""
    return crystals(elements, reach, atoms, axes=(2, 1))


def systems(elements: Iterable[str] = ELEMENTS, reach: float = 4.0, atoms: int = ATOMS):
    """Any of these; charge and number of unpaired electrons are stated, and not always zero."""
    kinds = (clusters, crystals, slabs)
    return strategies().one_of(*(kind(elements, reach, atoms) for kind in kinds))


def graphs(potential: Potential, structures=None):
    """Graphs of single structures (default: any) for a potential; those that outgrow `shape(potential)` are dropped."""
    from hypothesis import assume

    known, most = potential.elements or ELEMENTS, shape(potential)
    structures = systems(known, potential.cutoff) if structures is None else structures

    def built(structure: System) -> Graph:
        have = size(potential.graph(structure, BEYOND))
        listed = have.pairs, have.far_pairs, have.triples
        assume(all(2 * n <= m for n, m in zip(listed, (most.pairs, most.far_pairs, most.triples), strict=True)))
        return potential.graph(structure)

    return structures.map(built)


def _room(reach: float | None, atoms: int) -> int:
    if reach is None:
        return 0
    volume = 4 / 3 * math.pi * (reach + BEYOND) ** 3
    return 2 * rounded(max(atoms * math.ceil(volume * DENSITY), atoms * (atoms - 1)) // 2 + 1)


def _jitter(draw, count: int, most: int) -> np.ndarray:
    st = strategies()
    return np.array(draw(st.lists(st.integers(-most, most), min_size=3 * count, max_size=3 * count))).reshape(count, 3)


def _finished(draw, positions: np.ndarray, cell: np.ndarray | None, numbers) -> System:
    st, count = strategies(), len(positions)
    drawn = draw(st.lists(numbers, min_size=count, max_size=count))
    charge, spin = draw(st.integers(-1, 1)), draw(st.integers(0, 2))
    return system(np.array(drawn), positions, cell, charge=float(charge), spin=float(spin))

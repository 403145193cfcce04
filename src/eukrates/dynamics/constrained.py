"""`Constrained`: a structure of which some atoms stay, some bonds keep their length, and hydrogen may be heavier."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import ase
import numpy as np
from ase.constraints import FixAtoms, FixBondLengths

from eukrates.dynamics.clusters import hold, onto
from eukrates.dynamics.constraints import Constraints
from eukrates.dynamics.hydrogen_mass import repartitioned
from eukrates.elements import pair_name
from eukrates.matter import System
from eukrates.matter.bonds import find_bonds
from eukrates.matter.nearest_image import nearest_images
from eukrates.near_miss import near_miss

RIGID = ("none", "hydrogens", "water", "hydrogens+water")
HYDROGEN, OXYGEN = 1, 8

Pairs = dict[tuple[int, int], float | None]  # length in Å by atoms i < j; None where none was given


@dataclass(frozen=True, eq=False)
class Constrained:
    """A structure to start from, and what holds its atoms.

    Rigid bonds are found by distance. Without vibrations of hydrogen, steps of 2 fs are as good as 1 fs with them.

    Args:
        start: one structure. What FixAtoms and FixBondLengths of `ase.Atoms` hold is held as well.
        rigid: "none"; "hydrogens": all bonds to hydrogen; "water": bonds and angle of water molecules;
            "hydrogens+water": both.
        fixed: atoms that never move.
        bonds: more pairs of atoms that keep their distance.
        lengths_angstrom: of rigid bonds by elements, such as {"O-H": 0.9572, "H-H": 1.5139}; the others are as long as
            they are in the structure.
        hydrogen_mass: u, of ordinary hydrogen, taken from the atom that it is bonded to; None: as it is.
    """

    start: System | ase.Atoms
    rigid: str = "none"
    fixed: Sequence[int] | np.ndarray = ()
    bonds: Sequence[Sequence[int]] | np.ndarray = ()
    lengths_angstrom: Mapping[str, float | int] = field(default_factory=dict)
    hydrogen_mass: float | int | None = None

    def __post_init__(self):
        if self.rigid not in RIGID:
            raise ValueError(f"Unknown rigid={self.rigid!r}{near_miss(self.rigid, RIGID)} Known: {', '.join(RIGID)}.")

    def apply(self, structure: System, masses: np.ndarray) -> tuple[System, np.ndarray, Constraints | None]:
        """Structure, masses (u) and constraints of a run, from the plain structure and masses of `start`.

        Raises:
            ValueError: nothing to hold of the kind asked for; atoms or bonds that are not there, are not independent or
                not clear; lengths of bonds that are not there, or that cannot be reached.
        """
        found = find_bonds(structure)
        fixed, pairs = _held_by_ase(self.start)
        fixed = _mask([*fixed, *self.fixed], structure.atoms)
        for bond in _sorted(self.bonds):
            pairs.setdefault(bond, None)
        for bond in self._chosen(np.asarray(structure.numbers), found):
            if not fixed[list(bond)].all():
                pairs.setdefault(bond, None)
        if self.hydrogen_mass is not None:
            masses = repartitioned(np.asarray(structure.numbers), masses, found, self.hydrogen_mass)
        if not pairs and not fixed.any():
            return structure, masses, None
        bonds = np.array(list(pairs), int).reshape(-1, 2)
        constraints = hold(structure, masses, fixed, bonds, self._lengths(structure, pairs))
        return onto(constraints, structure, masses), masses, constraints

    def _chosen(self, numbers: np.ndarray, found: np.ndarray) -> list[tuple[int, int]]:
        """Pairs that `rigid` means."""
        water = _waters(numbers, found) if "water" in self.rigid else []
        if "hydrogens" not in self.rigid:
            return water
        chosen = found[(numbers[found] == HYDROGEN).any(axis=1)]
        if not chosen.size:
            raise ValueError(f"rigid={self.rigid!r} was asked for, but there is no bond to hydrogen.")
        shared = (numbers == HYDROGEN) & (np.bincount(chosen.ravel(), minlength=numbers.size) > 1)
        if shared.any():
            raise ValueError(
                f"Hydrogen atoms {np.flatnonzero(shared)[:10].tolist()} are bonded to several atoms (closer than 1.25 "
                "times the sum of covalent radii): which bond is rigid is not clear. Name the rigid bonds with bonds=."
            )
        return _sorted([*map(tuple, chosen.tolist()), *water])

    def _lengths(self, structure: System, pairs: Pairs) -> np.ndarray:
        """Å; given for a pair, else given for its elements, else as in the structure."""
        numbers, told = np.asarray(structure.numbers), self.lengths_angstrom
        bonds = np.array(list(pairs), int).reshape(-1, 2)
        _mask(bonds.ravel().tolist(), structure.atoms)
        vectors = nearest_images(
            (structure.positions[bonds[:, 0]] - structure.positions[bonds[:, 1]])[None], structure.cell[0]
        )
        kinds = [pair_name(int(numbers[a]), int(numbers[b])) for a, b in bonds]
        for name in told:
            if name not in kinds:
                raise ValueError(
                    f"A length of {name!r} was given, but there is no such rigid bond{near_miss(name, set(kinds))} "
                    f"There are: {', '.join(sorted(set(kinds))) or 'none'}."
                )
        usual = [told.get(kind, now) for kind, now in zip(kinds, np.linalg.norm(vectors[0], axis=1), strict=True)]
        given = pairs.values()
        return np.array([now if one is None else one for one, now in zip(given, usual, strict=True)], np.float64)


def _held_by_ase(start: System | ase.Atoms) -> tuple[list[int], Pairs]:
    """Fixed atoms and rigid bonds of the constraints of `ase.Atoms`."""
    fixed, pairs = [], {}
    for one in start.constraints if isinstance(start, ase.Atoms) else ():
        if isinstance(one, FixAtoms):
            fixed += [int(n) for n in one.get_indices()]
        elif isinstance(one, FixBondLengths):
            given = [None] * len(one.pairs) if one.bondlengths is None else one.bondlengths
            pairs |= dict(zip(_sorted(one.pairs), given, strict=True))
        else:
            raise ValueError(
                f"The structure has a constraint of the kind {type(one).__name__}, which this dynamics does not obey; "
                "it obeys FixAtoms and FixBondLengths. Remove it with atoms.set_constraint(), or run with ASE's "
                "dynamics and eukrates.interfaces.ase.Calculator."
            )
    return fixed, pairs


def _waters(numbers: np.ndarray, found: np.ndarray) -> list[tuple[int, int]]:
    """The three pairs of every water molecule: oxygen with two hydrogen atoms that have no other partner."""
    partners = {n: [] for n in range(numbers.size)}
    for a, b in found.tolist():
        partners[a].append(b)
        partners[b].append(a)
    alone = lambda n: numbers[n] == HYDROGEN and len(partners[n]) == 1
    oxygens = [n for n in partners if numbers[n] == OXYGEN and len(partners[n]) == 2 and all(map(alone, partners[n]))]
    if not oxygens:
        raise ValueError("Rigid water was asked for, but there is no water molecule.")
    return _sorted([pair for o in oxygens for h, k in [partners[o]] for pair in ((o, h), (o, k), (h, k))])


def _sorted(pairs: Iterable) -> list[tuple[int, int]]:
    return [(min(int(a), int(b)), max(int(a), int(b))) for a, b in pairs]


def _mask(atoms: Sequence[int], count: int) -> np.ndarray:
    """True for the atoms named."""
    strange = [n for n in atoms if isinstance(n, bool | np.bool_) or int(n) != n or not 0 <= n < count]
    if strange:
        raise ValueError(f"Expected numbers of atoms from 0 to {count - 1}, got {strange[:5]}.")
    mask = np.zeros(count, bool)
    mask[np.asarray(atoms, int)] = True
    return mask

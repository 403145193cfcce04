"""What a search may begin with."""

from collections.abc import Sequence

import ase
import numpy as np

from eukrates.data.atoms import to_system
from eukrates.landscape.bond_graph import bond_graph, expect_open
from eukrates.landscape.stereochemistry import configuration
from eukrates.matter import System
from eukrates.potential import Potential, check_system

ISOTOPE = 0.1  # u, by which a mass that was set may differ from the standard one


def checked_starts(potential: Potential, starts: Sequence[System | ase.Atoms]) -> tuple[System, ...]:
    """The structures that a search begins with, of all of which it is entitled to speak.

    Raises:
        ValueError: a structure that is periodic, that the potential does not know (see `predict`), or that is not of
            the atoms, the charge and the spin of the first; constraints or isotopes of `ase.Atoms`.
    """
    found = tuple(_taken(one) if isinstance(one, ase.Atoms) else one for one in starts)
    for one in found:
        expect_open(one)
        check_system(potential, one)
    first, *others = (atoms_of(one) for one in found)
    if any(one != first for one in others):
        raise ValueError(
            "Expected structures of the same atoms in the same order, of one charge and spin, to begin with; got "
            "others."
        )
    return found


def atoms_of(start: System) -> dict[str, list[int] | float | None]:
    """What all structures of a search share."""
    stated = lambda value: None if value is None else float(value[0])
    return {"numbers": start.numbers.tolist(), "charge": stated(start.charge), "spin": stated(start.spin)}


def other_configuration(start: System, rested: System) -> str | None:
    """How the configuration of a structure changed when it came to rest with its bonds; None: it did not."""
    before = configuration(bond_graph(start), np.asarray(start.positions, np.float64))
    changes = before.changed(np.asarray(rested.positions, np.float64))
    return str(changes) if changes else None


def _taken(start: ase.Atoms) -> System:
    """A structure, without anything that a search would pass over in silence."""
    if start.constraints:
        kinds = ", ".join(sorted({type(one).__name__ for one in start.constraints}))
        raise ValueError(
            f"A structure to begin with has constraints ({kinds}), which a search does not obey: it moves all atoms. "
            "Remove them with atoms.set_constraint(), or relax with eukrates.landscape.relax, which obeys FixAtoms."
        )
    standard = ase.Atoms(start.numbers).get_masses()
    if start.has("masses") and (far := np.flatnonzero(np.abs(start.get_masses() - standard) > ISOTOPE)).size:
        n = int(far[0])
        raise ValueError(
            f"A structure to begin with has isotopes: atom {n} ({start.symbols[n]}) weighs {start.get_masses()[n]:.3f} "
            f"u, the element {standard[n]:.3f} u. Minima do not depend on masses, and the dynamics and free energies "
            "of a search are those of the elements. Remove them with atoms.set_masses(), and ask for the modes of "
            "isotopes afterwards (eukrates.landscape.vibrations)."
        )
    return to_system(start)

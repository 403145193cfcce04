"""What surrounds an atom, as numbers that can be compared."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int

from eukrates.data import to_system
from eukrates.matter.neighbours import neighbours, pair_vectors

REACH, WIDTH = 6.0, 0.5  # Å
CENTRES = np.arange(0.75, REACH, WIDTH)


def environments(
    structures: Sequence[Atoms], elements: Sequence[int]
) -> tuple[Float[np.ndarray, "atoms features"], Int[np.ndarray, " atoms"]]:
    """Of every atom of all structures, one after the other: how many neighbours of each element are how far away; and
    which structure it is of. Equal structures have equal rows, however they are turned.

    f_ib(R) = Σ_{j of element b} exp(-(r_ij - R)²/2w²) (1 - r_ij/6 Å)²                                           (1)

    Args:
        structures: of any elements of the following.
        elements: atomic numbers.
    """
    place = {z: n for n, z in enumerate(elements)}
    owner = np.repeat(np.arange(len(structures)), [len(atoms) for atoms in structures])
    rows = [np.zeros((0, len(elements) * CENTRES.size))]
    for atoms in structures:
        structure = to_system(atoms)
        near = neighbours(structure, REACH)
        r = np.linalg.norm(pair_vectors(structure, near), axis=1)
        kinds = np.array([place[int(z)] for z in atoms.numbers])
        row = np.zeros((len(atoms), len(elements), CENTRES.size))
        bumps = np.exp(-((r[:, None] - CENTRES) ** 2) / (2 * WIDTH**2)) * (1 - r[:, None] / REACH) ** 2
        np.add.at(row, (near.i, kinds[near.j]), bumps)  # (1)
        rows.append(row.reshape(len(atoms), -1))
    return np.concatenate(rows), owner

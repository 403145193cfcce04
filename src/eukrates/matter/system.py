"""`System`: the one noun. Atoms of one or many structures, laid end to end and padded."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from eukrates.elements import SPECIES
from eukrates.numerics import sum_by
from eukrates.shapes import AnyArray


class System(eqx.Module):
    """Atoms of one or many structures. One molecule is a batch of one.

    A row of `cell` is zero along an open axis, so the cell alone says what is periodic. `charge` and `spin` are None
    where nobody stated them: a potential that reads them refuses such a system instead of assuming zero.
    Arrays are NumPy on the host, JAX inside compiled code.
    """

    numbers: Int[AnyArray, " atoms"]
    positions: Float[AnyArray, "atoms 3"]  # Å
    cell: Float[AnyArray, "systems 3 3"]  # Å, rows are lattice vectors, zero if open
    owner: Int[AnyArray, " atoms"]  # the system an atom belongs to
    real: Bool[AnyArray, " atoms"]  # False marks padding
    charge: Float[AnyArray, " systems"] | None = None  # e
    spin: Float[AnyArray, " systems"] | None = None  # unpaired electrons

    @property
    def atoms(self) -> int:
        """Rows of the atom axis, padding included."""
        return self.numbers.shape[0]

    @property
    def systems(self) -> int:
        """Rows of the system axis, padding included."""
        return self.cell.shape[0]

    @property
    def real_systems(self) -> Bool[AnyArray, " systems"]:
        """True for systems that hold a real atom."""
        return sum_by(jnp.asarray(self.real, jnp.int32), self.owner, self.systems) > 0

    @property
    def volume(self) -> Float[AnyArray, " systems"]:
        """Å³; zero for a system that is not periodic along all three axes."""
        return volumes(self.cell)

    @property
    def periodic(self) -> Bool[AnyArray, "systems 3"]:
        """True along periodic axes."""
        return jnp.any(self.cell != 0, axis=-1)


def volumes(cell: Float[AnyArray, "systems 3 3"]) -> Float[AnyArray, " systems"]:
    """Of cells, Å³; zero where an axis is open."""
    a, b, c = cell[:, 0], cell[:, 1], cell[:, 2]
    return jnp.abs(jnp.sum(a * jnp.cross(b, c), axis=-1))


def system(numbers, positions, cell=None, periodic=None, charge=None, spin=None) -> System:
    """One structure on the host, checked.

    Args:
        numbers: atomic numbers, [atoms].
        positions: Å, [atoms, 3].
        cell: Å, [3, 3], rows are lattice vectors; None for an open system.
        periodic: three booleans or one; default: periodic along every non-zero row of `cell`. Rows along open axes
            are dropped: vacuum has no lattice vector.
        charge: total charge in e; None if unknown.
        spin: number of unpaired electrons (0 for a closed shell); None if unknown.

    Raises:
        ValueError: what was expected, what came, what to do.
    """
    numbers, positions = np.asarray(numbers), np.asarray(positions, np.float64)
    if numbers.ndim != 1 or positions.shape != (numbers.size, 3):
        raise ValueError(f"Expected numbers [atoms] and positions [atoms, 3], got {numbers.shape}, {positions.shape}.")
    if numbers.size == 0:
        raise ValueError("Expected at least one atom, got none.")
    if not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 1 or numbers.max() >= SPECIES:
        raise ValueError(f"Expected atomic numbers from 1 to {SPECIES - 1}, got {sorted(set(numbers.tolist()))}.")
    if not np.all(np.isfinite(positions)):
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
        raise ValueError(f"Positions of atoms {bad[:10].tolist()} are not finite. Remove or repair this structure.")
    return System(
        numbers=numbers.astype(np.int32),
        positions=positions,
        cell=_lattice(cell, periodic)[None],
        owner=np.zeros(numbers.size, np.int32),
        real=np.ones(numbers.size, bool),
        charge=_scalar("charge", charge),
        spin=_scalar("spin", spin),
    )


def _lattice(cell, periodic) -> np.ndarray:
    cell = np.zeros((3, 3)) if cell is None else np.array(cell, np.float64)
    if cell.shape != (3, 3) or not np.all(np.isfinite(cell)):
        raise ValueError(f"Expected a finite cell [3, 3] in Å, rows are lattice vectors; got {cell.tolist()}.")
    some = np.any(cell != 0, axis=1)
    wanted = some if periodic is None else np.broadcast_to(np.asarray(periodic, bool), (3,))
    if np.any(wanted & ~some):
        raise ValueError(f"periodic={wanted.tolist()} but the cell has a zero row there: {cell.tolist()}.")
    lattice = np.where(wanted[:, None], cell, 0.0)
    rows = lattice[wanted]
    if rows.size and np.linalg.matrix_rank(rows / np.linalg.norm(rows, axis=1, keepdims=True), tol=1e-6) < len(rows):
        raise ValueError(f"Lattice vectors are linearly dependent: {rows.tolist()}. Expected a cell with a volume.")
    return lattice


def _scalar(name: str, value) -> np.ndarray | None:
    if value is None:
        return None
    if not np.isfinite(value) or (name == "spin" and value < 0):
        kind = "a finite number of electrons ≥ 0" if name == "spin" else "a finite number in e"
        raise ValueError(f"Expected {name} to be {kind}, got {value!r}.")
    return np.array([value], np.float64)

"""From fixed atoms and rigid bonds to `Constraints`: checked, sorted into clusters, laid end to end. On the host."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from eukrates.dynamics.constraints import Constraints, rattle, shake
from eukrates.matter import System
from eukrates.matter.nearest_image import nearest_shifts

SINGULAR = 1e-6  # smallest eigenvalue, of matrices with a diagonal of ones, below which bonds do not hold by themselves


def hold(
    structure: System,
    masses: Float[np.ndarray, " atoms"],
    fixed: Bool[np.ndarray, " atoms"],
    pairs: Int[np.ndarray, "bonds 2"],
    lengths: Float[np.ndarray, " bonds"],
) -> Constraints:
    """Constraints of one structure: atoms that stay, and pairs of atoms that keep their distance in Å.

    Raises:
        ValueError: nothing is left that could move; a pair that is no pair, twice there, or of two fixed atoms; a
            length that is none; bonds of which one follows from others, now or nearly.
    """
    if fixed.all():
        raise ValueError("All atoms are fixed: nothing is left that could move.")
    _check_pairs(pairs, lengths, fixed)
    vectors = structure.positions[pairs[:, 0]] - structure.positions[pairs[:, 1]]
    shifts = nearest_shifts(vectors, structure.cell[0])
    row, column = _places(pairs, fixed)
    shape = (int(row.max(initial=-1)) + 1, int(column.max(initial=-1)) + 1)
    last = structure.atoms - 1
    i, j, d, shift = np.full(shape, last), np.full(shape, last), np.ones(shape), np.zeros((*shape, 3))
    i[row, column], j[row, column] = pairs.T
    d[row, column], shift[row, column] = lengths, shifts
    made = Constraints(fixed, i.astype(np.int32), j.astype(np.int32), d, shift)
    _check_independence(made, structure, masses)
    return made


def from_json(told: dict[str, list], structure: System, masses: Float[np.ndarray, " atoms"]) -> Constraints:
    """Back from `Constraints.to_json`, for the structure as it is now."""
    fixed = np.isin(np.arange(structure.atoms), told["fixed"])
    pairs, lengths = np.array(told["bonds"], int).reshape(-1, 2), np.array(told["lengths"], np.float64)
    return hold(structure, masses, fixed, pairs, lengths)


def together(many: Sequence[Constraints | None], sizes: Sequence[int], atoms: int) -> Constraints | None:
    """Constraints of structures of these sizes, laid end to end in so many rows of atoms, padding included.

    None if there are none at all.
    """
    held = [(one, begin) for one, begin in zip(many, np.cumsum([0, *sizes]).tolist(), strict=False) if one is not None]
    if not held:
        return None
    width, fixed, rows = max(one.i.shape[1] for one, _ in held), np.zeros(atoms, bool), []
    for one, begin in held:
        free, real = ((0, 0), (0, width - one.i.shape[1])), one.real
        fixed[begin : begin + one.fixed.size] = one.fixed
        i, j = (np.pad(np.where(real, n + begin, atoms - 1), free, constant_values=atoms - 1) for n in (one.i, one.j))
        lengths, shift = np.pad(one.lengths, free, constant_values=1.0), np.pad(one.shift, (*free, (0, 0)))
        rows.append((i.astype(np.int32), j.astype(np.int32), lengths, shift))
    return Constraints(fixed, *(np.concatenate(column) for column in zip(*rows, strict=True)))


def onto(constraints: Constraints, structure: System, masses: Float[np.ndarray, " atoms"]) -> System:
    """The structure with bonds as long as they are to be; atoms are moved along bonds, light ones most.

    Raises:
        ValueError: there is no way.
    """
    if not constraints.i.size:
        return structure
    with jax.enable_x64(True):
        impulses, found = _shaken(constraints, masses, structure.positions)
    if not found.all():
        atoms = np.unique(np.stack([constraints.i, constraints.j])[:, ~np.asarray(found)]).tolist()
        raise ValueError(
            f"The rigid bonds between atoms {atoms[:12]} cannot be brought to the lengths asked for: they contradict "
            "each other, or the structure is far from them. Relax the structure, or give other lengths."
        )
    positions = structure.positions + np.asarray(impulses)
    return eqx.tree_at(lambda s: s.positions, structure, positions)


def along(
    constraints: Constraints,
    structure: System,
    masses: Float[np.ndarray, " atoms"],
    momenta: Float[np.ndarray, "atoms 3"],
) -> Float[np.ndarray, "atoms 3"]:
    """Momenta without what would move fixed atoms or stretch rigid bonds; a thermal distribution stays one."""
    moving = np.where(constraints.fixed[:, None], 0.0, momenta)
    if not constraints.i.size:
        return moving
    with jax.enable_x64(True):
        return moving + np.asarray(_projected(constraints, masses, structure.positions, moving))


@eqx.filter_jit
def _shaken(constraints: Constraints, masses, positions):
    yielding = constraints.yielding(jnp.asarray(masses))
    impulses, found = shake(constraints, yielding, positions, positions)
    return yielding[:, None] * constraints.spread(impulses), found


@eqx.filter_jit
def _projected(constraints: Constraints, masses, positions, momenta):
    return rattle(constraints, constraints.yielding(jnp.asarray(masses)), positions, momenta)


def _places(pairs: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cluster of every bond, and its place in it. Bonds that share only a fixed atom do not feel each other."""
    bonds = np.arange(len(pairs))
    alone = fixed.size + np.stack([bonds, bonds], axis=1)
    ends = np.where(fixed[pairs], alone, pairs)
    size = fixed.size + len(pairs)
    _, label = connected_components(coo_array((np.ones(len(pairs)), ends.T), (size, size)), directed=False)
    _, row = np.unique(label[ends[:, 0]], return_inverse=True)
    order = np.argsort(row, kind="stable")
    column = np.empty_like(bonds)
    column[order] = bonds - np.searchsorted(row[order], row[order])
    return row, column


def _check_pairs(pairs: np.ndarray, lengths: np.ndarray, fixed: np.ndarray) -> None:
    strange = (pairs < 0).any(axis=1) | (pairs >= fixed.size).any(axis=1) | (pairs[:, 0] == pairs[:, 1])
    if strange.any():
        raise ValueError(
            f"Expected rigid bonds between two different atoms of 0 to {fixed.size - 1}, "
            f"got {pairs[strange][:5].tolist()}."
        )
    if len(np.unique(np.sort(pairs, axis=1), axis=0)) < len(pairs):
        raise ValueError("The same rigid bond was given twice.")
    if not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise ValueError(f"Expected lengths of rigid bonds above 0 Å, got {lengths[~(lengths > 0)][:5].tolist()}.")
    if (both := fixed[pairs].all(axis=1)).any():
        raise ValueError(
            f"Both atoms of the rigid bonds {pairs[both][:5].tolist()} are fixed, so they keep their distance anyhow: "
            "leave these bonds out."
        )


def _check_independence(constraints: Constraints, structure: System, masses: np.ndarray) -> None:
    """Eigenvalues of the matrices of (3) in constraints.py."""
    if not constraints.i.size:
        return
    with jax.enable_x64(True):
        yielding = np.asarray(constraints.yielding(masses))
        coupling = np.asarray(constraints.coupling(yielding))
    vectors = structure.positions[constraints.i] - structure.positions[constraints.j] + constraints.shift
    matrices = np.where(constraints.real[..., None], vectors @ np.swapaxes(vectors, 1, 2), 1.0) * coupling
    scale = 1 / np.sqrt(np.maximum(np.einsum("naa->na", matrices), 1e-12))
    least = np.linalg.eigvalsh(matrices * scale[:, :, None] * scale[:, None, :])[:, 0]
    if (bad := least < SINGULAR).any():
        which = np.flatnonzero(bad)[0]
        atoms = sorted({*constraints.i[which].tolist(), *constraints.j[which].tolist()})
        raise ValueError(
            f"The rigid bonds between atoms {atoms} are not independent: one of them follows from the others, as in a "
            "triangle whose atoms are on a line or in a body held by more bonds than it needs. Leave one of them out."
        )

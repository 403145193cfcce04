"""Sums of Gaussian charges over a lattice by name: wave by wave (`ewald`) or on a mesh (`mesh`)."""

import jax
import numpy as np
from jaxtyping import Float

from eukrates.matter import Graph
from eukrates.matter.graph import Waves, most_waves
from eukrates.physics.ewald import ewald_energies, ewald_energy, wave_cutoff, wave_grid
from eukrates.physics.mesh import mesh_energies, mesh_energy, mesh_shape
from eukrates.shapes import AnyArray

LATTICE_SUMS = {"ewald": (ewald_energy, ewald_energies), "p3m": (mesh_energy, mesh_energies)}


def lattice_waves(method: str, cell: Float[np.ndarray, "systems 3 3"], width: float) -> Waves:
    """Waves, or for "p3m" points of the mesh, that a graph must provide, for cells that may stretch by a tenth.

    Raises:
        ValueError: a cell that is not periodic along three axes.
    """
    if not np.all(np.linalg.det(cell)):
        raise ValueError(
            f'Electrostatics "{method}" is for cells that are periodic along three axes; this structure is not. '
            'Choose electrostatics "cutoff" for it, with far_cutoff inf to sum over all pairs.'
        )
    cell = np.asarray(cell, np.float64)
    if method == "p3m":
        (first, *rest) = (mesh_shape(1.1 * one, width) for one in cell)
        return most_waves([first, *rest]) or first
    return wave_grid(cell, wave_cutoff(width), margin=0.1)


def lattice_sum(
    method: str, charges: Float[AnyArray, " atoms"], graph: Graph, width: float
) -> tuple[jax.Array, jax.Array]:
    """Energies in eV of systems, and the shares of their atoms, in the precision of the positions.

    Raises:
        ValueError: a graph that provides no waves.
    """
    if graph.waves is None:
        raise ValueError(f'Electrostatics "{method}" needs graphs from potential.graph(structure).')
    s = graph.system
    whole, shared = LATTICE_SUMS[method]
    given = (charges.astype(s.positions.dtype), s.positions, s.cell, s.owner, graph.waves, width)
    return whole(*given), shared(*given)

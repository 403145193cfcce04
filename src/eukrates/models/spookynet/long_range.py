"""What SpookyNet does beyond its network's reach: electrostatics between its charges, and dispersion."""

import math

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from eukrates.matter import Graph
from eukrates.matter.graph import Waves
from eukrates.models.hyperparameters import check_known
from eukrates.numerics import sum_by
from eukrates.physics.d4 import D4Found, d4
from eukrates.physics.d4_tables import D4Parameters, D4Tables, standard_tables
from eukrates.physics.damped_coulomb import damped_coulomb
from eukrates.physics.ewald_coulomb import ewald_coulomb, ewald_width, published_ewald_coulomb
from eukrates.physics.lattice_sums import LATTICE_SUMS, lattice_waves
from eukrates.units import CODATA

PUBLISHED = "published ewald"
ELECTROSTATICS = ("cutoff", *LATTICE_SUMS, PUBLISHED, "none")


def check_nothing_far(electrostatics: str, dispersion: bool) -> None:
    """Raise ValueError where a model without a far cutoff would need one."""
    if electrostatics != "none" or dispersion:
        raise ValueError("Expected far_cutoff in Å for electrostatics and dispersion (inf: all pairs), got None.")


def check_rectangular(cell: np.ndarray) -> None:
    """Raise ValueError for cells that the published form does not sum over: it knows only lengths of three edges."""
    for one in np.reshape(cell, (-1, 3, 3)).astype(np.float64):
        products = one @ one.T
        edges = np.sqrt(np.diag(products))
        if not np.all(edges) or np.any(np.abs(products - np.diag(edges**2)) > 1e-6 * np.outer(edges, edges)):
            raise ValueError(
                f'Electrostatics "{PUBLISHED}" expects a rectangular cell, periodic along three axes, got '
                f'{one.round(4).tolist()}. Choose "ewald" for other cells, and "cutoff" for structures without a cell.'
            )


class Electrostatics(eqx.Module):
    """Coulomb's law damped below three quarters of the network's cutoff, in one of its forms.

    Args:
        kind: "cutoff" ends smoothly at the far cutoff, or with an infinite one sums over all pairs; "ewald" and "p3m"
            sum over all images of a cell; "published ewald" is the form of the original program, for its numbers;
            "none" leaves it out.
        near: Å, the cutoff of the network.
        far: Å.
        alpha: 1/Å, of the published form.
        waves: numbers of waves along each axis, of the published form.
        codata: year of Coulomb's constant.

    Raises:
        ValueError: choices that do not go together.
    """

    kind: str = eqx.field(static=True)
    near: float = eqx.field(static=True)
    far: float = eqx.field(static=True)
    alpha: float | None = eqx.field(static=True)
    waves: Waves | None = eqx.field(static=True)
    codata: int = eqx.field(static=True)

    def __init__(self, kind: str, near: float, far: float, alpha=None, waves=None, codata: int = 2018):
        check_known("electrostatics", kind, ELECTROSTATICS)
        check_known("codata", codata, CODATA)
        if not far > 0:
            raise ValueError(f"Expected far_cutoff above 0 Å, got {far!r}.")
        if kind != "none" and far < 0.75 * near:
            raise ValueError(f"Expected a far_cutoff of at least {0.75 * near} Å, where damping ends, got {far!r}.")
        if kind in (*LATTICE_SUMS, PUBLISHED) and not math.isfinite(far):
            raise ValueError(
                f'Electrostatics "{kind}" sums pairs up to a finite far_cutoff and waves beyond, got {far}.'
            )
        by_hand = alpha is not None and waves is not None and len(waves) == 3
        if (kind == PUBLISHED) != by_hand:
            raise ValueError(
                f'Electrostatics "{PUBLISHED}", and no other, needs ewald_alpha in 1/Å and three ewald_waves; got '
                f'"{kind}" with {alpha} and {waves}.'
            )
        self.kind, self.near, self.far, self.codata = kind, float(near), float(far), codata
        self.alpha = None if alpha is None else float(alpha)
        self.waves = None if waves is None else (int(waves[0]), int(waves[1]), int(waves[2]))

    def waves_of(self, cell: np.ndarray) -> Waves | None:
        """How many a graph must provide.

        Raises:
            ValueError: a lattice sum and a cell that is not periodic along three axes; the published form and a cell
                that is not rectangular.
        """
        if self.kind in LATTICE_SUMS:
            return lattice_waves(self.kind, cell, ewald_width(self.far))
        if self.kind == PUBLISHED:
            check_rectangular(cell)
        return self.waves

    def __call__(self, charges: Float[Array, " atoms"], graph: Graph) -> tuple[Array, Array]:
        """Energies in eV of systems, and of their atoms."""
        s, constant = graph.system, CODATA[self.codata].coulomb
        given = (charges, graph, 0.25 * self.near, 0.75 * self.near, self.far)
        if self.kind in LATTICE_SUMS:
            return ewald_coulomb(*given, self.kind, constant)
        if self.alpha is not None:
            return published_ewald_coulomb(*given, self.alpha, constant)
        energies = damped_coulomb(*given, constant)
        return sum_by(energies, s.owner, s.systems), energies


class Dispersion(eqx.Module):
    """D4 between pairs, with the charges of the network. `threshold` is `least` of `d4`."""

    tables: D4Tables
    parameters: D4Parameters
    threshold: float = eqx.field(static=True)

    def __init__(self, threshold: float = 0.0):
        if not 0 <= threshold < 1:
            raise ValueError(f"Expected dispersion_threshold from 0 to below 1, got {threshold}.")
        self.tables, self.parameters, self.threshold = standard_tables(), D4Parameters(), float(threshold)

    def __call__(self, charges: Float[Array, " atoms"], graph: Graph, far: float, codata: int) -> D4Found:
        return d4(charges, graph, self.tables, self.parameters, far, CODATA[codata], self.threshold)

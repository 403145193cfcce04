"""`Ensemble`: several potentials that were made alike, their mean, and how far they are from agreeing."""

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from eukrates.matter import Graph
from eukrates.matter.graph import Waves
from eukrates.potential.potential import Potential
from eukrates.potential.prediction import Prediction

FEWEST_TO_CALIBRATE = 10  # structures


class Ensemble(Potential):
    """The mean of its parts: of the energy, of its terms, of charges and dipoles, and so of the forces.

    E = (1/M) Σ_m E_m                                                                      (1)

    The prediction has the energies of all members.

    Args:
        parts: the members, at least two.
        together: evaluate members of one architecture as one program with a leading axis; else one after the other, as
            kernels must be.

    Raises:
        ValueError: fewer than two members, or some that know other elements or read other things than the rest.
    """

    parts: tuple[Potential, ...]
    together: bool = eqx.field(static=True, default=True)

    def __check_init__(self):
        if len(self.parts) < 2:
            raise ValueError(f"Expected at least two members of an ensemble, got {len(self.parts)}.")
        reads = {(p.elements, p.needs, p.cutoff, p.far_cutoff, p.triple_cutoff) for p in self.parts}
        if len(reads) > 1:
            raise ValueError(
                "Expected members that know the same elements and read the same charges, spins and neighbours, got "
                f"{len(reads)} kinds: (elements, needs, cutoff, far cutoff, triple cutoff) = {sorted(map(str, reads))}."
            )

    @property
    def cutoff(self) -> float:
        """Å, of every member."""
        return self.parts[0].cutoff

    @property
    def far_cutoff(self) -> float | None:
        """Å, of every member."""
        return self.parts[0].far_cutoff

    @property
    def triple_cutoff(self) -> float | None:
        """Å, of every member."""
        return self.parts[0].triple_cutoff

    @property
    def elements(self) -> tuple[str, ...] | None:
        """What every member knows."""
        return self.parts[0].elements

    @property
    def needs(self) -> tuple[str, ...]:
        """What every member needs."""
        return self.parts[0].needs

    def waves(self, cell: np.ndarray) -> Waves | None:
        """Those of every member."""
        return self.parts[0].waves(cell)

    def apart(self) -> tuple[Potential, ...]:
        """The members; those of its parts where these are ensembles."""
        return tuple(member for part in self.parts for member in part.apart())

    def for_inference(self) -> "Ensemble":
        """The ensemble of the members for inference."""
        return Ensemble(tuple(p.for_inference() for p in self.parts), False)  # pyright: ignore[reportCallIssue]

    def for_training(self, key: PRNGKeyArray) -> "Ensemble":
        """The ensemble of the members for training, each with a key of its own."""
        each = zip(self.parts, jax.random.split(key, len(self.parts)), strict=True)
        parts = tuple(part.for_training(one) for part, one in each)
        return Ensemble(parts, self.together)  # pyright: ignore[reportCallIssue]

    def __call__(self, graph: Graph) -> Prediction:
        found = _each(self.parts, graph, self.together)
        mean = jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), found)
        return eqx.tree_at(lambda p: p.energy_by_member, mean, found.energy.T, is_leaf=lambda leaf: leaf is None)  # (1)


def ensemble_of(members: Sequence[Potential]) -> Potential:
    """The ensemble of these members as the fastest potential that there is for it; one member is itself.

    Raises:
        ValueError: no members, or members that cannot be together, see `Ensemble`.
    """
    if not members:
        raise ValueError("Expected at least one member of an ensemble, got none.")
    if len(members) == 1:
        return members[0]
    merged = members[0].merged(members[1:])
    return Ensemble(tuple(members)) if merged is None else merged  # pyright: ignore[reportCallIssue]


def deviation(prediction: Prediction, ddof: int = 1) -> Float[np.ndarray, " systems"]:
    """σ, the standard deviation of the energies of the members in eV, the sum of squares divided by M - `ddof`.

    Raises:
        ValueError: the prediction is not of an ensemble.
    """
    if prediction.energy_by_member is None:
        raise ValueError("Expected the prediction of an ensemble; one potential does not say how sure it is.")
    return np.std(np.asarray(prediction.energy_by_member), axis=1, ddof=ddof)


def calibrated_scale(card: Mapping[str, Any]) -> float | None:
    """What deviations of an ensemble have to be multiplied by, as the card of its model file says; None where it does
    not, or where fewer than ten structures told it."""
    calibration = card.get("calibration") or {}
    return float(calibration["scale"]) if calibration.get("structures", 0) >= FEWEST_TO_CALIBRATE else None


def rho(prediction: Prediction, graph: Graph, ddof: int = 1) -> Float[np.ndarray, " systems"]:
    """σ/√N in eV, N the atoms of a structure: a deviation that does not grow with size.

    Smith et al., J. Chem. Phys. 148, 241733 (2018), doi:10.1063/1.5023802, eq. 2.

    Raises:
        ValueError: the prediction is not of an ensemble.
    """
    spread, s = deviation(prediction, ddof), graph.system
    atoms = np.bincount(np.asarray(s.owner), np.asarray(s.real), s.systems)[: spread.size]
    return spread / np.sqrt(np.maximum(atoms, 1))


def _each(parts: tuple[Potential, ...], graph: Graph, together: bool) -> Prediction:
    """The predictions of all parts, with a leading axis; together where they are of one architecture."""
    is_array = lambda leaf: isinstance(leaf, jax.Array | np.ndarray)
    arrays, rest = zip(*(eqx.partition(part, is_array) for part in parts), strict=True)
    kinds = {(jax.tree.structure(one), *((np.shape(a), a.dtype) for a in jax.tree.leaves(one))) for one in arrays}
    if together and len(kinds) == 1:
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *arrays)
        return jax.vmap(lambda one: eqx.combine(one, rest[0])(graph))(stacked)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *(part(graph) for part in parts))

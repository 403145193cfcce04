"""The loss: weighted squared errors of energy per atom, forces, stress, dipole, charges, Hirshfeld ratios.

    L = w_E ⟨(ΔE/N)²⟩ + w_F ⟨|ΔF|²/3⟩ + w_σ ⟨|V Δσ/N|²/9⟩ + w_μ ⟨|Δμ|²/3⟩ + w_q ⟨Δq²⟩ + w_h ⟨Δh²⟩      (1)

or, as ANI was trained (Smith et al. 2017, doi:10.1039/C6SC05720A; its authors in torchani issue 243), with

    w_E ⟨ΔE²/√N⟩ + w_F ⟨Σ_i |ΔF_i|²/(3 N)⟩ + …                                                       (2)

in the place of the first two terms: energies of small molecules count for less, and forces of every structure alike.
Each average runs over the structures (for forces in (1), charges and Hirshfeld ratios: over the atoms) that have the
label, weighted with the weight of the structure; those of weight 0 do not count. The first three are in eV² (per Å² for
forces), so weights near 1 are balanced; V Δσ/N is a virial. The last two are about 1e-3 to 1e-1 e² and 1e-2: weights of
10 to 100 make them count.
"""

from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp

from eukrates.matter import Graph
from eukrates.potential import Potential, Prediction, bound_energy, evaluate
from eukrates.training.targets import Targets


@dataclass(frozen=True)
class Loss:
    """Weights of the mean squared errors; a weight of 0 leaves a label out. They are those of equation (1).

    Args:
        energy: of the energy per atom, in 1/eV².
        forces: of components of forces, in Å²/eV².
        stress: of components of the virial per atom, in 1/eV².
        dipole: of components of the dipole, in 1/(e Å)².
        charges: of partial charges, in 1/e².
        hirshfeld_ratios: of atomic volumes relative to free atoms.
        average: atoms, equation (1), or structures, equation (2), where `energy` is in √atoms/eV².

    Raises:
        ValueError: a negative weight, nothing to learn from, or an unknown average.
    """

    energy: float = 1.0
    forces: float = 1.0
    stress: float = 0.0
    dipole: float = 0.0
    charges: float = 0.0
    hirshfeld_ratios: float = 0.0
    average: Literal["atoms", "structures"] = "atoms"

    def __post_init__(self):
        weights = self.weights
        if self.average not in ("atoms", "structures"):
            raise ValueError(f"Unknown average {self.average!r}. Known: atoms, structures.")
        if min(weights.values()) < 0 or max(weights.values()) == 0:
            raise ValueError(f"Expected weights ≥ 0 with at least one > 0, got {weights}.")

    @property
    def weights(self) -> dict[str, float]:
        """By label."""
        return {name: value for name, value in vars(self).items() if name != "average"}

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels with a positive weight."""
        return tuple(name for name, weight in self.weights.items() if weight > 0)

    def __call__(self, potential: Potential, graph: Graph, goal: Targets):
        """(1) or (2) as a scalar, and the sums of errors by label; see `errors`."""
        prediction = evaluate(potential, graph, self.labels_of_derivatives)
        sums = errors(prediction, graph, goal, self.average)
        total = 0.0
        for label in self.labels:
            total = total + self.weights[label] * sums[f"{label}_loss"] / jnp.maximum(sums[f"{label}_norm"], 1e-12)
        return total, sums

    @property
    def labels_of_derivatives(self) -> tuple[str, ...]:
        """Those of the labels that `evaluate` has to differentiate for."""
        return tuple(name for name in ("forces", "stress") if name in self.labels)


def errors(prediction: Prediction, graph: Graph, goal: Targets, average: str = "atoms") -> dict:
    """Per label: weighted squared error and weight as in (1) or (2) (`_loss`, `_norm`), and for reports the plain sums
    of absolute and squared errors and their number (`_abs`, `_square`, `_count`): energy per structure, all else by
    component."""
    sums: dict = {}
    energy = (bound_energy(prediction) - goal.energy)[:, None]
    by_atoms, owner = average == "atoms", graph.system.owner
    _add(sums, "energy", energy, goal.has_energy, goal.weight, goal.sizes ** (-1 if by_atoms else -0.25))
    weight = goal.weight[owner]
    if prediction.forces is not None:
        share = weight if by_atoms else weight / goal.sizes[owner]  # shares of a structure add up to its weight
        _add(sums, "forces", prediction.forces - goal.forces, goal.has_forces, share, 1.0)
    if prediction.stress is not None:
        delta = (prediction.stress - goal.stress).reshape(-1, 9)
        _add(sums, "stress", delta, goal.has_stress, goal.weight, graph.system.volume / goal.sizes)
    if prediction.dipole is not None:
        _add(sums, "dipole", prediction.dipole - goal.dipole, goal.has_dipole, goal.weight, 1.0)
    if prediction.charges is not None:
        delta = (prediction.charges - goal.charges)[:, None]
        _add(sums, "charges", delta, goal.has_charges, weight, 1.0)
    if prediction.hirshfeld_ratios is not None:
        delta = (prediction.hirshfeld_ratios - goal.hirshfeld_ratios)[:, None]
        _add(sums, "hirshfeld_ratios", delta, goal.has_hirshfeld_ratios, weight, 1.0)
    return sums


def _add(sums, label, delta, present, weight, scale) -> None:
    present = present & (weight > 0)
    delta = jnp.where(present[:, None], delta, 0.0)
    weight = jnp.where(present, weight, 0.0)
    scaled = delta * jnp.reshape(jnp.asarray(scale, delta.dtype), (-1, 1))
    sums[f"{label}_loss"] = jnp.sum(weight * jnp.mean(scaled**2, axis=-1))
    sums[f"{label}_norm"] = jnp.sum(weight)
    sums[f"{label}_abs"] = jnp.sum(jnp.abs(delta))
    sums[f"{label}_square"] = jnp.sum(delta**2)
    sums[f"{label}_count"] = jnp.sum(present) * delta.shape[1]

"""Are forces and stress the derivatives of the energy?

Along a random direction d of all atoms, the five-point difference

    -F·d = (E(-2h) - 8 E(-h) + 8 E(h) - E(2h)) / 12h + O(h⁴)                                    (1)

and for a symmetric strain ε, V σ:ε likewise. The error of (1) is divided by |d|, so it reads as a force.

Thresholds 0.01 meV/Å and 0.001 GPa: below the error of any trained model by a factor of a hundred, above the error of
(1) in double precision, 10⁻⁶ meV/Å, by more. Forces that are not a gradient heat or cool a simulation for ever.
"""

from collections.abc import Sequence

import equinox as eqx
import numpy as np

from eukrates.matter import System
from eukrates.potential.evaluator import Evaluator
from eukrates.trust.finding import Finding, below, untested
from eukrates.trust.structures import moved
from eukrates.units import GPA

STEPS = (-2, -1, 1, 2)
WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / 12  # (1)
STEP = 1e-3  # Å of the atom that moves most
STRAIN = 1e-4
FORCE_THRESHOLD = 0.01  # meV/Å
STRESS_THRESHOLD = 0.001  # GPa


def forces(
    evaluator: Evaluator, structures: Sequence[System], rng: np.random.Generator, directions: int = 3
) -> Finding:
    """Forces against energy differences along random directions of every structure."""
    name = "forces = -dE/dr"
    if not structures:
        return untested(name, "no structure was given and the potential does not say which elements it knows")
    cases = [(n, _direction(s, rng)) for n, s in enumerate(structures) for _ in range(directions)]
    shifted = [moved(structures[n], structures[n].positions + k * STEP * d) for n, d in cases for k in STEPS]
    answers = evaluator.ask([*structures, *shifted])
    energies = np.array([a.energy for a in answers[len(structures) :]]).reshape(-1, len(STEPS))
    told = np.array([-np.sum(answers[n].forces * d) for n, d in cases])
    sizes = np.array([np.linalg.norm(d) for _, d in cases])
    worst = 1e3 * _largest((energies @ WEIGHTS / STEP - told) / sizes)
    good = "forces are the derivative of the energy"
    bad = "forces and energies contradict each other: energy will not be conserved"
    return below(name, worst, "meV/Å", FORCE_THRESHOLD, good, bad)


def stress(
    evaluator: Evaluator, structures: Sequence[System], rng: np.random.Generator, directions: int = 2
) -> Finding:
    """Stress against energy differences under random strains of the structures that have a volume."""
    name = "stress = dE/dε / V"
    solid = [s for s in structures if bool(np.all(np.asarray(s.periodic)))]
    if not solid:
        return untested(name, "none of the structures is periodic along three axes")
    cases = [(n, _strain(rng)) for n in range(len(solid)) for _ in range(directions)]
    strained = [_strained(solid[n], k * STRAIN * e) for n, e in cases for k in STEPS]
    told = [np.asarray(p.stress)[0] for p in evaluator(solid, ("energy", "forces", "stress"))]
    energies = np.array([a.energy for a in evaluator.ask(strained)]).reshape(-1, len(STEPS))
    expected = np.array([np.sum(told[n] * e) for n, e in cases])
    volumes = np.array([float(np.asarray(solid[n].volume)[0]) for n, _ in cases])
    worst = _largest(energies @ WEIGHTS / STRAIN / volumes - expected) / GPA
    good = "the stress is the derivative of the energy under strain"
    bad = "stress and energy contradict each other: simulations at constant pressure will be wrong"
    return below(name, worst, "GPa", STRESS_THRESHOLD, good, bad)


def _direction(structure: System, rng: np.random.Generator) -> np.ndarray:
    d = rng.normal(size=structure.positions.shape)
    return d / np.max(np.linalg.norm(d, axis=1))


def _strain(rng: np.random.Generator) -> np.ndarray:
    e = rng.normal(size=(3, 3))
    return (e + e.T) / np.linalg.norm(e + e.T)


def _strained(structure: System, strain: np.ndarray) -> System:
    pick = lambda s: (s.positions, s.cell)
    return eqx.tree_at(pick, structure, tuple(x + x @ strain for x in pick(structure)))


def _largest(errors: np.ndarray) -> float:
    return float(np.max(np.abs(errors))) if np.all(np.isfinite(errors)) else np.inf

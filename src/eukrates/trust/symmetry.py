"""Does the potential know that space has no directions, no handedness, no origin, and that atoms have no names?

For a rotation or reflection Q: E(Q r) = E(r) and F(Q r) = Q F(r). The relative error reported is

    max( max_i |F'_i - Q F_i| / max(F_rms, 0.01 eV/Å),  |E' - E| / max(|E|, 1 eV) ).

Threshold 10⁻⁸ in double precision: rounding leaves 10⁻¹⁵ to 10⁻¹¹ after thousands of operations, while an operation
that is not equivariant by construction leaves 10⁻⁶ or much more. Between the two nothing is found.
"""

from collections.abc import Sequence

import equinox as eqx
import numpy as np

from eukrates.equivariant import orthogonal
from eukrates.matter import System
from eukrates.potential.evaluator import Answer, Evaluator
from eukrates.trust.finding import Finding, below, untested
from eukrates.trust.structures import moved

THRESHOLD = 1e-8
LAWS = {
    "rotation": "the answer depends on how the structure lies in space",
    "reflection": "a structure and its mirror image get different energies",
    "permutation": "the answer depends on the order of the atoms in the file",
    "translation": "the answer depends on where the structure lies",
}


def symmetry(evaluator: Evaluator, structures: Sequence[System], rng: np.random.Generator) -> list[Finding]:
    """One finding for each of rotation, reflection, permutation and translation: the worst over the structures."""
    if not structures:
        return [
            untested(name, "no structure was given and the potential does not say which elements it knows")
            for name in LAWS
        ]
    changes = [(name, *_changed(name, s, rng)) for s in structures for name in LAWS]
    answers = evaluator.ask([*structures, *(system for _, system, _, _ in changes)])
    first, rest = answers[: len(structures)], answers[len(structures) :]
    worst = dict.fromkeys(LAWS, 0.0)
    for n, ((name, _, turn, order), answer) in enumerate(zip(changes, rest, strict=True)):
        before = first[n // len(LAWS)]
        worst[name] = max(worst[name], _relative(answer, before.energy, before.forces[order] @ turn.T))
    good = "holds to rounding in double precision"
    bad = "{}: the model breaks a law of physics"
    return [below(name, worst[name], "relative", THRESHOLD, good, bad.format(LAWS[name])) for name in LAWS]


def _changed(law: str, structure: System, rng: np.random.Generator) -> tuple[System, np.ndarray, np.ndarray]:
    """The changed structure, the matrix that turns forces, and the order of atoms."""
    order, turn = np.arange(structure.atoms), np.eye(3)
    if law == "translation":
        return moved(structure, structure.positions + rng.uniform(-20, 20, size=3)), turn, order
    if law == "permutation":
        order = rng.permutation(structure.atoms)
        pick = lambda s: (s.numbers, s.positions)
        return eqx.tree_at(pick, structure, tuple(x[order] for x in pick(structure))), turn, order
    turn = orthogonal(rng, proper=law == "rotation")
    pick = lambda s: (s.positions, s.cell)
    return eqx.tree_at(pick, structure, tuple(x @ turn.T for x in pick(structure))), turn, order


def _relative(answer: Answer, energy: float, forces: np.ndarray) -> float:
    scale = max(float(np.sqrt(np.mean(forces**2))), 0.01)
    wrong_force = np.max(np.linalg.norm(answer.forces - forces, axis=1)) / scale
    wrong_energy = abs(answer.energy - energy) / max(abs(energy), 1.0)
    found = float(np.maximum(wrong_force, wrong_energy))
    return found if np.isfinite(found) else np.inf

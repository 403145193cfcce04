"""Water-like trimers with the energies and exact forces of Morse bonds: data that a small model can learn."""

import numpy as np

from eukrates.data.sample import Sample
from eukrates.matter import system

DEPTH, STIFFNESS, LENGTH = 4.0, 2.0, 1.0  # eV, 1/Å, Å


def trimers(count: int, seed: int) -> list[Sample]:
    """`count` distorted H-O-H structures."""
    rng = np.random.default_rng(seed)
    rest = np.array([[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    return [_labelled(rest + 0.05 * rng.normal(size=(3, 3)), n) for n in range(count)]


def _labelled(r: np.ndarray, n: int) -> Sample:
    energy, forces = 0.0, np.zeros((3, 3))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        length = LENGTH if a == 0 else 1.5
        d = r[b] - r[a]
        x = np.linalg.norm(d)
        decay = np.exp(-STIFFNESS * (x - length))
        energy += DEPTH * ((1 - decay) ** 2 - 1)
        pull = 2 * DEPTH * STIFFNESS * (1 - decay) * decay * d / x
        forces[a] += pull
        forces[b] -= pull
    return Sample(system([8, 1, 1], r), energy=energy, forces=forces, name=f"morse#{n}")

"""An absolute scale for energies and forces where no bond gives one: how stiff the atoms sit, and how hot they look.

    tr H = Σ_i ∂²E/∂r_i²        from the linear model of `surrogate`, by random directions (Hutchinson)      (1)
    k T = ⟨|F|²⟩ / ⟨tr H⟩       configurational temperature                                                   (2)

Equation (2): Butler et al., J. Chem. Phys. 109, 6519 (1998), doi:10.1063/1.477301. Both scale with the unit of energy:
with kcal/mol labelled as eV, atoms sit 23 times as stiff and 300 K looks like 6900 K.
"""

import dataclasses

import numpy as np

from eukrates.data.check.subject import Subject
from eukrates.data.check.surrogate import Ruler
from eukrates.units import KELVIN

STIFFEST, HOTTEST = 120.0, 9000.0  # eV/Å² (diamond: 50), K (molten tungsten: 4000)
FRAMES, STEP = 24, 1e-3  # how many frames are used; Å


def stiffness_and_temperature(subject: Subject, ruler: Ruler) -> tuple[float, float] | None:
    """tr H / 3N in eV/Å² and T of (2) in K over some frames; None where the model is poor."""
    if ruler.quality < 0.8:
        return None
    rng = np.random.default_rng(0)
    traces, squares, count = [], [], 0
    for k in range(min(FRAMES, len(ruler.frames))):
        sample = subject.samples[int(ruler.frames[k])]
        if int(ruler.frames[k]) in subject.spoilt:
            continue
        model, direction = ruler.models[ruler.half[k]], rng.normal(size=(sample.system.atoms, 3))
        ahead, behind = (model(_moved(sample, sign * STEP * direction))[1] for sign in (1, -1))
        traces.append(float(np.sum(direction * (behind - ahead)) / (2 * STEP)))
        squares.append(float(np.sum(np.asarray(sample.forces) ** 2)))
        count += 3 * sample.system.atoms
    if not count or sum(traces) <= 0:
        return None
    return sum(traces) / count, sum(squares) / sum(traces) / KELVIN


def _moved(sample, step: np.ndarray):
    return sample.but(system=dataclasses.replace(sample.system, positions=sample.system.positions + step))

"""Ten ways to spoil a good file. Each takes frames, a generator and indices, and returns other frames."""

import ase
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.units import KCAL_PER_MOL


def copies(frames):
    """Independent copies with their labels."""
    return [with_results(frame.copy(), **frame.calc.results) for frame in frames]


def with_results(atoms: ase.Atoms, **results) -> ase.Atoms:
    """The same atoms with other labels."""
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def changed(frames, chosen, change):
    """Copies, with `change(results, frame)` applied to those chosen."""
    frames = copies(frames)
    for n in chosen:
        results = dict(frames[n].calc.results)
        change(results, frames[n])
        frames[n] = with_results(frames[n], **results)
    return frames


def kcal(frames, chosen, rng, labels=("energy", "forces")):
    def change(results, _):
        for label in labels:
            results[label] = results[label] / KCAL_PER_MOL

    return changed(frames, chosen, change)


def flipped(frames, chosen, rng):
    return changed(frames, chosen, lambda results, _: results.update(forces=-results["forces"]))


def missing(frames, chosen, rng, label="forces"):
    return changed(frames, chosen, lambda results, _: results.pop(label))


def duplicated(frames, chosen, rng):
    frames = copies(frames)
    for n in chosen:
        frames.insert(int(rng.integers(len(frames) + 1)), copies([frames[n]])[0])
    return frames


def close(frames, chosen, rng):
    def change(_, frame):
        i, j = rng.choice(len(frame), 2, replace=False)
        direction = rng.normal(size=3)
        frame.positions[i] = frame.positions[j] + 0.3 * direction / np.linalg.norm(direction)

    return changed(frames, chosen, change)


def nan(frames, chosen, rng):
    def change(results, frame):
        kind = rng.integers(3)
        if kind == 0:
            frame.positions[rng.integers(len(frame)), rng.integers(3)] = np.nan
        elif kind == 1:
            results["forces"] = results["forces"].copy()
            results["forces"][rng.integers(len(frame)), 0] = np.inf
        else:
            results["energy"] = np.nan

    return changed(frames, chosen, change)


def wrong_element(frames, chosen, rng):
    def change(_, frame):
        n = rng.integers(len(frame))
        others = [z for z in (1, 6, 7, 8, 9, 16, 17, 13, 47) if z != frame.numbers[n]]
        frame.numbers[n] = rng.choice(others)

    return changed(frames, chosen, change)


def stress_sign(frames, chosen, rng):
    return changed(frames, chosen, lambda results, _: results.update(stress=-results["stress"]))


def no_charge(frames, chosen, rng):
    return changed(frames, chosen, lambda _, frame: frame.info.pop("charge", None))


def renamed(frames, chosen, rng, label="energy", name="dft_energy"):
    def change(results, frame):
        value = results.pop(label)
        (frame.arrays if np.ndim(value) == 2 else frame.info)[name] = value

    return changed(frames, chosen, change)

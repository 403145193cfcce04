"""`Molecule3D`: a structure or a trajectory in a form that a page can carry and its viewer can turn.

Positions are 16-bit integers, little-endian, x y z of every atom of every frame, in base64:

    position = origin + step · (integer + 32768)                                                    (1)

so the error is at most half a step: 0.0001 Å for a trajectory that fits into 10 Å.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eukrates.elements import COVALENT_RADII, symbols
from eukrates.matter import System
from eukrates.matter.superposition import superposed

MOST_NUMBERS = 600_000  # integers of a trajectory: 1.6 MB of the page
LEVELS = 65535


@dataclass(frozen=True, eq=False)
class Molecule3D:
    """Frames of one set of atoms, and what to write under them."""

    numbers: Int[np.ndarray, " atoms"]
    frames: Float[np.ndarray, "frames atoms 3"]  # Å
    cell: Float[np.ndarray, "3 3"] | None = None  # Å, zero rows along open axes
    times_fs: Float[np.ndarray, " frames"] | None = None
    caption: str = ""

    def payload(self) -> dict:
        """What the viewer reads: JSON, positions by (1). Long trajectories are thinned evenly."""
        frames, times = self.thinned()
        origin, step, data = encode(frames)
        return {
            "symbols": list(symbols(self.numbers.tolist())),
            "radii": [round(float(COVALENT_RADII[z]), 3) for z in self.numbers],
            "frames": len(frames),
            "origin": origin,
            "step": step,
            "positions": data,
            "times": None if times is None else [round(float(t), 3) for t in times],
            "cell": None if self.cell is None or not np.any(self.cell) else np.asarray(self.cell).tolist(),
        }

    def thinned(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Every k-th frame and its time, k as small as the room on a page allows."""
        every = -(-self.frames.size // MOST_NUMBERS)
        return self.frames[::every], None if self.times_fs is None else self.times_fs[::every]


def molecule(
    structures: Sequence[System], times_fs: Sequence[float] | None = None, caption: str = "", align: bool = True
) -> Molecule3D:
    """A trajectory of one set of atoms.

    Args:
        structures: frames with the same atoms in the same order, Å.
        times_fs: of the frames.
        caption: under the viewer.
        align: lay open structures over the first one, so that diffusion and tumbling do not hide the motion.

    Raises:
        ValueError: no frames, or frames with different atoms or another number of times.
    """
    if not structures:
        raise ValueError("Expected at least one structure to show, got none.")
    first = structures[0]
    numbers = np.asarray(first.numbers)
    other = [n for n, s in enumerate(structures) if not np.array_equal(s.numbers, numbers)]
    if other or (times_fs is not None and len(times_fs) != len(structures)):
        raise ValueError(f"Expected frames of the same atoms, each with a time; frames {other[:10]} have other atoms.")
    frames = np.stack([np.asarray(s.positions, np.float64) for s in structures])
    cell = np.asarray(first.cell[0])
    if align and not cell.any():
        frames = np.stack([superposed(frame, frames[0]) for frame in frames])
    times = None if times_fs is None else np.asarray(times_fs, np.float64)
    return Molecule3D(numbers, frames, cell if cell.any() else None, times, caption)


def encode(frames: Float[np.ndarray, "frames atoms 3"]) -> tuple[list[float], float, str]:
    """Origin and step (Å) and the integers of (1) in base64.

    Raises:
        ValueError: positions that are not finite.
    """
    if not np.all(np.isfinite(frames)):
        raise ValueError("Positions of a trajectory to show are not finite: leave out the frames after the explosion.")
    origin = frames.reshape(-1, 3).min(axis=0)
    step = float(np.max(frames - origin)) / LEVELS or 1e-6
    integers = np.rint((frames - origin) / step) - 32768
    return origin.tolist(), step, base64.b64encode(integers.astype("<i2").tobytes()).decode()


def decode(payload: dict) -> Float[np.ndarray, "frames atoms 3"]:
    """Positions of a payload in Å: what the viewer computes."""
    integers = np.frombuffer(base64.b64decode(payload["positions"]), "<i2").astype(np.float64)
    shaped = integers.reshape(payload["frames"], len(payload["symbols"]), 3)
    return np.asarray(payload["origin"]) + payload["step"] * (shaped + 32768)

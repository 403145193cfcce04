"""How long a run stayed physical."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eukrates.analysis.bonds import distances
from eukrates.matter import System

STRETCH_ALLOWED = 0.5  # Å (Fu et al., for molecules)
AT_ONCE = 256  # frames looked at together


@dataclass(frozen=True)
class Stability:
    """The physical part of a run."""

    physical: int  # frames before the first unphysical one
    frames: int  # frames looked at
    reason: str  # why that frame is unphysical, in words; empty if none is

    @property
    def first_unphysical(self) -> int | None:
        """Index of that frame; None if every frame is physical."""
        return self.physical if self.physical < self.frames else None

    @property
    def coefficient(self) -> float:
        """Share of the frames before the first unphysical one, 0 to 1."""
        return self.coefficient_of(self.frames)

    def coefficient_of(self, intended_frames: int) -> float:
        """The same for a run that was meant to have more frames but was stopped, by its watchdog for example."""
        if intended_frames < self.frames:
            raise ValueError(f"Expected at least the {self.frames} frames that there are, got {intended_frames}.")
        return self.physical / intended_frames


def stability(
    structure: System,
    positions: Float[np.ndarray, "frames atoms 3"],
    bonds: Int[np.ndarray, "bonds 2"],
    *,
    lengths: Float[np.ndarray, " bonds"] | None = None,
    threshold: float = STRETCH_ALLOWED,
    temperature_kelvin: Float[np.ndarray, " frames"] | None = None,
    hottest_kelvin: float = np.inf,
    cells: Float[np.ndarray, "frames 3 3"] | None = None,
) -> Stability:
    """How many frames of a run come before its first unphysical frame n*.

    c = n* / n ,   n* = n if there is no such frame, n the number of frames                                     (1)

    A frame is unphysical if any of these holds, in this order:
      a position or the temperature is not finite;
      max over bonds | |r_i - r_j| - b_ij | > threshold                                                         (2)
      its instantaneous temperature > `hottest_kelvin`.

    (2) is the criterion for molecules of Fu et al., "Forces are not enough", TMLR 2023 (arXiv:2210.07237), with its
    0.5 Å; (1) and the bound on the temperature are our definitions. Frank et al. (Nat. Commun. 15, 6539 (2024),
    doi:10.1038/s41467-024-50620-6) report a stability coefficient as the mean over six runs per molecule; that it is
    the same quantity as (1) could not be verified: state this definition beside any comparison. A reaction that breaks
    a bond counts as unphysical.

    Args:
        positions: Å; frames as they were recorded, equally spaced.
        bonds: from `find_bonds` of a relaxed structure.
        lengths: b_ij in Å, of a relaxed structure or means of a reference run; those of `structure` if None.
        threshold: Å.
        temperature_kelvin: of each frame; needed for a bound on it.
        cells: Å, one per frame where the cell moves.

    Raises:
        ValueError: no frames or bonds, a threshold or bound that is not positive, or a bound without temperatures.
    """
    frames = len(positions)
    _check(frames, len(bonds), threshold, hottest_kelvin, temperature_kelvin)
    b = distances(structure, structure.positions[None], bonds)[0] if lengths is None else np.asarray(lengths)
    heat = np.zeros(frames) if temperature_kelvin is None else np.asarray(temperature_kelvin, np.float64)
    for start in range(0, frames, AT_ONCE):
        some = slice(start, start + AT_ONCE)
        r = np.asarray(positions[some], np.float64)
        lost = ~np.isfinite(r).all(axis=(1, 2)) | ~np.isfinite(heat[some])
        r = np.where(lost[:, None, None], np.asarray(structure.positions), r)
        change = distances(structure, r, bonds, None if cells is None else cells[some]) - b
        broken, hot = np.abs(change).max(axis=1) > threshold, heat[some] > hottest_kelvin  # (2)
        bad = np.flatnonzero(lost | broken | hot)
        if bad.size:
            n = int(bad[0])
            if lost[n]:
                why = "a position or the temperature is not finite"
            elif broken[n]:
                why = _longest(change[n], b, bonds)
            else:
                why = f"the temperature is {heat[start + n]:.0f} K, above {hottest_kelvin:g} K"
            return Stability(start + n, frames, why)
    return Stability(frames, frames, "")


def _longest(change: np.ndarray, lengths: np.ndarray, bonds: np.ndarray) -> str:
    which = int(np.argmax(np.abs(change)))
    i, j = bonds[which]
    return f"bond {i}-{j} is {change[which] + lengths[which]:.2f} Å long, {lengths[which]:.2f} Å at rest"


def _check(frames, bonds, threshold, hottest, temperature) -> None:
    if frames == 0 or bonds == 0:
        raise ValueError(
            f"Expected at least one frame and one bond, got {frames} frames and {bonds} bonds. Matter without bonds "
            "has no stability of this kind."
        )
    if not (threshold > 0 and hottest > 0):
        raise ValueError(f"Expected bounds above 0, got threshold={threshold!r} Å and hottest_kelvin={hottest!r}.")
    if temperature is None and np.isfinite(hottest):
        raise ValueError("Expected temperature_kelvin of every frame with hottest_kelvin, got none: give both.")

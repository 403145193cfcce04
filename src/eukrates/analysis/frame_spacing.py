"""The time between frames, which Fourier transforms need to be always the same."""

import numpy as np
from jaxtyping import Float


def frame_spacing_fs(time_fs: Float[np.ndarray, " frames"], frames: int, fewest: int = 2) -> float:
    """Femtoseconds between consecutive frames, of which there are `frames`.

    Raises:
        ValueError: fewer than `fewest` frames, not one time for each, or frames that are not equally spaced (to 0.1 %
            of the spacing).
    """
    time = np.asarray(time_fs, np.float64)
    if time.size != frames:
        raise ValueError(f"Expected one time for each of {frames} frames, got {time.size}.")
    if time.size < fewest:
        raise ValueError(f"Expected at least {fewest} frames, got {time.size}. Run longer or record more often.")
    steps = np.diff(time)
    spacing = float(np.median(steps))
    uneven = np.flatnonzero(~(np.abs(steps - spacing) <= 1e-3 * abs(spacing)))
    if not spacing > 0 or uneven.size:
        where = f"; first between frames {uneven[0]} and {uneven[0] + 1}" if uneven.size else ""
        raise ValueError(
            f"Expected frames equally spaced in time, got steps from {steps.min():g} to {steps.max():g} fs{where}. "
            "Analyse a part of the run that was recorded at one interval."
        )
    return float(np.mean(steps))

"""`Ramp`: a temperature or pressure that changes in the course of a run."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from eukrates.dynamics.integrators import Number, Time
from eukrates.units import FS


class Ramp(eqx.Module):
    """Linear in time from `start` to `end`, and `end` from then on: heating, cooling, compression.

    Time is that of the run, from its step 0; a run that is resumed is where it was.

    Args:
        start: at step 0, in the unit of the number whose place it takes.
        end: the same after `over_ps`.
        over_ps: ps, above 0.

    Raises:
        ValueError: numbers that are not finite, or no time.
    """

    start: Number
    end: Number
    over_ps: Number

    def __check_init__(self):
        if not np.all(np.isfinite(values(self))):
            raise ValueError(f"Expected a ramp between finite numbers, got {self.start!r} and {self.end!r}.")
        if not (np.all(np.isfinite(self.over_ps)) and np.all(np.asarray(self.over_ps) > 0)):
            raise ValueError(f"Expected a ramp over a time above 0 ps, got {self.over_ps!r}.")

    def at(self, time: Time) -> Float[Array, "*systems"]:
        """The number at a time in internal units."""
        passed = jnp.clip(time / (self.over_ps * (1000 * FS)), 0.0, 1.0)
        return self.start + (self.end - self.start) * passed

    def __str__(self) -> str:
        return f"{self.start:g} to {self.end:g} over {self.over_ps:g} ps"


Schedule = Number | Ramp  # of a number that may change in the course of a run


def values(number: Schedule) -> np.ndarray:
    """The outermost values that a number takes in the course of a run, of all systems."""
    ends = (number.start, number.end) if isinstance(number, Ramp) else (number,)
    return np.concatenate([np.atleast_1d(np.asarray(end, np.float64)) for end in ends])


def schedule(told: Schedule | str | Mapping[str, Number] | None) -> Schedule | None:
    """A number or ramp as files and command lines spell it.

    Args:
        told: a number (or None), which stays as it is; "300"; a ramp as "300:600:10" (start, end, ps) or as a mapping
            with `start`, `end` and `over_ps`.

    Raises:
        ValueError: something else.
    """
    if isinstance(told, Mapping):
        if set(told) != {"start", "end", "over_ps"}:
            raise ValueError(
                f"Expected a ramp with start, end and over_ps, got {', '.join(sorted(told)) or 'nothing'}."
            )
        return Ramp(**told)
    if not isinstance(told, str):
        return told
    try:
        numbers = [float(part) for part in told.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3):
        raise ValueError(f'Expected a number, or a ramp as "start:end:ps" (like 300:600:10), got {told!r}.')
    return numbers[0] if len(numbers) == 1 else Ramp(*numbers)


def spelled(number: Schedule | None):
    """Plain values from which `schedule` makes the same again."""
    if isinstance(number, Ramp):
        return {name: spelled(part) for name, part in vars(number).items()}
    return None if number is None else float(number)

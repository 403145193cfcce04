"""`Ensemble`: what a kind of dynamics must say of itself."""

import abc

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from eukrates.dynamics.integrators import Alphabet, Move, Number, Time
from eukrates.dynamics.schedules import Ramp, Schedule, values

HOTTEST_TIMES, HOTTEST_LEAST = 10.0, 5000.0  # an instantaneous temperature beyond both is taken for a broken run


class Ensemble(eqx.Module):
    """A kind of dynamics with its settings. A new one is a new subclass and a line in `ENSEMBLES`."""

    temperature_kelvin: eqx.AbstractVar[Schedule | None]  # of the initial momenta, and of the bath if there is one
    hottest_kelvin: eqx.AbstractVar[Number | None]  # stop above this instantaneous temperature
    free: eqx.AbstractClassVar[bool]  # total momentum, and in open systems angular momentum, stay zero
    flexible: eqx.AbstractClassVar[bool]  # the cell moves

    @abc.abstractmethod
    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """One time step of systems with so many degrees of freedom. All settings are numbers, see `at`."""

    def extra(self, systems: int) -> dict[str, Array]:
        """Variables of the bath at the start, see `Phase.extra`."""
        return {}

    def at(self, time: Time) -> "Ensemble":
        """The ensemble of a moment, in internal time since step 0: every ramp is the number that it has reached."""
        ramp = lambda setting: isinstance(setting, Ramp)
        return jax.tree.map(lambda setting: setting.at(time) if ramp(setting) else setting, self, is_leaf=ramp)

    @property
    def start_kelvin(self) -> float | None:
        """The temperature at step 0."""
        told = self.temperature_kelvin
        first = told.start if isinstance(told, Ramp) else told
        return None if first is None else float(first)

    @property
    def bound_kelvin(self) -> float:
        """`hottest_kelvin`, by default the larger of 10 times the highest temperature and 5000 K."""
        if self.hottest_kelvin is not None:
            return float(self.hottest_kelvin)
        return max(HOTTEST_LEAST, HOTTEST_TIMES * self._highest)

    @property
    def _highest(self) -> float:
        return 0.0 if self.temperature_kelvin is None else float(np.max(values(self.temperature_kelvin)))

    def __check_init__(self):
        told, hottest = self.temperature_kelvin, self.hottest_kelvin
        if told is not None and not np.all(np.isfinite(values(told)) & (values(told) >= 0)):
            raise ValueError(f"Expected a temperature ≥ 0 K, got {told!r}.")
        if isinstance(hottest, Ramp):
            raise ValueError(f"Expected hottest_kelvin to be a number of K, got {hottest!r}.")
        if hottest is not None and not hottest > self._highest:
            raise ValueError(f"Expected hottest_kelvin above the temperature ({told} K), got {hottest!r}.")


def check_bath(temperature_kelvin: Schedule, **above_zero: Number) -> None:
    """Raises ValueError for settings that are not finite and above 0."""
    for name, value in {"temperature_kelvin": temperature_kelvin, **above_zero}.items():
        if not np.all(np.isfinite(values(value)) & (values(value) > 0)):
            raise ValueError(f"Expected {name} to be finite and above 0, got {value!r}.")


def check_pressure(pressure_gpa: Schedule) -> None:
    """Raises ValueError for a pressure that is not finite."""
    if not np.all(np.isfinite(values(pressure_gpa))):
        raise ValueError(f"Expected a finite pressure in GPa, got {pressure_gpa!r}.")

"""Ensembles: what is held constant, as small settings objects that spell their own step."""

import abc
import math
from typing import ClassVar

import equinox as eqx

from eukrates.dynamics.integrators import Feel, Move, Number, velocity_verlet
from eukrates.dynamics.thermostats import baoab, ornstein_uhlenbeck

HOTTEST_TIMES, HOTTEST_LEAST = 10.0, 5000.0  # an instantaneous temperature beyond both is taken for a broken run


class Ensemble(eqx.Module):
    """A kind of dynamics with its settings. A new one is a new subclass and a line in `ENSEMBLES`."""

    temperature_kelvin: eqx.AbstractVar[Number | None]  # of the initial momenta, and of the bath if there is one
    hottest_kelvin: eqx.AbstractVar[Number | None]  # stop above this instantaneous temperature
    free: eqx.AbstractClassVar[bool]  # no bath: total momentum, and in open systems angular momentum, stay constant

    @abc.abstractmethod
    def step(self, feel: Feel) -> Move:
        """One time step."""

    @property
    def bound_kelvin(self) -> float:
        """`hottest_kelvin`, by default the larger of 10 times the temperature and 5000 K."""
        if self.hottest_kelvin is not None:
            return float(self.hottest_kelvin)
        return max(HOTTEST_LEAST, HOTTEST_TIMES * float(self.temperature_kelvin or 0.0))

    def __check_init__(self):
        t, hottest = self.temperature_kelvin, self.hottest_kelvin
        if t is not None and not (math.isfinite(t) and t >= 0):
            raise ValueError(f"Expected a temperature ≥ 0 K, got {t!r}.")
        if hottest is not None and not hottest > (t or 0.0):
            raise ValueError(f"Expected hottest_kelvin above the temperature ({t} K), got {hottest!r}.")


class NVE(Ensemble):
    """Constant energy by velocity Verlet.

    Args:
        temperature_kelvin: of the initial momenta; None if the structure brings its own.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Number | None = None
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True

    def step(self, feel: Feel) -> Move:
        """BAB."""
        return velocity_verlet(feel)


class Langevin(Ensemble):
    """Constant temperature by friction and noise on every atom (BAOAB).

    Args:
        temperature_kelvin: of the bath, and of the initial momenta if the structure brings none.
        friction_per_ps: how fast momenta are forgotten; 1/ps disturbs the motion little, 10/ps settles fast.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Number
    friction_per_ps: Number = 1.0
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = False

    def __check_init__(self):
        if not (math.isfinite(self.friction_per_ps) and self.friction_per_ps > 0):
            raise ValueError(f"Expected a friction above 0 /ps, got {self.friction_per_ps!r}. Use NVE for none.")

    def step(self, feel: Feel) -> Move:
        """BAOAB."""
        return baoab(feel, ornstein_uhlenbeck(self.temperature_kelvin, self.friction_per_ps))


ENSEMBLES: dict[str, type[Ensemble]] = {"nve": NVE, "langevin": Langevin}

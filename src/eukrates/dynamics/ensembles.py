"""Ensembles: what is held constant, as small settings objects that spell their own step."""

import abc
import math
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from eukrates.dynamics.integrators import Alphabet, Move, Number, spell, velocity_verlet
from eukrates.dynamics.nose_hoover import chain, nose_hoover
from eukrates.dynamics.rescaling import at_ease, cell_rescaling, settle, velocity_rescaling
from eukrates.dynamics.thermostats import baoab, ornstein_uhlenbeck

HOTTEST_TIMES, HOTTEST_LEAST = 10.0, 5000.0  # an instantaneous temperature beyond both is taken for a broken run


class Ensemble(eqx.Module):
    """A kind of dynamics with its settings. A new one is a new subclass and a line in `ENSEMBLES`."""

    temperature_kelvin: eqx.AbstractVar[Number | None]  # of the initial momenta, and of the bath if there is one
    hottest_kelvin: eqx.AbstractVar[Number | None]  # stop above this instantaneous temperature
    free: eqx.AbstractClassVar[bool]  # total momentum, and in open systems angular momentum, stay zero
    flexible: eqx.AbstractClassVar[bool]  # the cell moves

    @abc.abstractmethod
    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """One time step of systems with so many degrees of freedom."""

    def extra(self, systems: int) -> dict[str, Array]:
        """Variables of the bath at the start, see `Phase.extra`."""
        return {}

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
    flexible: ClassVar[bool] = False

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """BAB."""
        return velocity_verlet(letters)


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
    flexible: ClassVar[bool] = False

    def __check_init__(self):
        if not (math.isfinite(self.friction_per_ps) and self.friction_per_ps > 0):
            raise ValueError(f"Expected a friction above 0 /ps, got {self.friction_per_ps!r}. Use NVE for none.")

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """BAOAB."""
        bath = ornstein_uhlenbeck(self.temperature_kelvin, self.friction_per_ps, letters.project)
        return baoab(letters, bath)


class VelocityRescaling(Ensemble):
    """Constant temperature by rescaling all momenta at random, which disturbs the motion less than Langevin's bath.

    Args:
        temperature_kelvin: of the bath, above 0, and of the initial momenta if the structure brings none.
        time_fs: τ, after which the kinetic energy is forgotten.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Number
    time_fs: Number = 100.0
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True
    flexible: ClassVar[bool] = False

    def __check_init__(self):
        _check_bath(self.temperature_kelvin, time_fs=self.time_fs)

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """Half the bath, BAB, half the bath."""
        bath = velocity_rescaling(self.temperature_kelvin, self.time_fs, freedom)
        return spell((bath, 0.5), (velocity_verlet(letters), 1.0), (bath, 0.5))


class NoseHoover(Ensemble):
    """Constant temperature by a chain of three bath variables: deterministic, reversible.

    Stiff and small systems may not explore their ensemble under it: prefer `VelocityRescaling` or `Langevin` there.

    Args:
        temperature_kelvin: of the bath, above 0, and of the initial momenta if the structure brings none.
        time_fs: τ, the period of the bath over 2π; several times the fastest vibration.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Number
    time_fs: Number = 100.0
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True
    flexible: ClassVar[bool] = False

    def __check_init__(self):
        _check_bath(self.temperature_kelvin, time_fs=self.time_fs)

    def extra(self, systems: int) -> dict[str, Array]:
        """The chain at rest."""
        return chain(systems)

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """Half the bath, BAB, half the bath."""
        bath = nose_hoover(self.temperature_kelvin, self.time_fs, freedom)
        return spell((bath, 0.5), (velocity_verlet(letters), 1.0), (bath, 0.5))


class NPT(Ensemble):
    """Constant temperature and pressure: momenta and the cell, its shape kept, are rescaled at random.

    Args:
        temperature_kelvin: of the bath, above 0, and of the initial momenta if the structure brings none.
        pressure_gpa: of the piston; 1 bar is 1e-4 GPa.
        time_fs: after which the kinetic energy is forgotten.
        piston_fs: after which the volume is forgotten, if the compressibility is right.
        compressibility_per_gpa: roughly that of the matter; 0.46 is water's.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Number
    pressure_gpa: Number = 1e-4
    time_fs: Number = 100.0
    piston_fs: Number = 1000.0
    compressibility_per_gpa: Number = 0.46
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True
    flexible: ClassVar[bool] = True

    def __check_init__(self):
        times = {"time_fs": self.time_fs, "piston_fs": self.piston_fs}
        _check_bath(self.temperature_kelvin, **times, compressibility_per_gpa=self.compressibility_per_gpa)
        if not math.isfinite(self.pressure_gpa):
            raise ValueError(f"Expected a finite pressure in GPa, got {self.pressure_gpa!r}.")

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """Half the bath, B, half of A, the piston, half of A, B, half the bath."""
        bath = velocity_rescaling(self.temperature_kelvin, self.time_fs, freedom)
        given = (self.temperature_kelvin, self.pressure_gpa, self.piston_fs, self.compressibility_per_gpa)
        piston = cell_rescaling(*given)
        kick, drift = (letters.kick, 0.5), (letters.drift, 0.5)
        heat, felt = (bath, 0.5), (letters.feel, 0.0)
        return spell(heat, kick, drift, (piston, 1.0), drift, felt, kick, (settle, 0.0), heat)

    def extra(self, systems: int) -> dict[str, Array]:
        """Of the piston at the start."""
        return at_ease(systems)


def _check_bath(temperature_kelvin: Number, **above_zero: Number) -> None:
    for name, value in {"temperature_kelvin": temperature_kelvin, **above_zero}.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"Expected {name} to be finite and above 0, got {value!r}.")


ENSEMBLES: dict[str, type[Ensemble]] = {
    "nve": NVE,
    "langevin": Langevin,
    "bussi": VelocityRescaling,
    "nose-hoover": NoseHoover,
    "npt": NPT,
}

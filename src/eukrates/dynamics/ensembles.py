"""Ensembles: what is held constant, as small settings objects that spell their own step."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Array, Float

from eukrates.dynamics.ensemble import Ensemble, check_bath, check_pressure
from eukrates.dynamics.integrators import Alphabet, Move, Number, spell, velocity_verlet
from eukrates.dynamics.martyna_tobias_klein import Piston, mtk, piston_at_rest
from eukrates.dynamics.nose_hoover import at_rest, nose_hoover
from eukrates.dynamics.rescaling import at_ease, cell_rescaling, settle, velocity_rescaling
from eukrates.dynamics.schedules import Schedule, schedule, spelled
from eukrates.dynamics.stillness import still
from eukrates.dynamics.stretching import cell_stretching
from eukrates.dynamics.thermostats import baoab, between, ornstein_uhlenbeck


class NVE(Ensemble):
    """Constant energy by velocity Verlet.

    Args:
        temperature_kelvin: of the initial momenta; None if the structure brings its own.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Schedule | None = None
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

    temperature_kelvin: Schedule
    friction_per_ps: Number = 1.0
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = False
    flexible: ClassVar[bool] = False

    def __check_init__(self):
        if self.temperature_kelvin is None:
            raise ValueError("Expected a temperature of the bath in K, got None. Use NVE for no bath.")
        if not np.all(np.isfinite(self.friction_per_ps) & (np.asarray(self.friction_per_ps) > 0)):
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

    temperature_kelvin: Schedule
    time_fs: Number = 100.0
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True
    flexible: ClassVar[bool] = False

    def __check_init__(self):
        check_bath(self.temperature_kelvin, time_fs=self.time_fs)

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """Half the bath, BAB, half the bath, without motion of the whole."""
        bath = velocity_rescaling(self.temperature_kelvin, self.time_fs, freedom)
        return spell((between(bath, velocity_verlet(letters)), 1.0), (still, 0.0))


class NoseHoover(Ensemble):
    """Constant temperature by a chain of three bath variables: deterministic, reversible.

    Stiff and small systems may not explore their ensemble under it: prefer `VelocityRescaling` or `Langevin` there.

    Args:
        temperature_kelvin: of the bath, above 0, and of the initial momenta if the structure brings none.
        time_fs: τ, the period of the bath over 2π; several times the fastest vibration.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Schedule
    time_fs: Number = 100.0
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True
    flexible: ClassVar[bool] = False

    def __check_init__(self):
        check_bath(self.temperature_kelvin, time_fs=self.time_fs)

    def extra(self, systems: int) -> dict[str, Array]:
        """The chain at rest."""
        return at_rest(systems)

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """Half the bath, BAB, half the bath."""
        bath = nose_hoover(self.temperature_kelvin, self.time_fs, freedom)
        return between(bath, velocity_verlet(letters))


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

    temperature_kelvin: Schedule
    pressure_gpa: Schedule = 1e-4
    time_fs: Number = 100.0
    piston_fs: Number = 1000.0
    compressibility_per_gpa: Number = 0.46
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True
    flexible: ClassVar[bool] = True

    def __check_init__(self):
        times = {"time_fs": self.time_fs, "piston_fs": self.piston_fs}
        check_bath(self.temperature_kelvin, **times, compressibility_per_gpa=self.compressibility_per_gpa)
        check_pressure(self.pressure_gpa)

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """Half the bath, B, half of A, the piston, half of A, B, half the bath, without motion of the whole."""
        bath = velocity_rescaling(self.temperature_kelvin, self.time_fs, freedom)
        given = (self.temperature_kelvin, self.pressure_gpa, self.piston_fs, self.compressibility_per_gpa)
        return spell((between(bath, _with_piston(letters, self.piston(*given))), 1.0), (still, 0.0))

    def piston(self, *given: Schedule) -> Move:
        """That keeps the shape of the cell."""
        return cell_rescaling(*given)

    def extra(self, systems: int) -> dict[str, Array]:
        """Of the piston at the start."""
        return at_ease(systems)


class FlexibleNPT(NPT):
    """Constant temperature and hydrostatic pressure: momenta, and lengths and angles of the cell, move at random.

    For solids. A liquid does not hold the shape of its cell, which would become ever flatter: take `NPT` there.

    Args:
        temperature_kelvin: of the bath, above 0, and of the initial momenta if the structure brings none.
        pressure_gpa: of the piston, the same along all axes and without shear; 1 bar is 1e-4 GPa.
        time_fs: after which the kinetic energy is forgotten.
        piston_fs: after which the volume is forgotten, if the compressibility is right.
        compressibility_per_gpa: roughly that of the matter; 0.46 is water's, 0.05 that of a soft crystal.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    def piston(self, *given: Schedule) -> Move:
        """That moves the whole cell."""
        return cell_stretching(*given)


class MTK(Ensemble):
    """Constant temperature and pressure by chains of bath variables and a piston with inertia, the shape of the cell
    kept: deterministic, reversible (Martyna, Tobias & Klein).

    The volume swings before it settles, and small or stiff systems may not explore their ensemble under it: prefer
    `NPT` there.

    Args:
        temperature_kelvin: of the bath, above 0, and of the initial momenta if the structure brings none.
        pressure_gpa: of the piston; 1 bar is 1e-4 GPa.
        time_fs: τ of the bath, its period over 2π; several times the fastest vibration.
        piston_fs: τ of the piston, roughly its period over 2π.
        hottest_kelvin: stop above this instantaneous temperature; None: see `Ensemble.bound_kelvin`.
    """

    temperature_kelvin: Schedule
    pressure_gpa: Schedule = 1e-4
    time_fs: Number = 100.0
    piston_fs: Number = 1000.0
    hottest_kelvin: Number | None = None
    free: ClassVar[bool] = True
    flexible: ClassVar[bool] = True

    def __check_init__(self):
        check_bath(self.temperature_kelvin, time_fs=self.time_fs, piston_fs=self.piston_fs)
        check_pressure(self.pressure_gpa)

    def step(self, letters: Alphabet, freedom: Float[Array, " systems"]) -> Move:
        """See `mtk`."""
        return mtk(letters, Piston(self.temperature_kelvin, self.pressure_gpa, self.piston_fs, freedom), self.time_fs)

    def extra(self, systems: int) -> dict[str, Array]:
        """Piston and chains at rest."""
        return piston_at_rest(systems)


def _with_piston(letters: Alphabet, piston: Move) -> Move:
    """B, half of A, the piston, half of A, B, and what the piston's work was."""
    kick, drift, felt = (letters.kick, 0.5), (letters.drift, 0.5), (letters.feel, 0.0)
    return spell(kick, drift, (piston, 1.0), drift, felt, kick, (settle, 0.0))


ENSEMBLES: dict[str, type[Ensemble]] = {
    "nve": NVE,
    "langevin": Langevin,
    "bussi": VelocityRescaling,
    "nose-hoover": NoseHoover,
    "npt": NPT,
    "npt-flexible": FlexibleNPT,
    "npt-mtk": MTK,
}


def to_mapping(ensemble: Ensemble) -> dict[str, Any]:
    """Its kind and settings as plain values, for files."""
    kind = next(name for name, cls in ENSEMBLES.items() if cls is type(ensemble))
    return {"kind": kind} | {name: spelled(setting) for name, setting in vars(ensemble).items()}


def from_mapping(told: Mapping[str, Any]) -> Ensemble:
    """The ensemble of a `kind` with settings; temperature and pressure may be ramps, see `schedule`.

    Raises:
        ValueError: an unknown kind or a setting that cannot be.
        TypeError: a setting that the kind does not have, or one that is missing.
    """
    settings = {name: schedule(value) for name, value in told.items() if name != "kind"}
    if told.get("kind") not in ENSEMBLES:
        raise ValueError(f"Unknown ensemble {told.get('kind')!r}. Known: {', '.join(ENSEMBLES)}.")
    return ENSEMBLES[told["kind"]](**settings)  # pyright: ignore[reportArgumentType]  (mistaken for class variables)

"""`Simulation`: the choices of a run of molecular dynamics, for Python, for a YAML file and for the command line."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import ase

from eukrates.app.simulation_numbers import Changing, plain, plain_list
from eukrates.dynamics import ENSEMBLES, Constrained, Ensemble, Record, Watch
from eukrates.dynamics.ensembles import from_mapping
from eukrates.near_miss import near_miss
from eukrates.numerics import expect_precision

OF_AN_ENSEMBLE = {  # our name → its name; the value is the ensemble's own unless told otherwise
    "friction_per_ps": "friction_per_ps",
    "bath_fs": "time_fs",
    "pressure_gpa": "pressure_gpa",
    "piston_fs": "piston_fs",
    "compressibility_per_gpa": "compressibility_per_gpa",
    "hottest_kelvin": "hottest_kelvin",
}
UNITS = {"temperature": "_kelvin", "friction": "_per_ps", "pressure": "_gpa", "timestep": "_fs", "time": "_ps"}


@dataclass(frozen=True)
class Simulation:
    """The choices of a run; see `eukrates.dynamics.run`.

    Args:
        ensemble: langevin, bussi, nose-hoover, npt, npt-flexible (crystals), npt-mtk or nve.
        temperature_kelvin: K, of the bath and of the first velocities. A ramp {start, end, over_ps} changes it in time;
            a list means replicas, one for each.
        replicas: of the structure, which run together, with seeds from `seed` on and a folder each. Default: 1, or
            as many as temperatures are listed.
        time_ps: ps, how long.
        timestep_fs: fs.
        pressure_gpa: GPa, of the piston of npt; may be a ramp as well. Default: 1e-4, that is 1 bar.
        friction_per_ps: 1/ps, of langevin. Default: 1.
        bath_fs: fs, after which the bath of bussi, nose-hoover or npt forgets. Default: 100.
        piston_fs: fs, after which the volume of npt is forgotten. Default: 1000.
        compressibility_per_gpa: 1/GPa, roughly, for npt: how fast the volume moves. Default: 0.46, water's.
        hottest_kelvin: K, above which the run stops. Default: ten times the temperature, at least 5000.
        rigid: bonds that keep their length: none, hydrogens, water or hydrogens+water.
        rigid_bonds: more pairs of atoms, counted from 0, that keep their distance.
        lengths_angstrom: Å, of rigid bonds by elements, such as {O-H: 0.9572}. Default: as in the structure.
        fixed: atoms, counted from 0, that never move.
        hydrogen_mass: u, of hydrogen, taken from the atom it is bonded to. Default: as it is.
        watch: distances at which the run stops, in sums of two covalent radii: atoms closer than `contact`, bonds of
            the start longer than `bonds`. null switches one off, as reactions need it of `bonds`. Of ensembles also
            `rho`, eV: deviation of the members per √atom beyond which they know nothing.
        seed: of velocities and bath.
        every: steps between frames.
        record: of velocities, forces and charges (of models that know them), besides positions.
        record_precision: float32 or float64, of what is recorded per atom.
        precision: float32 or float64, of the model's features.
        charge: e, of the whole, instead of what the structure file states.
        spin: unpaired electrons, instead of what the structure file states.
        frame: of the structure file, from 0; -1 is the last.
        far_cutoff: Å, of long-range physics; inf: all pairs. Default: the model's.
        electrostatics: cutoff, ewald, p3m or none. Default: the model's.
    """

    ensemble: str = "langevin"
    temperature_kelvin: Changing | list[Changing] = 300.0
    replicas: int | None = None
    time_ps: float | int = 10.0
    timestep_fs: float | int = 0.5
    pressure_gpa: Changing | None = None
    friction_per_ps: float | int | None = None
    bath_fs: float | int | None = None
    piston_fs: float | int | None = None
    compressibility_per_gpa: float | int | None = None
    hottest_kelvin: float | int | None = None
    rigid: str = "none"
    rigid_bonds: tuple[tuple[int, int], ...] = ()
    lengths_angstrom: dict[str, float | int] = field(default_factory=dict)
    fixed: tuple[int, ...] = ()
    hydrogen_mass: float | int | None = None
    watch: Watch = field(default_factory=Watch)
    seed: int = 0
    every: int = 20
    record: tuple[str, ...] = ("velocities", "forces")
    record_precision: str = "float32"
    precision: str = "float32"
    charge: float | int | None = None
    spin: float | int | None = None
    frame: int = 0
    far_cutoff: float | int | None = None
    electrostatics: str | None = None

    def __post_init__(self):
        self._spell_out()
        if self.ensemble not in ENSEMBLES:
            hint = near_miss(self.ensemble, ENSEMBLES)
            raise ValueError(f"Unknown ensemble {self.ensemble!r}{hint} Known: {', '.join(ENSEMBLES)}.")
        expect_precision(self.precision)
        for name, theirs in OF_AN_ENSEMBLE.items():
            if getattr(self, name) is not None and theirs not in _settings_of(self.ensemble):
                owners = [kind for kind in ENSEMBLES if theirs in _settings_of(kind)]
                raise ValueError(
                    f"A {name} of {getattr(self, name)} would be ignored: {self.ensemble} has none. Leave it out, or "
                    f"choose {' or '.join(owners)}."
                )
        check_time(self.time_ps)
        if not (math.isfinite(self.timestep_fs) and self.timestep_fs > 0):
            raise ValueError(f"Expected a timestep_fs (fs), finite and above 0, got {self.timestep_fs}.")
        if self.replicas is not None and self.replicas < 1:
            raise ValueError(f"Expected at least 1 of replicas, got {self.replicas}.")
        if isinstance(self.temperature_kelvin, list) and self.replicas not in (None, len(self.temperature_kelvin)):
            raise ValueError(
                f"{self.replicas} replicas and {len(self.temperature_kelvin)} temperatures do not fit together: give "
                "one temperature for all, or one for each; the number of replicas may be left out then."
            )
        self.make_ensembles()  # these refuse what cannot be
        self.make_record(None)
        self.make_start(ase.Atoms())

    def _spell_out(self) -> None:
        """Ramps, lists and distances in one spelling, whichever was given."""
        told = {"temperature_kelvin": plain_list(self.temperature_kelvin), "fixed": tuple(self.fixed)}
        told["pressure_gpa"] = plain(self.pressure_gpa)
        told["rigid_bonds"] = tuple(tuple(pair) for pair in self.rigid_bonds)
        for name, value in told.items():
            object.__setattr__(self, name, value)

    @classmethod
    def named(cls, **options) -> "Simulation":
        """From the short names of the command line: temperature, friction, pressure, timestep, time."""
        return cls(**long_names(options))

    @property
    def steps(self) -> int:
        """How many."""
        return max(1, round(1000 * self.time_ps / self.timestep_fs))

    @property
    def electrons(self) -> dict[str, float]:
        """Charge and spin that are stated here."""
        return {name: value for name in ("charge", "spin") if (value := getattr(self, name)) is not None}

    @property
    def long_range(self) -> dict[str, Any]:
        """For `eukrates.models.with_long_range`."""
        return {"far_cutoff": self.far_cutoff, "electrostatics": self.electrostatics}

    @property
    def members(self) -> int:
        """How many systems run together."""
        many = self.temperature_kelvin
        return len(many) if isinstance(many, list) else self.replicas or 1

    def make_ensembles(self) -> list[Ensemble]:
        """The ensemble of each replica with its settings."""
        given = {theirs: getattr(self, name) for name, theirs in OF_AN_ENSEMBLE.items()}
        told = {name: value for name, value in given.items() if value is not None}
        kelvin = self.temperature_kelvin
        each = kelvin if isinstance(kelvin, list) else [kelvin] * self.members
        return [from_mapping({"kind": self.ensemble, "temperature_kelvin": one, **told}) for one in each]

    def make_start(self, atoms: ase.Atoms) -> Constrained:
        """The structure with what holds its atoms."""
        held = self.rigid, self.fixed, self.rigid_bonds, self.lengths_angstrom, self.hydrogen_mass
        return Constrained(atoms, *held)

    def make_record(self, directory) -> Record:
        """What goes into a directory."""
        return Record(directory, self.every, tuple(self.record), self.record_precision, self.watch)

    def resolved(self) -> "Simulation":
        """The same with the defaults of the ensemble written out."""
        made, members = self.make_ensembles()[0], self.members
        told = {ours: plain(getattr(made, theirs, None)) for ours, theirs in OF_AN_ENSEMBLE.items()}
        return replace(self, **told, replicas=members if members > 1 else None)

    def as_dict(self) -> dict[str, Any]:
        """Plain values by name, defaults of the ensemble written out; what is not chosen is not there."""
        told = asdict(self.resolved())
        return {name: as_data(value) for name, value in told.items() if value is not None}


def long_names(options: Mapping[str, Any]) -> dict[str, Any]:
    """The short names of the command line in full: {"time": 1} → {"time_ps": 1}; a temperature is read."""
    number = lambda name, value: plain_list(value) if name == "temperature" else value
    return {f"{name}{UNITS.get(name, '')}": number(name, value) for name, value in options.items()}


def as_data(value: Any) -> Any:
    """With lists instead of tuples, as files have them."""
    return [as_data(one) for one in value] if isinstance(value, list | tuple) else value


def check_time(time_ps: float | int) -> None:
    """Raise ValueError for a length of a run that cannot be."""
    if not (math.isfinite(time_ps) and time_ps > 0):
        raise ValueError(f"Expected a time_ps (ps), finite and above 0, got {time_ps}.")


def _settings_of(kind: str) -> set[str]:
    return {field.name for field in fields(ENSEMBLES[kind])}

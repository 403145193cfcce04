"""`simulate`: molecular dynamics from a model file and a structure file, in a folder that can be resumed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eukrates.app.structures import frames_in, read_structure
from eukrates.data import to_system
from eukrates.dynamics import ENSEMBLES, Ensemble, Progress, Record, Run, resume, run
from eukrates.dynamics.journal import read_settings
from eukrates.models import load, with_long_range
from eukrates.numerics import cast
from eukrates.potential import check_electrons, check_system


@dataclass(frozen=True)
class Simulation:
    """The choices of a run; see `eukrates.dynamics.run`.

    Args:
        ensemble: "langevin", "bussi", "nose-hoover", "npt" or "nve".
        temperature_kelvin: K, of the bath and of the first velocities.
        friction_per_ps: 1/ps, of the bath of "langevin", which has 1/ps unless told otherwise.
        pressure_gpa: GPa, of the piston of "npt", which has 1e-4 (1 bar) unless told otherwise.
        timestep_fs: fs.
        time_ps: ps, how long.
        every: steps between frames.
        seed: of velocities and bath.
        precision: of the model's features, "float32" or "float64".
    """

    ensemble: str = "langevin"
    temperature_kelvin: float | int = 300.0
    friction_per_ps: float | int | None = None
    pressure_gpa: float | int | None = None
    timestep_fs: float | int = 0.5
    time_ps: float | int = 10.0
    every: int = 20
    seed: int = 0
    precision: str = "float32"

    def __post_init__(self):
        if self.ensemble not in ENSEMBLES:
            raise ValueError(f"Unknown ensemble {self.ensemble!r}. Known: {', '.join(ENSEMBLES)}.")
        if self.precision not in ("float32", "float64"):
            raise ValueError(f"Expected a precision of float32 or float64, got {self.precision!r}.")
        for name, unit, owner in (("friction_per_ps", "/ps", "langevin"), ("pressure_gpa", " GPa", "npt")):
            value = getattr(self, name)
            if value is not None and self.ensemble != owner:
                raise ValueError(
                    f"A {name.split('_')[0]} of {value:g}{unit} would be ignored: {self.ensemble} has none. Leave it "
                    f"out, or choose {owner}."
                )
        if not (_possible(self.time_ps) and _possible(self.timestep_fs)):
            given = f"{self.time_ps}, {self.timestep_fs}"
            raise ValueError(f"Expected a time (ps) and a time step (fs), finite and above 0, got {given}.")

    @classmethod
    def named(cls, **options) -> "Simulation":
        """From the short names of the command line: temperature, friction, timestep, time."""
        units = {"temperature": "_kelvin", "friction": "_per_ps", "pressure": "_gpa", "timestep": "_fs", "time": "_ps"}
        return cls(**{f"{name}{units.get(name, '')}": value for name, value in options.items()})

    @property
    def steps(self) -> int:
        """How many."""
        return max(1, round(1000 * self.time_ps / self.timestep_fs))

    def make_ensemble(self) -> Ensemble:
        """The ensemble with its settings."""
        settings: dict[str, Any] = {"temperature_kelvin": self.temperature_kelvin}
        if self.ensemble == "langevin":
            settings["friction_per_ps"] = 1.0 if self.friction_per_ps is None else self.friction_per_ps
        if self.pressure_gpa is not None:
            settings["pressure_gpa"] = self.pressure_gpa
        return ENSEMBLES[self.ensemble](**settings)


def simulate(
    model: str | Path,
    structure: str | Path,
    folder: str | Path,
    choices: Simulation | None = None,
    electrons: Mapping[str, float] | None = None,
    frame: int = 0,
    long_range: Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] = print,
) -> Run:
    """Run dynamics into a new folder.

    Args:
        model: model file.
        structure: any file that ASE reads; velocities in it are used.
        folder: must not hold anything yet.
        choices: what to do.
        electrons: "charge" (e) and "spin" (unpaired electrons), instead of what the file states.
        frame: of the structure file, from 0; -1 is the last.
        long_range: far cutoff and electrostatics, see `eukrates.models.with_long_range`.
        progress: called now and then.
        tell: receives a sentence where the file has several frames.

    Raises:
        ValueError: an unreadable structure, an element the model does not know, a charge or spin it needs and does
            not get, a folder that is not empty.
    """
    choices, folder = choices or Simulation(), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(
            f"{folder} is not empty. Nothing was touched: choose another folder, or --resume the run in it."
        )
    potential = cast(with_long_range(load(model), **dict(long_range or {})), choices.precision)
    atoms, frames = read_structure(structure, frame), frames_in(structure)
    if frames > 1:
        tell(f"Starts from frame {frame % frames} of {frames} in {structure}, counted from 0.")
    atoms.info |= dict(electrons or {})
    check_system(potential, to_system(atoms))
    check_electrons(potential, to_system(atoms))
    record = Record(directory=folder, every=choices.every)
    ensemble, steps = choices.make_ensemble(), choices.steps
    return run(potential, atoms, ensemble, steps, choices.timestep_fs, choices.seed, record, progress)


def go_on(
    model: str | Path,
    folder: str | Path,
    time_ps: float | int | None = None,
    precision: str | None = None,
    long_range: Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Resume the run in a folder, bit for bit, to its end or to a later one (`time_ps` since its start).

    The precision is that of the run; `long_range` must be given again as it was.

    Raises:
        ValueError: what `eukrates.dynamics.resume` refuses, another precision, a time that is not finite and positive.
    """
    told = read_settings(Path(folder))
    before = told["potential"].get("precision", precision or "float32")
    if precision not in (None, before):
        raise ValueError(f"{folder} was run in {before} and cannot go on in {precision}. Leave the precision out.")
    if time_ps is not None and not _possible(time_ps):
        raise ValueError(f"Expected a time (ps), finite and above 0, got {time_ps}.")
    steps = None if time_ps is None else round(1000 * time_ps / told["timestep_fs"])
    return resume(cast(with_long_range(load(model), **dict(long_range or {})), before), folder, steps, progress)


def _possible(value: float | int) -> bool:
    return math.isfinite(value) and value > 0

"""The configuration of a run of molecular dynamics: `Simulation` and three paths, spelled as data."""

import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Annotated, Any

from pydantic import Field, create_model

from eukrates.app.configuration import AtHome
from eukrates.app.configuration_file import configuration, read_yaml
from eukrates.app.derived import Settings, settings_of
from eukrates.app.simulation_choices import Simulation

Endless: Any = Annotated[float, Field(allow_inf_nan=True)]
PATHS = ("model", "structure", "folder")


class _Run(Settings):
    @property
    def choices(self) -> Simulation:
        """The choices of the run."""
        values = ((field.name, getattr(self, field.name)) for field in fields(Simulation))
        return Simulation(**{name: v.make() if isinstance(v, Settings) else v for name, v in values})

    def make(self) -> Simulation:
        return self.choices

    def as_dict(self) -> dict[str, Any]:
        """Plain data that makes an equal configuration; files by their whole paths, defaults written out."""
        told = {name: os.path.abspath(getattr(self, name)) for name in PATHS}
        return told | self.make().as_dict() | {"report": self.report}  # type: ignore[reportAttributeAccessIssue]


def _path(meaning: str, default: Any = ...) -> Any:
    return Annotated[str, Field(min_length=1), AtHome], Field(default=default, description=meaning)


def _run_section() -> type[_Run]:
    made: dict[str, Any] = {
        "model": _path("the model file."),
        "structure": _path("any file that ASE reads; velocities in it are used."),
        "folder": _path("where everything is written.", "md"),
    }
    made |= {name: (field.annotation, field) for name, field in settings_of(Simulation).model_fields.items()}
    far = made["far_cutoff"][1]
    made["far_cutoff"] = (Endless | None, far)  # infinity: all pairs
    meaning = "make report.html at the end."
    made["report"] = (bool, Field(default=True, strict=True, description=meaning))
    section = create_model("RunConfiguration", __base__=_Run, __doc__="Everything about one run.", **made)
    section._constructor = Simulation
    return section


RunConfiguration = _run_section()


def run_configuration(
    model: str | os.PathLike,
    structure: str | os.PathLike,
    folder: str | os.PathLike,
    choices: Simulation | None = None,
    report: bool = True,
) -> Any:
    """The configuration of a run that was put together in Python."""
    chosen = choices or Simulation()
    told = {field.name: getattr(chosen, field.name) for field in fields(Simulation)} | {"watch": asdict(chosen.watch)}
    paths = {"model": str(model), "structure": str(structure), "folder": str(folder)}
    return configuration(told | paths | {"report": report}, "the run", RunConfiguration)


def read_run(path: str | os.PathLike | None, given: Mapping[str, Any] | None = None) -> Any:
    """The configuration in a YAML file, in which what is `given` takes the place of what stands there.

    Raises:
        ConfigurationError: no such file, not YAML, a repeated or unknown key, a value that cannot be.
    """
    if path is None:
        return configuration(dict(given or {}), "The command", RunConfiguration)
    content, lines = read_yaml(path, RunConfiguration)
    if given and isinstance(content, Mapping):
        content = {**content, **{name: merged(content.get(name), value) for name, value in given.items()}}
        lines = {place: line for place, line in lines.items() if place[0] not in given}
    return configuration(content, str(path), RunConfiguration, lines)


def merged(there: Any, here: Any) -> Any:
    """What stands `here` instead of what was `there`; of two mappings, entry by entry."""
    return {**there, **here} if isinstance(there, Mapping) and isinstance(here, Mapping) else here


def differences(there: Any, here: Any) -> list[str]:
    """What makes two configurations different runs; the length, the folder and the place of the model do not."""
    a, b = there.as_dict(), here.as_dict()
    free = ("time_ps", "folder", "model", "report")
    names = [name for name in {**a, **b} if name not in free and a.get(name) != b.get(name)]
    return [f"{name} ({a.get(name)!r} there, {b.get(name)!r} here)" for name in names]

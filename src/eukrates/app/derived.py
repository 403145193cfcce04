"""Pydantic models made from constructors, so that names, types, defaults and meanings are written once."""

import dataclasses
import inspect
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator


class Section(BaseModel):
    """A part of a configuration: unknown keys fail, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _nothing_said_is_default(cls, given):
        """A key with nothing after it, where a section should stand, means its defaults."""
        if not isinstance(given, Mapping):
            return given
        empty = [name for name, value in given.items() if value is None and _is_section(cls, name)]
        return {**given, **{name: {} for name in empty}}


class Settings(Section):
    """A section that is the constructor call of a dataclass, checked by that constructor."""

    _constructor: typing.ClassVar[type]

    def make(self) -> Any:
        """The object that these settings describe."""
        values = ((name, getattr(self, name)) for name in type(self).model_fields)
        return self._constructor(**{name: v.make() if isinstance(v, Settings) else v for name, v in values})

    @model_validator(mode="after")
    def _checked(self):
        self.make()
        return self


def settings_of(kind: type) -> type[Settings]:
    """The section for a dataclass; fields that are dataclasses become sections too."""
    fields = {}
    hints, meanings = typing.get_type_hints(kind), argument_meanings(kind)
    for field in dataclasses.fields(kind):
        hint, default = hints[field.name], _default(field)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            inner = settings_of(hint)
            fields[field.name] = (inner, Field(default_factory=inner))
        else:
            fields[field.name] = (hint, _field(hint, default, meanings.get(field.name)))
    made = create_model(f"{kind.__name__}Settings", __base__=Settings, __doc__=_summary(kind), **fields)
    made._constructor = kind
    return made


def options_of(
    kind: type, leave_out: Iterable[str] = (), from_data: Iterable[str] = (), replaced: Mapping[str, Any] | None = None
) -> type[Section]:
    """The section for the constructor arguments of any class.

    Args:
        kind: the class.
        leave_out: arguments that do not belong into a configuration.
        from_data: arguments that are taken from the data where the configuration leaves them out.
        replaced: argument → annotation to use instead of the constructor's.
    """
    fields = {}
    hints, meanings = typing.get_type_hints(kind.__init__) | dict(replaced or {}), argument_meanings(kind)
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in leave_out:
            continue
        hint, meaning = hints[name], meanings.get(name, "")
        if name in from_data:
            fields[name] = (hint, Field(default=None, description=f"{meaning} Default: from the data.".strip()))
        else:
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[name] = (hint, _field(hint, default, meaning or None))
    return create_model(f"{kind.__name__}Options", __base__=Section, __doc__=_summary(kind), **fields)


def argument_meanings(kind: type) -> dict[str, str]:
    """What the "Args:" of a docstring say, by argument; "layers, heads: of the transformer." explains both."""
    lines = (inspect.getdoc(kind) or "").partition("Args:\n")[2].splitlines()
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        if not line.startswith("    "):
            break
        head, colon, rest = line.partition(":")
        if not line.startswith("     ") and colon:
            names = [name.strip() for name in head.split(",")]
            found |= dict.fromkeys(names, rest.strip())
        else:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def _is_section(section: type[BaseModel], name: str) -> bool:
    hint = section.model_fields[name].annotation if name in section.model_fields else None
    return isinstance(hint, type) and not typing.get_args(hint) and issubclass(hint, Section)


def _summary(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


def _default(field: dataclasses.Field) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return ... if field.default is dataclasses.MISSING else field.default


def _field(hint, default, meaning: str | None):
    whole = hint in (int, bool) or set(typing.get_args(hint)) == {int, type(None)}
    return Field(default=default, description=meaning, strict=True if whole else None)  # "no" is not 0, 1.5 is not 1

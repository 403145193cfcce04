"""A YAML file → `Configuration`, or another section. Mistakes are found before anything else happens, and named with
their lines and the right words."""

import os
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from eukrates.app.configuration import Configuration
from eukrates.app.derived import Section
from eukrates.near_miss import near_miss

Made = TypeVar("Made", bound=Section)
Place = tuple[str, ...]
Lines = Mapping[Place, int]


class ConfigurationError(ValueError):
    """A configuration that cannot be meant as it stands; the message lists every mistake."""


class _Loader(yaml.SafeLoader):
    """YAML without repeated keys, which would silently override each other."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ConfigurationError(f"line {line}: {key!r} is there twice. Keep one of them.")
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: str | os.PathLike, kind: type[Section] = Configuration) -> tuple[Any, Lines]:
    """What is in a file, and at which line each of its keys stands.

    Raises:
        ConfigurationError: no such file, not YAML, a repeated key.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigurationError(f"There is no configuration {path}. {_begin(kind, path)}")
    try:
        text = path.read_text(encoding="utf-8")
        return yaml.load(text, _Loader), dict(_lines(yaml.compose(text, yaml.SafeLoader)))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no configuration, since it is not readable YAML: {error}") from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}, {error}") from None


def read_configuration(path: str | os.PathLike) -> Configuration:
    """The configuration of a training in a YAML file.

    Raises:
        ConfigurationError: no such file, not YAML, a repeated or unknown key, a value that cannot be.
    """
    content, lines = read_yaml(path)
    return configuration(content, str(path), Configuration, lines)


def configuration(
    content: Any, source: str = "configuration", kind: type[Made] = Configuration, lines: Lines | None = None
) -> Made:
    """The configuration made of plain data, a mapping; raises as `read_configuration`.

    Args:
        content: the data.
        source: their name in errors.
        kind: what they configure.
        lines: where each key stands, see `read_yaml`.
    """
    if not isinstance(content, Mapping):
        expected = ", ".join(list(kind.model_fields)[:3])
        raise ConfigurationError(
            f"{source} is no configuration: expected `key: value` pairs ({expected}, …), got "
            f"{shortened(repr(content))}. {_begin(kind)}"
        )
    try:
        return kind.model_validate(dict(content))
    except ValidationError as error:
        mistakes = list(_mistakes(error, kind, lines or {}))
        many = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
        raise ConfigurationError("\n".join([f"{source} has {many}. Nothing was computed.", *mistakes])) from None


def as_yaml(settings: Any) -> str:
    """The text of a file that is read as an equal configuration; `settings` has an `as_dict`."""
    return yaml.safe_dump(settings.as_dict(), sort_keys=False, allow_unicode=True)


def _begin(kind: type[Section], path: Path | None = None) -> str:
    """How to get a configuration of this kind."""
    option = "" if kind is Configuration else " --active" if "labeller" in kind.model_fields else " --md"
    return f"`eukrates init{'' if path is None else f' {path}'}{option}` writes one to start from."


def _lines(node: yaml.Node | None, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """(place, line) of every key and of every entry of a list, depth first."""
    if isinstance(node, yaml.MappingNode):
        entries = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        entries = [(str(n), value, value) for n, value in enumerate(node.value)]
    else:
        return
    for name, there, value in entries:
        yield (*place, name), there.start_mark.line + 1
        yield from _lines(value, (*place, name))


def _mistakes(error: ValidationError, kind: type[Section], lines: Lines) -> Iterator[str]:
    """One line for each place; alternatives of one value are joined."""
    found: dict[Place, list[str]] = {}
    for one in error.errors():
        place = tuple(str(part) for part in one["loc"] if not _names_a_type(part))
        found.setdefault(place, []).append(_sentence(one, kind))
    for place, sentences in found.items():
        line = _line_of(place, sentences, lines)
        where = "" if line is None else f" (line {line})"
        yield f"  {'.'.join(place) or 'configuration'}{where}: {', or '.join(dict.fromkeys(sentences))}"


def _line_of(place: Place, sentences: list[str], lines: Lines) -> int | None:
    """The line of a place or of what holds it; of a section as a whole, that of the first key that is spoken of."""
    words = set(re.findall(r"\w+", " ".join(sentences)))
    spoken_of = (line for there, line in lines.items() if there[:-1] == place and there[-1] in words)
    above = (lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines)
    return next(spoken_of, None) or next(above, None)


def _sentence(one: Mapping[str, Any], kind: type[Section]) -> str:
    if one["type"] == "extra_forbidden":
        known = tuple(_section(one["loc"][:-1], kind).model_fields)
        name = str(one["loc"][-1])
        places = [place for place, fields in _sections(kind) if name in fields]
        hint = f". It belongs in {' or '.join(places)}." if places else near_miss(name, known)
        return f"unknown key{hint} Known here: {', '.join(known)}."
    if one["type"] == "missing":
        return "is missing; it has no default"
    words = one["msg"].removeprefix("Value error, ")
    return (
        words
        if one["type"] == "value_error"
        else f"{words[:1].lower()}{words[1:]}, got {shortened(repr(one['input']))}"
    )


def shortened(text: str, most: int = 60) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _names_a_type(part) -> bool:
    return isinstance(part, str) and (part in ("str", "int", "float", "bool") or "[" in part)


def _section(place, top: type[BaseModel]) -> type[BaseModel]:
    """The section that stands at a place of the configuration."""
    here = top
    for part in place:
        if isinstance(part, str) and part in here.model_fields:
            here = _inner(here.model_fields[part].annotation) or here
    return here


def _sections(top: type[BaseModel], path: str = "", above: tuple = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(place, names of the fields there), depth first; models inside models are not entered."""
    yield path or "the top level", tuple(top.model_fields)
    for name, field in top.model_fields.items():
        inner = _inner(field.annotation)
        if inner is not None and inner not in above:
            yield from _sections(inner, f"{path}.{name}".lstrip("."), (*above, top))


def _inner(hint) -> type[BaseModel] | None:
    """The section inside an annotation such as `Section | None` or `list[Section]`."""
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint if issubclass(hint, BaseModel) else None
    return next((found for arg in typing.get_args(hint) if (found := _inner(arg)) is not None), None)

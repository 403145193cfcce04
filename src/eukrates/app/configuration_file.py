"""A YAML file → `Configuration`. Mistakes are found before anything else happens, and named with the right word."""

import os
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from eukrates.app.configuration import Configuration
from eukrates.near_miss import near_miss


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


def read_configuration(path: str | os.PathLike) -> Configuration:
    """The configuration in a YAML file.

    Raises:
        ConfigurationError: no such file, not YAML, a repeated or unknown key, a value that cannot be.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigurationError(f"There is no configuration {path}. `eukrates init {path}` writes one to start from.")
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no configuration, since it is not readable YAML: {error}") from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}, {error}") from None
    return configuration(content, str(path))


def configuration(content: Any, source: str = "configuration") -> Configuration:
    """The configuration made of plain data, a mapping; raises as `read_configuration`, with `source` as its name."""
    if not isinstance(content, Mapping):
        raise ConfigurationError(
            f"{source} is no configuration: expected `key: value` pairs (data, model, training, …), got "
            f"{shortened(repr(content))}. `eukrates init` writes one to start from."
        )
    try:
        return Configuration.model_validate(dict(content))
    except ValidationError as error:
        mistakes = list(_mistakes(error))
        many = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
        raise ConfigurationError("\n".join([f"{source} has {many}. Nothing was computed.", *mistakes])) from None


def as_yaml(settings: Configuration) -> str:
    """The text of a file that `read_configuration` turns into an equal configuration."""
    return yaml.safe_dump(settings.as_dict(), sort_keys=False, allow_unicode=True)


def _mistakes(error: ValidationError) -> Iterator[str]:
    """One line for each place; alternatives of one value are joined."""
    found: dict[str, list[str]] = {}
    for one in error.errors():
        place = ".".join(str(part) for part in one["loc"] if not _names_a_type(part))
        found.setdefault(place or "configuration", []).append(_sentence(one))
    for place, sentences in found.items():
        yield f"  {place}: {', or '.join(dict.fromkeys(sentences))}"


def _sentence(one: Mapping[str, Any]) -> str:
    if one["type"] == "extra_forbidden":
        known = tuple(_section(one["loc"][:-1]).model_fields)
        name = str(one["loc"][-1])
        places = [place for place, fields in _sections(Configuration) if name in fields]
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


def _section(place) -> type[BaseModel]:
    """The section that stands at a place of the configuration."""
    here: type[BaseModel] = Configuration
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

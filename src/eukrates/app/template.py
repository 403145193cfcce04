"""A commented configuration to start from, and its JSON schema: written by the models, so never outdated."""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field, create_model
from pydantic_core import PydanticUndefined

from eukrates.app.active_configuration import ActiveConfiguration
from eukrates.app.configuration import Configuration, Model
from eukrates.app.simulation_configuration import RunConfiguration

HEAD = """\
# One training run:  eukrates train {name}
# Only data.train must be given. All other values are defaults; what is commented out comes from the data, or is off.
"""
WIDTH = 118


MD_HEAD = """\
# One run of molecular dynamics:  eukrates md {name}
# Only model and structure must be given. All other values are defaults; what is commented out is chosen by the
# ensemble, the structure file or the model.

"""


ACTIVE_HEAD = """\
# One loop of active learning:  eukrates active {name}
# Only structures and labeller must be given. All other values are defaults; what is commented out is off.
"""


def template(name: str = "config.yaml", train: str = "train.extxyz") -> str:
    """The text of a configuration with every option, its default and its meaning."""
    return HEAD.format(name=name) + "\n".join(_lines(Configuration, {"data": {"train": train}})) + "\n"


def md_template(name: str = "run.yaml", model: str = "model.safetensors", structure: str = "start.xyz") -> str:
    """The same for a run of molecular dynamics."""
    lines = _lines(RunConfiguration, {"model": model, "structure": structure})
    return MD_HEAD.format(name=name) + "\n".join(line for line in lines if line) + "\n"


def active_template(name: str = "active.yaml", structures: str = "start.extxyz") -> str:
    """The same for active learning."""
    return ACTIVE_HEAD.format(name=name) + "\n".join(_lines(ActiveConfiguration, {"structures": structures})) + "\n"


def schema(kind: type[BaseModel] = Configuration) -> str:
    """The JSON schema of a configuration, for editors."""
    return json.dumps(kind.model_json_schema(), indent=2, ensure_ascii=False)


def _lines(section: type[BaseModel], given: dict[str, Any], indent: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner = _section_of(field)
        meaning = field.description or ""
        if not indent:
            yield ""
        if inner is None:
            value = given.get(name, field.get_default(call_default_factory=True))
            yield from _entry(indent, name, value, meaning)
            continue
        words = meaning or (inner.__doc__ or "")
        off = field.default is None
        yield from _comment(words, indent)
        yield f"{indent}{'# ' if off else ''}{name}:"
        deeper = _lines(inner, given.get(name, {}), indent + "  ")
        yield from (f"{indent}# {_bare(line[len(indent) :])}" for line in deeper) if off else deeper


def _section_of(field) -> type[BaseModel] | None:
    """The section to write out under a field; of the catalogue of models only the first."""
    if field.annotation is Model:
        return _first_model()
    kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _first_model() -> type[BaseModel]:
    name, field = next(iter(Model.model_fields.items()))
    options = field.annotation.__args__[0]  # type: ignore[union-attr]
    fields: dict[str, Any] = {name: (options, Field(description=options.__doc__))}
    return create_model("Model", **fields)


def _entry(indent: str, name: str, value: Any, meaning: str) -> Iterator[str]:
    off = value is None or value is PydanticUndefined
    text = f"{indent}{'# ' if off else ''}{name}:" + ("" if off else f" {_scalar(value)}")
    if meaning and len(text) + len(meaning) + 4 <= WIDTH:
        yield f"{text}  # {_in_yaml(meaning)}"
        return
    yield from _comment(meaning, indent)
    yield text


def _comment(words: str, indent: str) -> Iterator[str]:
    for line in textwrap.wrap(" ".join(_in_yaml(words).split()), WIDTH - len(indent) - 2):
        yield f"{indent}# {line}"


def _bare(line: str) -> str:
    """A line of a section that is commented out as a whole, without a comment sign of its own."""
    text = line.lstrip()
    return line[: len(line) - len(text)] + text.removeprefix("# ")


def _in_yaml(words: str) -> str:
    """Values as YAML spells them."""
    return re.sub(r"\bNone\b", "null", words).replace("()", "[]")


def _scalar(value: Any) -> str:
    """JSON is YAML; a plain word needs no quotes."""
    plain = isinstance(value, str) and value.replace("_", "").replace(".", "").replace("/", "").isalnum()
    return value if plain else json.dumps(list(value) if isinstance(value, tuple) else value)

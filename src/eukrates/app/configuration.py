"""The configuration of a training: constructor calls spelled as data. A YAML file and Python make the same object."""

import os
from typing import Annotated, Any, Literal, get_args, get_type_hints

import equinox as eqx
import jax
from pydantic import AfterValidator, Field, PositiveInt, create_model, field_validator, model_validator

from eukrates.app.derived import Section, options_of, settings_of
from eukrates.data import Units
from eukrates.data.keys import CANDIDATES
from eukrates.elements import SYMBOLS, number
from eukrates.models.catalogue import CATALOGUE, build
from eukrates.near_miss import near_miss
from eukrates.potential import Potential, ensemble_of
from eukrates.training import Plan

FROM_DATA = ("elements", "scale", "neighbours")  # arguments of models that the data know better
PlanSettings = settings_of(Plan)
UnitsSettings = settings_of(Units)


def _at_home(value: Any) -> Any:
    """ "~/run" → "/home/me/run": no shell has seen what stands in a file."""
    if isinstance(value, list):
        return [_at_home(one) for one in value]
    return os.path.expanduser(value) if isinstance(value, str) else value


AtHome = AfterValidator(_at_home)
File = Annotated[str | list[str], Field(min_length=1), AtHome]
Part = Annotated[str | list[str] | int | float, Field(union_mode="smart"), AtHome]


class Data(Section):
    """Files, and which of their structures train, validate and test. Free atoms give E0 and are in no part."""

    train: File = Field(description="a file, or a list of files: anything that ASE reads, .npz, or our .h5.")
    valid: Part = Field(default=0.1, description="a file, or how much of `train`: a count, or a fraction below 1.")
    test: Part | None = Field(default=None, description="the same, for the last word; default: none.")
    size: PositiveInt | None = Field(
        default=None, description="structures to train on, drawn at random; default: all that are left."
    )
    keys: dict[str, str | None] = Field(
        default_factory=dict, description="label: its name in the files. Default: detected and printed."
    )
    units: UnitsSettings | None = Field(  # type: ignore[valid-type]
        default=None, description="units of the files. Default: eV and Angstrom; .npz files must say."
    )
    charge: float | None = Field(
        default=None, description="total charge in e of structures that do not state it; models that read it need it."
    )
    spin: float | None = Field(
        default=None, ge=0, description="unpaired electrons of structures that do not state them; 0: closed shells."
    )
    seed: int = Field(default=0, ge=0, strict=True, description="of the random split.")
    incomplete: bool = Field(
        default=False, strict=True, description="train although some structures lack a label; they do not count for it."
    )

    @field_validator("keys")
    @classmethod
    def _known_labels(cls, keys: dict) -> dict:
        for label in keys:
            if label not in CANDIDATES:
                raise ValueError(
                    f"unknown label {label!r}{near_miss(label, CANDIDATES)} Known: {', '.join(CANDIDATES)}."
                )
        return keys

    @field_validator("valid", "test")
    @classmethod
    def _sensible_part(cls, part):
        if isinstance(part, bool) or (
            isinstance(part, int | float) and not (part >= 1 and part == int(part)) and not 0 < part < 1
        ):
            raise ValueError(f"expected a file, a count (1, 2, …) or a fraction between 0 and 1, got {part!r}")
        return part


class Card(Section):
    """What the model file says about where it comes from. Say the level of theory: without it energies mean nothing."""

    level_of_theory: str | None = Field(default=None, description='for example "PBE0/def2-TZVP".')
    licence: str | None = Field(
        default=None, description='for example "CC0-1.0"; without one nobody may use the model.'
    )
    authors: str | None = Field(default=None, description="who made the model.")
    citation: str | None = Field(default=None, description="what to cite where it is used.")
    description: str | None = Field(default=None, description="what it is for.")


class _Model(Section):
    @model_validator(mode="after")
    def _one_name(self):
        if len(self.model_fields_set) != 1:
            given = ", ".join(sorted(self.model_fields_set)) or "none"
            raise ValueError(f"expected exactly one of {', '.join(CATALOGUE)}; given: {given}")
        return self

    @property
    def spec(self) -> dict[str, dict[str, Any]]:
        """{name: {argument: value}} with what was given and nothing else: what `eukrates.models.build` takes."""
        (name,) = self.model_fields_set
        options = getattr(self, name)
        given = () if options is None else (n for n in type(options).model_fields if n in options.model_fields_set)
        return {name: {option: _as_spec(getattr(options, option)) for option in given}}


def _as_spec(value):
    if isinstance(value, list | tuple):
        return [_as_spec(v) for v in value]
    return value.spec if isinstance(value, _Model) else value


def _inner_models(kind: type[Potential]) -> dict[str, Any]:
    """Arguments that are potentials, or several: a model stands there in the configuration."""
    single = lambda hint: isinstance(hint, type) and not get_args(hint) and issubclass(hint, Potential)
    hints = get_type_hints(kind.__init__)
    found: dict[str, Any] = {name: "Model" for name, hint in hints.items() if single(hint)}
    return found | {n: list["Model"] for n, h in hints.items() if any(map(single, get_args(h)))}  # type: ignore


def _model_section() -> type[_Model]:
    kinds = {}
    for name, kind in CATALOGUE.items():
        options = options_of(kind, ("key", "e0"), FROM_DATA, _inner_models(kind))
        kinds[name] = (options | None, Field(default=None, description=options.__doc__))
    return create_model("Model", __base__=_Model, __doc__="One model of the catalogue with its options.", **kinds)


Model = _model_section()
for _options in Model.model_fields.values():
    _options.annotation.__args__[0].model_rebuild(_types_namespace={"Model": Model})  # type: ignore[union-attr]
Model.model_rebuild(force=True)


class Configuration(Section):
    """Everything about one training run."""

    data: Data
    start: Annotated[str, Field(min_length=1), AtHome] | None = Field(
        default=None,
        description="a model file to go on from, in the place of `model`: fine-tuning. `training.move` says which of "
        "its parameters change.",
    )
    reset: tuple[str, ...] = Field(
        default=(),
        description="with `start`: names of its parameters that begin anew, spelled as in `training.move`.",
    )
    members: PositiveInt = Field(
        default=1, description="potentials of an ensemble, each with its own first weights, trained in one run."
    )
    e0: Literal["auto", "keep", "atoms"] | dict[str, float] = Field(
        default="auto",
        description="Energies of free atoms in eV, {H: -13.6, …}. What is not given is taken from free atoms in the "
        "data, else fitted by least squares; with `start` those of the start model are shifted by least squares of "
        "what it leaves. atoms: free atoms in the data and nothing else; keep: those of the start model. The source "
        "is printed.",
    )
    model: Model = Field(default_factory=lambda: Model(so3krates=None))  # type: ignore[valid-type]
    training: PlanSettings = Field(default_factory=PlanSettings)  # type: ignore[valid-type]
    folder: Annotated[str, AtHome] = Field(default="run", min_length=1, description="where everything is written.")
    card: Card = Field(default_factory=Card)

    @field_validator("e0")
    @classmethod
    def _known_symbols(cls, e0, info):
        for symbol in () if isinstance(e0, str) else e0:
            number(symbol)
        if e0 == "keep" and not info.data.get("start"):
            raise ValueError("keep means the energies of a start model; name its file with start: FILE, or say auto")
        return e0

    @field_validator("reset", "members")
    @classmethod
    def _start_has_its_members(cls, value, info):
        start = info.data.get("start")
        if info.field_name == "reset" and value and not start:
            raise ValueError("there is no start model whose parameters could begin anew; name one with start: FILE")
        if info.field_name == "members" and value > 1 and start:
            raise ValueError("the members are in the file of start; leave out one of the two")
        return value

    @field_validator("model")
    @classmethod
    def _possible_model(cls, model, info):
        if info.data.get("start"):
            raise ValueError("the model is in the file of start; leave out one of the two")
        stand_ins = {"elements": ("H",), "e0": dict.fromkeys(SYMBOLS[1:], 0.0), "scale": 1.0, "neighbours": 1.0}
        eqx.filter_eval_shape(lambda: build(model.spec, **stand_ins, key=jax.random.key(0)))
        return model

    @property
    def plan(self) -> Plan:
        """The plan of the training."""
        return self.training.make()

    @property
    def given_e0(self) -> dict[str, float]:
        """The free-atom energies that the configuration states."""
        return {} if isinstance(self.e0, str) else dict(self.e0)

    @property
    def model_in_words(self) -> str:
        """The start model, or the model with the options that were given."""
        if self.start is not None:
            return f"start model {self.start}"
        ((name, options),) = self.model.spec.items()
        several = f"{self.members} times " * (self.members > 1)
        return several + f"{name} ({', '.join(f'{key} {value}' for key, value in options.items()) or 'defaults'})"

    def potential(self, **from_data) -> Potential:
        """The model with its first weights; `from_data` fills what the configuration leaves open."""
        key = jax.random.key(self.training.seed)
        keys = [key] if self.members == 1 else jax.random.split(key, self.members)
        return ensemble_of([build(self.model.spec, **from_data, key=one) for one in keys])

    def as_dict(self) -> dict[str, Any]:
        """Plain data that makes an equal configuration; defaults are written out, except those of the model."""
        whole = self.model_dump(mode="json", exclude={"model"})
        return whole if self.start is not None else whole | {"model": self.model.spec}

"""The configuration of active learning: a YAML file and Python make the same object."""

from typing import Annotated, Any

from pydantic import Field, PositiveInt, field_validator

from eukrates.active import Dimers, Dynamics, Modes, Policy, Torsions
from eukrates.app.configuration import AtHome, Card, Configuration, File, Model, PlanSettings
from eukrates.app.derived import Section, settings_of

SAMPLERS = {"dynamics": Dynamics, "modes": Modes, "torsions": Torsions, "dimers": Dimers}


class Sampling(Section):
    """Where new structures come from: the samplers that are named; none: dynamics as it comes."""

    dynamics: settings_of(Dynamics) | None = Field(default=None, description="molecular dynamics.")  # type: ignore
    modes: settings_of(Modes) | None = Field(default=None, description="normal modes.")  # type: ignore
    torsions: settings_of(Torsions) | None = Field(default=None, description="turned bonds.")  # type: ignore
    dimers: settings_of(Dimers) | None = Field(default=None, description="pairs of molecules.")  # type: ignore

    @property
    def made(self) -> tuple[Any, ...]:
        """The samplers, in the order of this section."""
        named = [getattr(self, name).make() for name in SAMPLERS if getattr(self, name) is not None]
        return tuple(named) or (Dynamics(),)


class ActiveConfiguration(Section):
    """Everything about one loop of active learning."""

    structures: File = Field(description="files with the structures to begin with; their labels are not looked at.")
    labeller: str = Field(description="gfn2, pyscf:PBE0/def2-svp, … as `eukrates label --with` has them.")
    charge: int | None = Field(default=None, description="e, of every structure, instead of what the files state.")
    spin: int | None = Field(default=None, ge=0, description="unpaired electrons of every structure, likewise.")
    processes: PositiveInt = Field(default=1, description="labels made at once, one thread each.")
    sampling: Sampling = Field(default_factory=Sampling)
    policy: settings_of(Policy) = Field(default_factory=settings_of(Policy))  # type: ignore
    model: Model = Field(default_factory=lambda: Model(so3krates=None))  # type: ignore[valid-type]
    members: int = Field(default=4, ge=2, description="of the ensemble.")
    training: PlanSettings = Field(  # type: ignore[valid-type]
        default_factory=PlanSettings,
        description="epochs are those on all labels that are allowed; fewer labels are gone over more often.",
    )
    valid: float = Field(default=0.15, gt=0, lt=1, description="share of the labels that validates and calibrates.")
    test: Annotated[str, AtHome] | None = Field(
        default=None, description="file of labelled structures on which every generation is judged."
    )
    folder: Annotated[str, AtHome] = Field(default="active", min_length=1, description="where everything is written.")
    card: Card = Field(default_factory=Card)

    @field_validator("labeller")
    @classmethod
    def _known_labeller(cls, name):
        from eukrates.app.labelling import labeller

        labeller(name)
        return name

    def training_on(self, files: list[str], folder: str, level: str, labels: int) -> Configuration:
        """The configuration of the training of one generation, whose labels are of a level of theory.

        It takes about as many steps on few labels as on all that are allowed: ANI on 50 structures of one molecule
        had 173 instead of 214 meV/Å after 4000 instead of 600.
        """
        shared = self.model_dump(mode="json", include={"members", "training"})
        often = self.policy.labels / labels
        shared["training"] |= {
            name: max(1, round(often * shared["training"][name])) for name in ("epochs", "validate_every")
        }
        data = {"train": files, "valid": self.valid, "seed": self.training.seed}
        card = {name: value for name, value in self.card.model_dump().items() if value is not None}
        return Configuration.model_validate(
            shared
            | {"data": data | ({"test": self.test} if self.test else {}), "model": self.model.spec, "folder": folder}
            | {"card": {"level_of_theory": level} | card}
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data that makes an equal configuration; defaults are written out, except those of the model."""
        return self.model_dump(mode="json", exclude={"model"}) | {"model": self.model.spec}

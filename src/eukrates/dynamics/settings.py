"""What a run was told, checked, and as it stands in `settings.json`."""

import hashlib
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np

from eukrates.dynamics.clusters import from_json
from eukrates.dynamics.constraints import Constraints
from eukrates.dynamics.ensembles import Ensemble, from_mapping, to_mapping
from eukrates.dynamics.watch import Watch
from eukrates.elements import formula
from eukrates.matter import System, system
from eukrates.numerics import expect_precision, is_float
from eukrates.potential import Potential
from eukrates.version import __version__

LONGEST_STEP_FS = 20.0
RECORDABLE = ("velocities", "forces", "charges")


@dataclass(frozen=True)
class Record:
    """What is looked at during a run: what is written down, and what the run is stopped for.

    Args:
        directory: where settings.json, log.jsonl, trajectory.h5, trajectory.extxyz and checkpoint.npz go; None: frames
            stay in memory.
        every: steps between frames.
        what: of "velocities", "forces" and "charges" (of potentials that know them), besides the positions.
        precision: "float32" or "float64", of what trajectory.h5 records per atom.
        watch: collisions and broken bonds to stop for.
    """

    directory: str | Path | None = None
    every: int = 20
    what: tuple[str, ...] = ("velocities", "forces")
    precision: str = "float32"
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self):
        object.__setattr__(self, "every", whole("every", self.every, 1))
        if unknown := sorted(set(self.what) - set(RECORDABLE)):
            raise ValueError(f"Cannot record {', '.join(unknown)}. Known: {', '.join(RECORDABLE)}.")
        expect_precision(self.precision)


@dataclass(frozen=True)
class Settings:
    """All that determines a run besides the potential's numbers; equal settings on one machine give equal runs."""

    potential: dict[str, Any]  # see `identity`
    ensemble: Ensemble
    steps: int
    timestep_fs: float
    seed: int
    record: Record
    structure: System = field(repr=False)
    masses: np.ndarray = field(repr=False)  # u
    freedom: int  # degrees of freedom
    skin: float  # Å
    constraints: Constraints | None = field(default=None, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "steps", whole("steps", self.steps, 0))
        object.__setattr__(self, "seed", whole("seed", self.seed))
        if not 0 < self.timestep_fs <= LONGEST_STEP_FS:
            raise ValueError(
                f"Expected timestep_fs above 0 and at most {LONGEST_STEP_FS} fs, got {self.timestep_fs!r}."
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values for `settings.json`."""
        s = self.structure
        record = asdict(self.record) | {"what": list(self.record.what)}
        record.pop("directory")
        stated = {k: None if getattr(s, k) is None else float(getattr(s, k)[0]) for k in ("charge", "spin")}
        return {
            "eukrates": __version__,
            "units": "eV, Å, e, u; others in the names",
            "potential": self.potential,
            "ensemble": to_mapping(self.ensemble),
            "steps": self.steps,
            "timestep_fs": self.timestep_fs,
            "seed": self.seed,
            "record": record,
            "formula": formula(s.numbers),
            "degrees_of_freedom": self.freedom,
            "skin": self.skin,
            "system": {
                "numbers": s.numbers.tolist(),
                "positions": s.positions.tolist(),
                "cell": s.cell[0].tolist(),
                **stated,
            },
            "masses": self.masses.tolist(),
            "constraints": None if self.constraints is None else self.constraints.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any], directory: Path) -> "Settings":
        """Back from `settings.json`.

        Raises:
            ValueError: an earlier version wrote it.
        """
        if "watch" not in data["record"] or "positions" not in data["system"]:
            raise ValueError(
                f"The run in {directory} was begun by version {data.get('eukrates')}, in a way that this one cannot go "
                "on with. Its frames can be read; start a new run from the last of them."
            )
        ensemble, s = from_mapping(data["ensemble"]), data["system"]
        lists = {"what": tuple(data["record"]["what"]), "watch": Watch(**data["record"]["watch"])}
        record = Record(**(data["record"] | lists | {"directory": directory}))
        structure = system(
            np.array(s["numbers"]), np.array(s["positions"]), np.array(s["cell"]), None, s["charge"], s["spin"]
        )
        plain = {k: data[k] for k in ("potential", "steps", "timestep_fs", "seed", "skin")}
        masses, freedom, held = np.array(data["masses"]), data["degrees_of_freedom"], data.get("constraints")
        plain["constraints"] = None if held is None else from_json(held, structure, masses)
        return cls(ensemble=ensemble, record=record, structure=structure, masses=masses, freedom=freedom, **plain)


def whole(name: str, value: Any, least: int | None = None) -> int:
    """`value` as an int, if it is one.

    Raises:
        ValueError: it is none, or below `least`.
    """
    if int(value) != value or (least is not None and value < least):
        raise ValueError(
            f"Expected {name} to be a whole number{'' if least is None else f' ≥ {least}'}, got {value!r}."
        )
    return int(value)


def identity(potential: Potential) -> dict[str, Any]:
    """What a potential is, well enough to notice that another is given: its class, precision, and a digest of all it
    holds."""
    shape = re.sub(r"0x[0-9a-f]+", "", str(jax.tree.structure(potential)))  # classes and constants, without addresses
    digest = hashlib.sha256(shape.encode())
    arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(potential) if is_float(leaf)]
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    precision = " and ".join(sorted({array.dtype.name for array in arrays})) or "float32"
    told = {"class": type(potential).__name__, "cutoff": potential.cutoff, "precision": precision}
    return told | {"digest": digest.hexdigest()[:16]}

"""`Standing`: everything that a run is at one moment, and its checkpoint file, exact to the bit."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ase
import jax
import jax.numpy as jnp
import numpy as np

from eukrates.data.atoms import to_atoms
from eukrates.dynamics.chunk import Origin
from eukrates.dynamics.lists import Lists, Plan, lists_from
from eukrates.dynamics.phase import Phase
from eukrates.files import write_atomically
from eukrates.matter import System
from eukrates.potential import Potential

PHASE = ("positions", "momenta", "forces", "charges", "masses", "owner", "energy", "heat", "cell", "virial", "moved")
EXTRA = "extra_"  # before the names of variables of the bath


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a run stands after `step` steps."""

    phase: Phase
    step: int
    lists: Lists
    origin: Origin
    start_energy: np.ndarray  # eV, [members], the conserved quantities at step 0
    last: np.ndarray  # [members], the last good steps of those that were halted, -1 for the others

    @property
    def alive(self) -> np.ndarray:
        """[members], which of them go on."""
        return self.last < 0


def save_standing(path: Path, standing: Standing, marks: Mapping[str, Sequence[int]]) -> None:
    """Write a checkpoint atomically; `marks` say how much of the other files of each member belongs to it."""
    p, origin = standing.phase, standing.origin
    arrays = {name: np.asarray(getattr(p, name)) for name in PHASE}
    with jax.enable_x64(True):
        arrays["keys"] = np.asarray(jax.random.key_data(p.keys))
    arrays |= {EXTRA + name: np.asarray(values) for name, values in p.extra.items()}
    arrays |= {"step": np.array(standing.step), "start_energy": standing.start_energy, "last": standing.last}
    arrays |= {"origin": np.asarray(origin.positions), "origin_cell": np.asarray(origin.cell)}
    arrays |= {"origin_step": np.asarray(origin.step), "planned_cell": np.asarray(standing.lists.world.cell)}
    arrays["plan"] = np.array(standing.lists.plan.to_json())
    arrays |= {f"mark_{name}": np.array(value) for name, value in marks.items()}
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[reportArgumentType]  # no array is called allow_pickle
    write_atomically(path, stream.getvalue())


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The content of a checkpoint.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist: nothing was run there that could be continued.") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged ({error}): this run cannot be continued.") from error


def standing_from(arrays: dict[str, np.ndarray], potential: Potential, structures: Sequence[System]) -> Standing:
    """The standing that a checkpoint describes."""
    told = {*PHASE, "origin", "origin_cell", "origin_step", "plan", "planned_cell", "keys", "step", "last"}
    if missing := sorted(told - set(arrays)):
        raise ValueError(
            f"The checkpoint lacks {', '.join(missing)}: it was written by an earlier version, which alone can go on "
            "with it. Its frames can be read; start a new run from the last of them."
        )
    there = placed(structures, arrays["origin"], arrays["planned_cell"])
    lists = lists_from(Plan.from_json(str(arrays["plan"])), potential.for_inference(), there)
    origin = Origin(arrays["origin"], arrays["origin_cell"], arrays["origin_step"])
    with jax.enable_x64(True):
        keys = jax.random.wrap_key_data(jnp.asarray(arrays["keys"]))
    extra = {name[len(EXTRA) :]: values for name, values in arrays.items() if name.startswith(EXTRA)}
    silent = np.zeros_like(arrays["energy"])  # told by every step
    phase = Phase(**{name: arrays[name] for name in PHASE}, spread=silent, extra=extra, keys=keys)
    return Standing(phase, int(arrays["step"]), lists, origin, arrays["start_energy"], arrays["last"])


def placed(structures: Sequence[System], positions: np.ndarray, cells: np.ndarray) -> list[System]:
    """The structures with the positions, laid end to end, and cells of a phase."""
    ends = np.cumsum([s.atoms for s in structures])
    moved = np.split(np.asarray(positions)[: ends[-1]], ends[:-1])
    return [
        System(s.numbers, where, np.asarray(cell)[None], s.owner, s.real, s.charge, s.spin)
        for s, where, cell in zip(structures, moved, np.asarray(cells)[: len(structures)], strict=True)
    ]


def moving_atoms(structure: System, masses: np.ndarray, momenta: np.ndarray) -> ase.Atoms:
    """One structure with masses, u, and momenta, √(u eV)."""
    atoms = to_atoms(structure)
    atoms.set_masses(masses)  # type: ignore[reportArgumentType]  # ase annotates nothing; its default is a word
    atoms.set_momenta(momenta)
    return atoms

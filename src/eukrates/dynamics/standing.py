"""`Standing`: everything that a run is at one moment, and its checkpoint file, exact to the bit."""

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from eukrates.dynamics.phase import Phase
from eukrates.files import write_atomically
from eukrates.matter import Size, System, batch, rounded, size
from eukrates.matter.verlet import VerletList, verlet
from eukrates.potential import Potential

SPARE, MORE = 1.1, 1.25  # room for pairs over those that are there: at first, and when it has to grow
BITS = 5  # room is rounded up to numbers with this many significant bits
PHASE = ("positions", "momenta", "forces", "charges", "masses", "owner", "energy", "heat", "cell", "virial", "moved")
EXTRA = "extra_"  # before the names of variables of the bath


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The list in use, and what is needed to build the very same one again."""

    listed: VerletList
    room: Size | None  # rows it is padded to; None: all pairs are listed, and nothing is padded
    born: int  # the step at which it was built

    @property
    def compact(self) -> bool:
        """All pairs are listed."""
        return math.isinf(self.listed.reach)


def neighbours(
    potential: Potential, structures: Sequence[System], skin: float, born: int, room: Size | None = None
) -> Neighbours:
    """A list for structures laid end to end; `room` is kept where it suffices and grows where not (None: chosen)."""
    far, compact = potential.far_cutoff, room is None
    each = [verlet(s, potential.cutoff, far, skin, compact, potential.waves(s.cell)) for s in structures]
    if not (compact and all(math.isinf(one.reach) for one in each)):
        each = [verlet(s, potential.cutoff, far, skin, False, potential.waves(s.cell)) for s in structures]
    origin = np.concatenate([one.origin for one in each])
    fresh = VerletList(batch([one.graph for one in each]), origin, min(one.reach for one in each))
    if math.isinf(fresh.reach):
        return Neighbours(fresh, None, born)
    need = size(fresh.graph)
    have = room or Size(need.atoms + 1, 0, need.systems + 1)
    spare = SPARE if room is None else MORE
    grown = lambda least, now: least if now <= least else 2 * rounded(math.ceil(spare * now / 2), BITS)
    room = Size(have.atoms, grown(have.pairs, need.pairs), have.systems, grown(have.far_pairs, need.far_pairs))
    return Neighbours(fresh.padded(room), room, born)


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a run stands after `step` steps."""

    phase: Phase
    step: int
    neighbours: Neighbours
    start_energy: np.ndarray  # eV, [members], the conserved quantities at step 0
    last: np.ndarray  # [members], the last good steps of those that were halted, -1 for the others

    @property
    def alive(self) -> np.ndarray:
        """[members], which of them go on."""
        return self.last < 0


def save_standing(path: Path, standing: Standing, marks: Mapping[str, Sequence[int]]) -> None:
    """Write a checkpoint atomically; `marks` say how much of the other files of each member belongs to it."""
    p, n = standing.phase, standing.neighbours
    arrays = {name: np.asarray(getattr(p, name)) for name in PHASE}
    with jax.enable_x64(True):
        arrays["keys"] = np.asarray(jax.random.key_data(p.keys))
    arrays |= {EXTRA + name: np.asarray(values) for name, values in p.extra.items()}
    arrays |= {"step": np.array(standing.step), "start_energy": standing.start_energy, "last": standing.last}
    listed = n.listed
    arrays |= {"origin": listed.origin, "origin_cell": listed.graph.system.cell, "born": np.array(n.born)}
    arrays["room"] = np.array([] if n.room is None else n.room, np.int64)
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


def standing_from(
    arrays: dict[str, np.ndarray], potential: Potential, structures: Sequence[System], skin: float
) -> Standing:
    """The standing that a checkpoint describes, its neighbour list built anew and equal."""
    told = {*PHASE, "origin", "origin_cell", "born", "room", "keys", "step", "start_energy", "last"}
    if missing := sorted(told - set(arrays)):
        raise ValueError(
            f"The checkpoint lacks {', '.join(missing)}: it was written by an earlier version, which alone can go on "
            "with it. Its frames can be read; start a new run from the last of them."
        )
    room = Size(*map(int, arrays["room"])) if arrays["room"].size else None
    there = placed(structures, arrays["origin"], arrays["origin_cell"])
    found = neighbours(potential, there, skin, int(arrays["born"]), room)
    with jax.enable_x64(True):
        keys = jax.random.wrap_key_data(jnp.asarray(arrays["keys"]))
    extra = {name[len(EXTRA) :]: values for name, values in arrays.items() if name.startswith(EXTRA)}
    phase = Phase(**{name: arrays[name] for name in PHASE}, extra=extra, keys=keys)
    return Standing(phase, int(arrays["step"]), found, arrays["start_energy"], arrays["last"])


def placed(structures: Sequence[System], positions: np.ndarray, cells: np.ndarray) -> list[System]:
    """The structures with the positions, laid end to end, and cells of a phase."""
    ends = np.cumsum([s.atoms for s in structures])
    moved = np.split(np.asarray(positions)[: ends[-1]], ends[:-1])
    return [
        System(s.numbers, where, np.asarray(cell)[None], s.owner, s.real, s.charge, s.spin)
        for s, where, cell in zip(structures, moved, np.asarray(cells)[: len(structures)], strict=True)
    ]

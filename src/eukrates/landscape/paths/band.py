"""`nudge`: elastic bands between pairs of minima, all images of all bands at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import Float

from eukrates.dynamics.lists import lists_for
from eukrates.landscape.bond_graph import expect_open
from eukrates.landscape.minimiser import Spectrum
from eukrates.landscape.model_hessian import model_spectrum, padded, topology
from eukrates.landscape.paths.climb import MEMORY, RECENT, Bands, Ending, Pace, climb
from eukrates.landscape.paths.idpp import idpp
from eukrates.matter import System
from eukrates.matter.superposition import superposed
from eukrates.numerics import to_device, to_host
from eukrates.potential import Potential, check_system
from eukrates.potential.evaluator import Evaluator

STIFFNESS = 20.0  # eV/Å², of everything where there is no model of the Hessian
RADIUS = 0.1  # Å, of the first step


@dataclass(frozen=True)
class Stretch:
    """How bands are nudged.

    Args:
        images: of a band, its ends included.
        force: eV/Å, the largest pull at an atom of a band at rest.
        climbing: eV/Å, the largest pull at which the highest image begins to climb.
        spring: eV/Å², between images.
        longest: Å, that an atom may move in a step.
        steps: evaluations of a band, at most.
    """

    images: int = 11
    force: float = 0.02
    climbing: float = 0.5
    spring: float = 0.1
    longest: float = 0.2
    steps: int = 500

    def __post_init__(self):
        positive = (self.force, self.climbing, self.spring, self.longest, self.steps)
        if self.images < 3 or not all(value > 0 for value in positive):
            raise ValueError(f"Expected at least three images and numbers above 0, got {self}.")


@dataclass(frozen=True, eq=False)
class Band:
    """A path between two structures, and where it was left."""

    structures: tuple[System, ...]  # images, the ends included
    energies: Float[np.ndarray, " images"]  # eV; NaN between the ends, where the first path had no finite energies
    force: float  # eV/Å, the largest pull at an atom
    steps: int  # evaluations of all its images
    ending: Ending

    @property
    def converged(self) -> bool:
        """Whether it rests."""
        return self.ending == Ending.CONVERGED

    @property
    def top(self) -> int:
        """The highest image."""
        return int(np.argmax(self.energies))

    @property
    def tops(self) -> list[int]:
        """The images that are higher than their neighbours: one for each pass on the way."""
        e = self.energies
        return [n for n in range(1, len(e) - 1) if e[n - 1] < e[n] >= e[n + 1]]

    @property
    def barrier(self) -> float:
        """eV, of the highest image above the first."""
        return float(self.energies.max() - self.energies[0])


def nudge(potential: Potential, ends: Sequence[tuple[System, System]], stretch: Stretch | None = None) -> list[Band]:
    """Nudged elastic bands with a climbing image, from IDPP paths; in the order of the pairs.

    See `eukrates.landscape.paths.tangents` for what pulls at them. Ends are taken as they are: relax them first. The
    second end is laid over the first.

    Args:
        potential: anything with an energy.
        ends: pairs of structures of equal atoms in equal order, all of one size, open.
        stretch: how.

    Raises:
        ValueError: see `check_ends`; pairs of different sizes.
    """
    stretch = stretch or Stretch()
    for first, last in ends:
        check_ends(potential, first, last)
        if first.atoms != ends[0][0].atoms:
            raise ValueError(f"Expected pairs of one size, got {ends[0][0].atoms} and {first.atoms} atoms.")
    paths = []
    for first, last in ends:
        r = np.asarray(first.positions, np.float64)
        paths.append(_images(first, idpp(r, superposed(np.asarray(last.positions, np.float64), r), stretch.images)))
    return _rested(potential, paths, stretch) if paths else []


def check_ends(potential: Potential, first: System, last: System) -> None:
    """Refuse what cannot be the ends of a band.

    Raises:
        ValueError: other atoms, charge or spin at one end than at the other; periodic structures; what the potential
            does not know.
    """
    for one in (first, last):
        expect_open(one)
        check_system(potential, one)
    if not np.array_equal(first.numbers, last.numbers):
        raise ValueError("Expected ends of the same atoms in the same order, got others.")
    for name in ("charge", "spin"):
        one, other = getattr(first, name), getattr(last, name)
        if (one is None) != (other is None) or not (one is None or np.array_equal(one, other)):
            raise ValueError(f"Expected ends of one {name}, got {one} and {other}.")


def _images(like: System, positions: np.ndarray) -> list[System]:
    return [replace(like, positions=np.array(one)) for one in positions]


def _rested(potential: Potential, paths: Sequence[Sequence[System]], stretch: Stretch) -> list[Band]:
    """All at once."""
    tips = Evaluator(potential)([s for path in paths for s in (path[0], path[-1])], ["energy"])
    tips = np.array([float(p.energy[0]) for p in tips]).reshape(len(paths), 2)
    inner = [s for path in paths for s in path[1:-1]]
    with jax.enable_x64(True):
        ready = to_device(potential.for_inference())
        bands = jax.tree.map(np.asarray, _begun(paths, tips, stretch))
        pace = Pace(stretch.force, stretch.climbing, stretch.spring, stretch.longest, stretch.steps)
        lists = lists_for(potential, inner, 0.0)
        while True:
            there, state, told = to_device((lists, bands, jax.tree.map(np.asarray, pace)))
            outcome = to_host(climb(ready, there, state, told))
            bands = outcome.bands
            if not outcome.outgrown:
                break
            places = bands.positions[:, 1:-1].reshape(len(inner), -1, 3)
            here = [replace(s, positions=np.array(r)) for s, r in zip(inner, places, strict=True)]
            lists = lists.replanned(potential, here, outcome.needed.tolist())
    return [_band(path, bands, n) for n, path in enumerate(paths)]


def _begun(paths: Sequence[Sequence[System]], tips: np.ndarray, stretch: Stretch) -> Bands:
    """Before the first evaluation."""
    count, images, variables = len(paths), stretch.images, 3 * paths[0][0].atoms
    positions = np.array([[np.asarray(s.positions, np.float64).ravel() for s in path] for path in paths])
    energies = np.full((count, images), np.nan)
    energies[:, [0, -1]] = tips
    memory = np.zeros((count, MEMORY, (images - 2) * variables))
    models = [[_model(s) for s in path[1:-1]] for path in paths]
    stacked = [jax.tree.map(lambda *rows: np.stack(rows), *some) for some in models]
    return Bands(
        positions=positions,
        energies=energies,
        pulls=np.zeros((count, images - 2, variables)),
        largest=np.full(count, np.inf),
        learned=memory,
        changes=memory,
        scale=np.ones(count),
        recent=np.full((count, RECENT), np.inf),
        refused=np.zeros(count, np.int64),
        radius=np.full(count, RADIUS),
        climbs=np.zeros(count, bool),
        model=jax.tree.map(lambda *rows: np.stack(rows), *stacked),
        steps=np.zeros(count, np.int64),
        ending=np.full(count, int(Ending.ON_THE_WAY)),
    )


def _model(image: System) -> Spectrum:
    """Of the Hessian of an image: where there are no molecules everything is as stiff as everything else."""
    size, known = 3 * image.atoms, topology(image)
    if known is None:
        return Spectrum(np.full(size, STIFFNESS), np.eye(size))
    moving = np.ones(image.atoms, bool)
    known = padded(known, image.atoms)
    return to_host(model_spectrum(*to_device((np.asarray(image.positions, np.float64), moving, known))))


def _band(path: Sequence[System], bands: Bands, n: int) -> Band:
    places = np.asarray(bands.positions[n]).reshape(len(path), -1, 3)
    return Band(
        structures=tuple(_images(path[0], places)),
        energies=np.array(bands.energies[n]),
        force=float(bands.largest[n]),
        steps=int(bands.steps[n]),
        ending=Ending(int(bands.ending[n])),
    )

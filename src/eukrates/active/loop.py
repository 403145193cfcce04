"""The loop: label, train, sample, choose; until the ensemble knows, or the labels are used up.

Smith, Nebgen, Lubbers, Isayev & Roitberg, J. Chem. Phys. 148, 241733 (2018), doi:10.1063/1.5023802.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float

from eukrates.active.choice import chosen
from eukrates.active.folder import CANDIDATES, CHOSEN, DONE, LABELLED, MODEL, Folder, read_structures, write_structures
from eukrates.active.policy import Policy
from eukrates.active.sampler import Sampler
from eukrates.data import to_system
from eukrates.files import write_atomically
from eukrates.models import load, read_header
from eukrates.potential import Potential, deviation
from eukrates.potential.evaluator import Evaluator
from eukrates.reference import Labeller, label

Train = Callable[[Sequence[Path], Path], Path]  # labelled files, folder → the model file of an ensemble
SURE_SCALE = 10  # structures that a calibration needs to be believed
WIDEST_SCALE = 10.0


@dataclass(frozen=True)
class Generation:
    """What one turn of the loop came to."""

    number: int
    labels: int  # structures with labels, of this and all generations before
    failed: int  # structures of this generation that could not be labelled
    scale: float  # deviations times this are errors to expect
    candidates: Mapping[str, int]  # by sampler
    above: int  # candidates worth a label
    largest: float | None  # eV, of all rho
    median: float | None  # eV
    picked: Mapping[str, int]  # by sampler, for the next generation
    errors: Mapping[str, Any]  # of the model, by part of the data, as its card has them


@dataclass(frozen=True)
class Outcome:
    """What came of a loop."""

    folder: Path
    model: Path
    generations: tuple[Generation, ...]
    ended: str  # why


class Loop:
    """Active learning in one folder; killed at any time and called again, it ends as if nothing had happened.

    Args:
        folder: new, or that of the same loop.
        start: structures to begin with, which are labelled first.
        labeller: the source of truth.
        train: makes an ensemble from files of labelled structures, in a folder of its own; it must resume by itself.
        samplers: where candidates come from.
        policy: what is worth a label, and when to end.
        told: what else must be the same for the loop to go on in its folder, ready for JSON; settings of `train`.
        processes: that label at once.

    Raises:
        ValueError: nothing to begin with, no sampler, or a folder of something else.
    """

    def __init__(
        self,
        folder: Path,
        start: Sequence[Atoms],
        labeller: Labeller,
        train: Train,
        samplers: Sequence[Sampler],
        policy: Policy,
        told: Mapping[str, Any] | None = None,
        processes: int = 1,
    ):
        if not start or not samplers:
            raise ValueError(f"Expected structures and samplers, got {len(start)} and {len(samplers)}.")
        self.start, self.labeller, self.train, self.samplers = list(start), labeller, train, tuple(samplers)
        self.policy, self.processes, self.folder = policy, processes, Folder(folder)
        self.told = {"labeller": repr(labeller), "samplers": [repr(s) for s in samplers], "policy": asdict(policy)}
        self.told |= dict(told or {})

    def __call__(self, tell: Callable[[str], None] = lambda words: None) -> Outcome:
        """Go on to the end.

        Args:
            tell: receives sentences.

        Raises:
            ValueError: a folder of something else, no structure could be labelled, a model that is no ensemble.
        """
        self.folder.begin(self.start, self.told)
        done: list[Generation] = []
        while True:
            done.append(self._generation(len(done), tell))
            last = done[-1]
            if last.labels >= self.policy.labels:
                ended = f"{last.labels} labels were made, of {self.policy.labels} that were allowed"
            elif not last.picked:
                ended = f"no candidate is above rho = {self.policy.rho:g} eV"
            else:
                continue
            tell(f"The end: {ended}.")
            return Outcome(self.folder.path, self._model(last.number), tuple(done), ended)

    def _model(self, n: int) -> Path:
        return Path(json.loads((self.folder.generation(n) / DONE).read_text())["model"])

    def _generation(self, n: int, tell: Callable[[str], None]) -> Generation:
        here = self.folder.generation(n)
        if (here / DONE).exists():
            record = json.loads((here / DONE).read_text())
            return Generation(**{name: record[name] for name in Generation.__dataclass_fields__})
        picked = read_structures(here / CHOSEN)
        tell(f"Generation {n}: {len(picked)} structures are labelled by {self.labeller.level}.")
        campaign = label(picked, self.labeller, here / LABELLED, processes=self.processes)
        files = self.folder.labelled(n)
        known = [atoms for file in files for atoms in read_structures(file)]
        if not known:
            reasons = "; ".join(sorted(set(campaign.failures.values())))
            raise ValueError(f"None of the {len(picked)} structures to begin with could be labelled: {reasons}")
        path = self.train(files, here / MODEL)
        potential, card = load(path), read_header(path)["card"]
        scale = _scale(card)
        left = min(self.policy.batch, self.policy.labels - len(known))
        candidates = self._sampled(n, here, potential, known, scale) if left > 0 else []
        rhos = scale * _rho(potential, candidates)
        rng = np.random.default_rng([self.policy.seed, n, 0])
        picks = chosen(candidates, rhos, known, self.policy, left, rng)
        if picks:
            following = self.folder.generation(n + 1)
            following.mkdir(exist_ok=True)
            write_structures(following / CHOSEN, [_noted(candidates[p], float(rhos[p]), n) for p in picks])
        count = lambda some: dict(sorted(Counter(atoms.info["sampled_by"] for atoms in some).items()))
        found = Generation(
            number=n,
            labels=len(known),
            failed=len(campaign.failures),
            scale=scale,
            candidates=count(candidates),
            above=int(np.sum(rhos > self.policy.rho)),
            largest=float(rhos.max()) if rhos.size else None,
            median=float(np.median(rhos)) if rhos.size else None,
            picked=count([candidates[p] for p in picks]),
            errors=dict(card.get("errors") or {}),
        )
        write_atomically(here / DONE, json.dumps(asdict(found) | {"model": str(path)}, indent=1))
        tell(_words(found, self.policy))
        return found

    def _sampled(self, n: int, here: Path, potential: Potential, known: list[Atoms], scale: float) -> list[Atoms]:
        """The candidates of a generation, from their file where it is there."""
        if not (here / CANDIDATES).exists():
            found = []
            for k, sampler in enumerate(self.samplers):
                rng = np.random.default_rng([self.policy.seed, n, k + 1])
                found += sampler(potential, known, self.policy.limit / scale, rng)
            write_structures(here / CANDIDATES, found)
        return read_structures(here / CANDIDATES)


def _scale(card: Mapping[str, Any]) -> float:
    """Of the calibration in a card; 1 where too few structures gave it."""
    calibration = card.get("calibration") or {}
    if calibration.get("structures", 0) < SURE_SCALE:
        return 1.0
    return float(np.clip(calibration["scale"], 1.0, WIDEST_SCALE))


def _rho(potential: Potential, structures: Sequence[Atoms]) -> Float[np.ndarray, " structures"]:
    """Deviation of the members per √atom, eV."""
    predictions = Evaluator(potential)([to_system(atoms) for atoms in structures], ["energy"])
    each = zip(predictions, structures, strict=True)
    return np.array([float(deviation(p)[0]) / len(atoms) ** 0.5 for p, atoms in each])


def _noted(atoms: Atoms, rho: float, generation: int) -> Atoms:
    atoms.info |= {"rho": rho, "chosen_by_generation": generation}
    return atoms


def _words(g: Generation, policy: Policy) -> str:
    total = sum(g.candidates.values())
    if not total:
        return f"Generation {g.number}: {g.labels} labels."
    many = lambda counts: ", ".join(f"{number} by {name}" for name, number in counts.items()) or "none"
    return (
        f"Generation {g.number}: {g.labels} labels; {g.above} of {total} candidates ({many(g.candidates)}) above rho = "
        f"{policy.rho:g} eV, the largest {g.largest:.3g}, the median {g.median:.3g}; chosen: {many(g.picked)}."
    )

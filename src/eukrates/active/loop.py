"""The loop: label, train, sample, choose; until the ensemble knows, or the labels are used up.

Smith, Nebgen, Lubbers, Isayev & Roitberg, J. Chem. Phys. 148, 241733 (2018), doi:10.1063/1.5023802.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float

from eukrates.active.choice import chosen, doubts, temperatures
from eukrates.active.folder import CANDIDATES, CHOSEN, DONE, LABELLED, MODEL, Folder, read_structures, write_structures
from eukrates.active.policy import Policy
from eukrates.active.sampler import Sampler, copied
from eukrates.data import to_system
from eukrates.files import write_atomically
from eukrates.models import load, read_header
from eukrates.potential import Potential, calibrated_scale, deviation
from eukrates.potential.evaluator import Evaluator
from eukrates.reference import Labeller, label

Train = Callable[[Sequence[Path], Path], Path]  # labelled files, folder → the model file of an ensemble
WIDEST_SCALE = 10.0


@dataclass(frozen=True)
class Generation:
    """What one turn of the loop came to."""

    number: int
    tried: int  # structures given to the labeller, in this and all generations before
    labels: int  # those of them that it could label
    failed: int  # structures of this generation that it could not
    scale: float  # deviations times this are errors to expect
    candidates: Mapping[str, int]  # by sampler
    aside: int  # more that were sampled: too high in energy, not finite, or nothing for the labeller
    above: int  # candidates that the ensemble disagrees on by more than the policy's rho
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
        ValueError: nothing to begin with, more of it than labels are allowed, or no sampler.
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
        if len(start) > policy.labels:
            raise ValueError(f"{len(start)} structures to begin with are more than the {policy.labels} labels allowed.")
        self.start = [copied(atoms, "start") for atoms in start]
        self.labeller, self.train, self.samplers = labeller, train, tuple(samplers)
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
            if (ended := self._ended(done[-1])) is None:
                continue
            tell(f"The end: {ended}.")
            here = self.folder.generation(done[-1].number)
            model = here / json.loads((here / DONE).read_text())["model"]
            return Outcome(self.folder.path, model, tuple(done), ended)

    def _ended(self, last: Generation) -> str | None:
        """Why the loop ends after a generation; None: it does not."""
        if last.tried >= self.policy.labels:
            failed = f", {last.tried - last.labels} more failed" if last.tried > last.labels else ""
            return f"{last.labels} labels were made{failed}, of {self.policy.labels} that were allowed"
        if last.picked:
            return None
        if not last.candidates:
            return f"the samplers found no candidate; {last.aside} were left aside"
        if self.policy.choose == "random" or last.above:
            return "all candidates are known already"
        return f"no candidate is above rho = {self.policy.rho:g} eV"

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
        labels, path = len(known), self.train(files, here / MODEL)
        potential, card, tried = load(path), read_header(path)["card"], self.folder.tried(n)
        scale = float(np.clip(calibrated_scale(card) or 1.0, 1.0, WIDEST_SCALE))
        left = min(self.policy.batch, max(len(tried) // 2, 1), self.policy.labels - len(tried))
        known = [atoms for atoms in known if len(atoms) > 1]  # free atoms give E0, and nothing to sample from
        sampled = self._sampled(n, here, potential, known, scale) if left > 0 and known else []
        candidates, rhos, unsure = self._possible(potential, sampled, known)
        rhos = scale * rhos
        rng = np.random.default_rng([self.policy.seed, n, 0])
        above = int(np.sum(rhos > self.policy.rho))
        wanted = left if above or self.policy.choose == "random" else 0
        picks = chosen(candidates, unsure, tried, self.policy, wanted, rng)
        if picks:
            following = self.folder.generation(n + 1)
            following.mkdir(exist_ok=True)
            write_structures(following / CHOSEN, [_noted(candidates[p], float(rhos[p]), n) for p in picks])
        count = lambda some: dict(sorted(Counter(atoms.info["sampled_by"] for atoms in some).items()))
        found = Generation(
            number=n,
            tried=len(tried),
            labels=labels,
            failed=len(campaign.failures),
            scale=scale,
            candidates=count(candidates),
            aside=len(sampled) - len(candidates),
            above=above,
            largest=float(rhos.max()) if rhos.size else None,
            median=float(np.median(rhos)) if rhos.size else None,
            picked=count([candidates[p] for p in picks]),
            errors=dict(card.get("errors") or {}),
        )
        write_atomically(here / DONE, json.dumps(asdict(found) | {"model": os.path.relpath(path, here)}, indent=1))
        tell(_words(found, self.policy))
        return found

    def _possible(
        self, potential: Potential, sampled: Sequence[Atoms], known: Sequence[Atoms]
    ) -> tuple[list[Atoms], Float[np.ndarray, " candidates"], list[Float[np.ndarray, " atoms"]]]:
        """Candidates with energies that something reaches; the deviations of their members per √atom in eV; of every
        atom of each the variance of the forces of the members, eV²/Å²."""
        if not sampled:
            return [], np.zeros(0), []
        ask = Evaluator(potential)
        answers = ask([to_system(atoms) for atoms in sampled], ["energy", "forces_by_member"])
        there = ask([to_system(atoms) for atoms in known], ["energy"])
        energies = [np.array([float(p.energy[0]) for p in some]) for some in (answers, there)]
        cool = temperatures(sampled, energies[0], known, energies[1]) <= self.policy.hottest_kelvin
        found = []
        for atoms, p, fine in zip(sampled, answers, cool, strict=True):
            rho, doubt = float(deviation(p)[0]) / len(atoms) ** 0.5, doubts(p)
            if fine and np.isfinite(rho) and np.isfinite(doubt).all() and self._can_be_labelled(atoms):
                found.append((atoms, rho, doubt))
        return [f[0] for f in found], np.array([f[1] for f in found]), [f[2] for f in found]

    def _can_be_labelled(self, atoms: Atoms) -> bool:
        try:
            self.labeller.check(atoms)
        except ValueError:
            return False
        return True

    def _sampled(self, n: int, here: Path, potential: Potential, known: list[Atoms], scale: float) -> list[Atoms]:
        """The candidates of a generation, from their file where it is there."""
        if not (here / CANDIDATES).exists():
            found = []
            for k, sampler in enumerate(self.samplers):
                rng = np.random.default_rng([self.policy.seed, n, k + 1])
                found += sampler(potential, known, self.policy.rho / scale, rng)
            write_structures(here / CANDIDATES, found)
        return read_structures(here / CANDIDATES)


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
        f"{policy.rho:g} eV, the largest {g.largest:.3g}, the median {g.median:.3g}; chosen: {many(g.picked)}; "
        f"{g.aside} more are left aside."
    )

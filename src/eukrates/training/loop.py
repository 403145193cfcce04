"""The training loop: steps, validations, the best and the last model, checkpoints, an exact resume."""

import hashlib
import json
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from eukrates.data.sample import Sample
from eukrates.files import write_atomically
from eukrates.numerics import is_float
from eukrates.potential import Potential, free_atom_energies, named_parameters
from eukrates.training.batches import Batches, seen_by
from eukrates.training.checkpoint import read_checkpoint, write_checkpoint
from eukrates.training.diagnosis import check_labels, explain_failure, explain_validation
from eukrates.training.metrics import Tally, pooled
from eukrates.training.moving import choose
from eukrates.training.optimiser import flatten, start
from eukrates.training.plan import Plan
from eukrates.training.step import make_measure, make_step

CHECKPOINT, METRICS, BEST, LAST = "checkpoint.safetensors", "metrics.jsonl", "best.safetensors", "last.safetensors"
_LOOK_EVERY = 20  # steps between looks at whether the numbers are still finite
_AHEAD = 4  # batches made in advance


@dataclass(frozen=True)
class Progress:
    """What a progress bar wants to know."""

    step: int
    steps: int
    epoch: int
    metrics: Mapping[str, float]  # of the last validation
    seconds_per_step: float


@dataclass(frozen=True)
class Trained:
    """The outcome: model files of the averaged weights that did best in validation, and of the last ones.

    Of an ensemble each member has its own best, and the metrics are of single members, not of their mean.
    """

    best: Path
    last: Path
    metrics: Mapping[str, float]  # of the best
    epoch: int  # of the best; the last of those of members
    stopped_early: bool


class Run:
    """One training run in one folder. `save` writes a model file: (potential, path, statements for its card).

    Members of an ensemble are trained side by side: each on its own loss, all on the same batches (of which each may
    leave out some structures, `Plan.left_out`), with one learning rate.
    """

    def __init__(
        self,
        potential: Potential,
        train: Sequence[Sample],
        valid: Sequence[Sample],
        plan: Plan,
        folder: Path,
        save: Callable[[Potential, Path, Mapping[str, Any]], Any],
    ):
        check_labels(potential, train, valid, plan.loss)
        self.plan, self.folder, self.save = plan, Path(folder), save
        e0 = free_atom_energies(potential)
        self.batches = Batches(train, potential.graph, plan.batch_size, e0, plan.seed)
        self.validation = Batches(valid, potential.graph, max(plan.batch_size, 16), e0, plan.seed)
        self.moving = choose(potential, plan.move)
        theta, self.flat = flatten(potential, self.moving.names)
        self.seen = seen_by(self.flat.members, len(self.batches.samples), plan.left_out, plan.seed)
        self.state = start(theta, plan.optimiser)
        self.step = make_step(self.flat, plan.loss, plan.optimiser, plan.seed)
        self.measure = make_measure(self.flat, plan.loss)
        self.fingerprint = _fingerprint(plan, potential, train, valid)
        self.notes: dict[str, Any] = {"fingerprint": self.fingerprint, "best_epochs": [0] * self.flat.members}
        self.notes |= {"best_metrics": {"loss": [math.inf] * self.flat.members}, "sums": {}}
        self.notes |= {"since_best": 0, "plateaus": 0, "since_plateau": 0}
        self.notes |= {"lowest": math.inf, "lines": 0, "finished": False, "metrics": {}, "seconds": 0.0}

    @property
    def steps(self) -> int:
        """Steps of the whole plan."""
        return self.plan.epochs * self.batches.per_epoch

    def resume(self) -> bool:
        """Continue from the checkpoint in the folder, if there is one; True if so."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return False
        self.state, self.notes = read_checkpoint(path, self.state, self.fingerprint)
        lines = (self.folder / METRICS).read_text().splitlines(keepends=True)[: self.notes["lines"]]
        write_atomically(self.folder / METRICS, "".join(lines))
        return True

    def __call__(self, progress: Callable[[Progress], None] | None = None) -> Trained:
        """Train to the end of the plan.

        Raises:
            FloatingPointError: loss or gradient became NaN or infinite; names the structure and keeps the last good
                checkpoint. Or no validation had a finite loss, so that there is no best model.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / METRICS).touch()
        begun = saved = time.monotonic()
        first, tally = int(self.state.step), Tally(self.notes["sums"])
        if not (self.folder / CHECKPOINT).exists():  # a model without one could not be gone on from
            self._checkpoint(tally, False)
        for step, (graph, goal, seen) in self._ahead(first):
            rate = self.plan.optimiser.learning_rate * self.plan.schedule(step, self.steps, self.notes["plateaus"])
            self.state, sums = self.step(self.state, graph, goal, seen, np.float32(rate))
            tally.add(sums)
            epoch, end = (step + 1) // self.batches.per_epoch, (step + 1) % self.batches.per_epoch == 0
            if step % _LOOK_EVERY == 0 or end:
                self._look()
                if progress is not None:
                    pace = (time.monotonic() - begun) / (step + 1 - first)
                    progress(Progress(step + 1, self.steps, epoch, self.notes["metrics"], pace))
            if end and (epoch % self.plan.validate_every == 0 or epoch == self.plan.epochs):
                self._validate(epoch, rate, tally)
                tally = Tally()
            finished = step + 1 == self.steps or self._exhausted()
            if finished or time.monotonic() - saved > 60 * self.plan.checkpoint_minutes:
                saved = time.monotonic()
                self._checkpoint(tally, finished)
            if finished:
                break
        return self._outcome()

    def _ahead(self, first: int):
        """(step, (graph, targets, what members see)) from `first` to the end, made a few steps ahead in a thread."""
        if self.notes["finished"]:
            return
        with ThreadPoolExecutor(1) as worker:
            steps = range(first, self.steps)
            waiting = deque(worker.submit(self._batch, s) for s in steps[:_AHEAD])
            for step in steps:
                if step + _AHEAD < self.steps:
                    waiting.append(worker.submit(self._batch, step + _AHEAD))
                yield step, waiting.popleft().result()

    def _batch(self, step: int):
        graph, goal = self.batches.shuffled(step)
        chosen = self.batches.members(*divmod(step, self.batches.per_epoch))
        seen = np.zeros((self.flat.members, goal.weight.shape[0]), np.float32)
        seen[:, : chosen.size] = self.seen[:, chosen]
        return graph, goal, seen

    def _exhausted(self) -> bool:
        patience = self.plan.patience
        tired = patience is not None and self.notes["since_best"] >= patience
        return tired or self.plan.schedule.over(self.notes["plateaus"])

    def _look(self) -> None:
        if np.any(np.asarray(self.state.failed) >= 0):
            raise FloatingPointError(explain_failure(self.batches, self.flat, self.state, self.plan.loss))

    def _validate(self, epoch: int, rate: float, tally: Tally) -> None:
        seen = Tally()
        for graph, goal in self.validation.in_order():
            seen.add(self.measure(self.state.average, graph, goal))
        each, notes = seen.metrics(self.plan.loss), self.notes
        found, trained = pooled(each), pooled(tally.metrics(self.plan.loss))
        if np.any(better := each["loss"] < np.asarray(notes["best_metrics"]["loss"])):
            self._keep_best(better, each, epoch)
        else:
            notes["since_best"] += 1
        if self.plan.schedule.kind == "plateau":
            if found["loss"] < notes["lowest"]:
                notes |= {"lowest": found["loss"], "since_plateau": 0}
            else:
                notes["since_plateau"] += 1
                if notes["since_plateau"] >= self.plan.schedule.patience:
                    notes |= {"plateaus": notes["plateaus"] + 1, "since_plateau": 0}
        notes["metrics"] = found
        row = {"epoch": epoch, "step": int(self.state.step), "learning_rate": rate}
        row |= {f"train/{k}": v for k, v in trained.items()} | {f"valid/{k}": v for k, v in found.items()}
        with (self.folder / METRICS).open("a") as stream:
            stream.write(json.dumps(row) + "\n")
        notes["lines"] += 1

    def _keep_best(self, better: np.ndarray, each: Mapping[str, np.ndarray], epoch: int) -> None:
        """Members that are better than ever before stay as they are now."""
        notes, state = self.notes, self.state
        self.state = replace(state, best=jnp.where(better[:, None], state.average, state.best))
        chosen = lambda name: np.where(better, each[name], notes["best_metrics"].get(name, each[name])).tolist()
        notes["best_epochs"] = [epoch if b else old for b, old in zip(better, notes["best_epochs"], strict=True)]
        notes |= {"best_metrics": {name: chosen(name) for name in each}, "since_best": 0}
        self._save(BEST, self.flat.finished(self.state.best), pooled(notes["best_metrics"]), notes["best_epochs"])

    def _checkpoint(self, tally: Tally, finished: bool) -> None:
        jax.block_until_ready(self.state)
        self._look()
        sums = {name: values.tolist() for name, values in tally.total.items()}
        self.notes |= {"sums": sums, "finished": finished}
        if finished:
            epoch = int(self.state.step) // self.batches.per_epoch
            epochs = [epoch] * self.flat.members
            self._save(LAST, self.flat.finished(self.state.average), self.notes["metrics"], epochs)
        write_checkpoint(self.folder / CHECKPOINT, self.state, self.notes)

    def _save(self, name: str, potential: Potential, metrics: Mapping[str, float], epochs: list[int]) -> None:
        known = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        card = {"validation": known, "epoch": max(epochs), "plan": asdict(self.plan)}
        if len(epochs) > 1:
            card["epochs_of_members"] = epochs
        card["moved"] = self.moving.as_dict()
        card |= {"train_structures": len(self.batches.samples), "valid_structures": len(self.validation.samples)}
        self.save(potential, self.folder / name, {"training": card})

    def _outcome(self) -> Trained:
        notes = self.notes
        paths = self.folder / BEST, self.folder / LAST
        if not np.all(np.isfinite(notes["best_metrics"]["loss"])):
            raise FloatingPointError(explain_validation(self.validation, self.measure, self.state.average))
        early = int(self.state.step) < self.steps
        return Trained(*paths, pooled(notes["best_metrics"]), max(notes["best_epochs"]), early)


def _fingerprint(plan: Plan, potential: Potential, train: Sequence[Sample], valid: Sequence[Sample]) -> str:
    """What must be the same for a resume to be exact: plan (but for when to save), model and first weights (those that
    do not move too), data."""
    settings = {k: v for k, v in asdict(plan).items() if k != "checkpoint_minutes"}
    sha = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    sha.update(eqx.tree_pformat(eqx.filter(potential, is_float, inverse=True)).encode())  # cutoff, E0 and the like
    for name, leaf in named_parameters(potential):
        sha.update(name.encode() + np.ascontiguousarray(leaf).tobytes())
    for sample in (*train, *valid):
        for array in (sample.numbers, sample.system.positions, sample.energy, sample.forces, sample.weight):
            sha.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        s = sample.system
        rest = {label: getattr(sample, label) for label in ("stress", "dipole", "charges", "hirshfeld_ratios")}
        rest |= {"charge": s.charge, "spin": s.spin, "cell": s.cell if np.any(s.cell) else None}
        for name, array in rest.items():
            if array is not None:
                sha.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()

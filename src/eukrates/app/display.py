"""Progress for people: a bar with the remaining time in a terminal, a plain line now and then anywhere else."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

EVERY_SECONDS = 10.0  # between plain lines
_MEMORY = 30.0  # seconds over which the pace is measured

Update = Callable[[int, int, str], None]  # done, total, words


def say(words: str) -> None:
    """A plain line on stderr: what is being done, not a result."""
    Console(stderr=True).print(words, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress(title: str, unit: str, on: Console | None = None) -> Iterator[Update]:
    """A function `update(done, total, words)` that shows how far something is, on stderr."""
    on = on or Console(stderr=True)
    if not on.is_terminal:
        yield _Lines(title, unit, on)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total} " + unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=on, speed_estimate_period=_MEMORY) as bar:
        task = bar.add_task(title, total=None, words="")
        yield lambda done, total, words="": bar.update(task, completed=done, total=total, words=words)


class _Lines:
    """A line about every ten seconds, and one at the end."""

    def __init__(self, title: str, unit: str, console: Console):
        self.title, self.unit, self.console = title, unit, console
        self.said = time.monotonic()
        self.seen: deque[tuple[float, int]] = deque()

    def __call__(self, done: int, total: int, words: str = "") -> None:
        now = time.monotonic()
        self.seen.append((now, done))
        while len(self.seen) > 2 and now - self.seen[0][0] > _MEMORY:
            self.seen.popleft()
        if now - self.said < EVERY_SECONDS and done < total:
            return
        self.said = now
        left = self._left(total)
        rest = f" · {clock(left)} left" if left is not None and done < total else ""
        words = f" · {words}" if words else ""
        self.console.print(
            f"{self.title} {done}/{total} {self.unit}{rest}{words}", highlight=False, markup=False, soft_wrap=True
        )

    def _left(self, total: int) -> float | None:
        (then, before), (now, done) = self.seen[0], self.seen[-1]
        return (now - then) / (done - before) * (total - done) if done > before else None


def clock(seconds: float) -> str:
    """1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def training_words(p) -> str:
    """Of a `training.Progress`: the epoch and the errors of the last validation."""
    shown = (("energy_mae", "E", "meV"), ("forces_mae", "F", "meV/Å"), ("stress_mae", "σ", "meV/Å³"))
    errors = [f"{letter} {1e3 * p.metrics[name]:.3g} {unit}" for name, letter, unit in shown if name in p.metrics]
    return f"epoch {p.epoch}" + (f" · MAE {' '.join(errors)}" if errors else "")


def dynamics_words(p) -> str:
    """Of a `dynamics.Progress`: how many systems, time, temperature, what should be conserved, the pace of all."""
    pace = f"{p.ns_per_day:.3g} ns/day" if p.ns_per_day == p.ns_per_day else "compiling"
    many = f"{p.systems} systems · " if p.systems > 1 else ""
    now = f"{many}{p.time_fs / 1000:.3g} ps · {p.temperature_kelvin:.0f} K"
    return f"{now} · ΔE {1e3 * p.conserved_change:.3g} meV · {pace}"


def search_words(standing) -> str:
    """Of a `landscape.search.Standing`, or None in the first round."""
    return "" if standing is None else f"{standing.minima} minima in {standing.quenches} quenches"

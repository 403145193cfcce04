"""`Finding`: one thing that a check has to say, with its evidence and its fix."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from eukrates.data.sample import Sample

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """What is wrong, where, how one can see it, and what to do."""

    check: str  # which check speaks: "forces", "duplicates", …
    severity: Severity
    fault: str
    where: tuple[str, ...]  # names of frames, or () for the whole data
    evidence: str
    fix: str
    declare: Mapping[str, str] | None = None  # `units` to read with, all of them, where that is the fix

    @property
    def place(self) -> str:
        """`where` in short: the first frames, and how many there are."""
        if not self.where:
            return "all"
        if len(self.where) == 1:
            return self.where[0]
        file = self.where[0].rpartition("#")[0]
        if all(name.rpartition("#")[0] == file for name in self.where):
            frames = [name.rpartition("#")[2] for name in self.where]
            shown = f"{file}#{','.join(frames[:6])}"
        else:
            shown = ", ".join(self.where[:3])
        more = len(self.where) > (6 if "," in shown and "#" in shown else 3)
        return f"{len(self.where)} frames: {shown}{', …' if more else ''}"


def names(samples: Sequence[Sample], indices: Iterable[int]) -> tuple[str, ...]:
    """Names of frames by index; a frame without a name is called by its number."""
    return tuple(samples[int(n)].name or f"#{int(n)}" for n in indices)

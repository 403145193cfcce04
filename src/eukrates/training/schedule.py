"""Learning rates: warm-up, then a decay."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Schedule:
    """A factor on the learning rate: up to 1, then down.

    Args:
        kind: cosine or exponential (at `final` with the last step), plateau (down where validation stops improving), or
            constant (stays at 1).
        warmup: the fraction of all steps over which it rises from 0 to 1.
        final: the lowest factor; plateau ends the training when it falls below.
        factor: plateau multiplies by it.
        patience: validations without improvement after which plateau does.
    """

    kind: Literal["cosine", "exponential", "plateau", "constant"] = "cosine"
    warmup: float = 0.01
    final: float = 0.001
    factor: float = 0.5
    patience: int = 20

    def __post_init__(self):
        if self.kind not in ("cosine", "exponential", "plateau", "constant"):
            raise ValueError(f"Unknown schedule {self.kind!r}. Known: cosine, exponential, plateau, constant.")
        if not 0 <= self.warmup < 1 or not 0 < self.final <= 1 or not 0 < self.factor < 1 or self.patience < 1:
            raise ValueError(f"Expected 0 ≤ warmup < 1, 0 < final ≤ 1, 0 < factor < 1, patience ≥ 1; got {self}.")

    def __call__(self, step: int, steps: int, plateaus: int = 0) -> float:
        """The factor at `step` of `steps`, after `plateaus` plateaus."""
        start = self.warmup * steps
        if step < start:
            return (step + 1) / (start + 1)
        done = (step - start) / max(steps - start, 1)
        if self.kind == "cosine":
            return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        if self.kind == "exponential":
            return self.final ** min(done, 1.0)
        if self.kind == "plateau":
            return max(self.final, self.factor**plateaus)
        return 1.0

    def over(self, plateaus: int) -> bool:
        """True when plateaus have brought the factor below `final`."""
        return self.kind == "plateau" and self.factor**plateaus < self.final

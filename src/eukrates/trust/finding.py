"""`Finding`: what one test of a potential found, against a threshold, in words."""

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Finding:
    """One number, the threshold it is held to, and what it means.

    `ok` is None where the test could not be made; `meaning` then says why. A failed finding that is not `serious` is
    a reason for care, not a reason to stay away.
    """

    name: str
    value: float | None
    unit: str
    threshold: float | None
    ok: bool | None
    meaning: str
    serious: bool = True

    @property
    def mark(self) -> str:
        """pass, FAIL, care, or not tested."""
        if self.ok is None:
            return "not tested"
        return "pass" if self.ok else ("FAIL" if self.serious else "care")

    def as_dict(self) -> dict:
        """Ready for JSON; a value that is not finite becomes None, the mark tells."""
        found = asdict(self) | {"mark": self.mark}
        if self.value is not None and not np.isfinite(self.value):
            found["value"] = None
        return found


def below(name: str, value: float, unit: str, threshold: float, good: str, bad: str, serious: bool = True) -> Finding:
    """A finding that passes when `value` is finite and not above `threshold`."""
    ok = bool(np.isfinite(value) and value <= threshold)
    return Finding(name, float(value), unit, float(threshold), ok, good if ok else bad, serious)


def untested(name: str, why: str) -> Finding:
    """A finding of a test that could not be made."""
    return Finding(name, None, "", None, None, why)

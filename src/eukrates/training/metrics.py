"""Sums of errors → numbers that people read."""

from collections.abc import Mapping

import numpy as np

from eukrates.training.loss import Loss


class Tally:
    """Adds up the sums that steps return. They stay on the device until somebody reads, so steps need not wait."""

    def __init__(self, total: Mapping[str, float] | None = None):
        self._total = dict(total or {})
        self._waiting: list[Mapping] = []

    def add(self, sums: Mapping) -> None:
        """Remember the sums of one batch."""
        self._waiting.append(sums)

    @property
    def total(self) -> dict[str, float]:
        """The sums so far, in float64, added in the order in which they came."""
        for sums in self._waiting:
            for name, value in sums.items():
                self._total[name] = self._total.get(name, 0.0) + float(np.asarray(value, np.float64))
        self._waiting.clear()
        return dict(self._total)

    def metrics(self, loss: Loss) -> dict[str, float]:
        """MAE and RMSE by label (eV, eV/Å, eV/Å³, e Å and e) and the loss over all batches.

        Labels that no structure has are left out.
        """
        total, value = self.total, 0.0
        found: dict[str, float] = {}
        for label in loss.labels:
            count = total.get(f"{label}_count", 0.0)
            if count == 0:
                continue
            found[f"{label}_mae"] = total[f"{label}_abs"] / count
            found[f"{label}_rmse"] = (total[f"{label}_square"] / count) ** 0.5
            value += getattr(loss, label) * total[f"{label}_loss"] / max(total[f"{label}_norm"], 1e-12)
        return {"loss": value} | found

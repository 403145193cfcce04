"""Sums of errors → numbers that people read."""

from collections.abc import Mapping, Sequence

import numpy as np

from eukrates.training.loss import Loss


class Tally:
    """Adds up the sums that steps return, by member. They stay on the device until somebody reads, so that steps need
    not wait."""

    def __init__(self, total: Mapping[str, Sequence[float]] | None = None):
        self._total = {name: np.asarray(values, np.float64) for name, values in (total or {}).items()}
        self._waiting: list[Mapping] = []

    def add(self, sums: Mapping) -> None:
        """Remember the sums of one batch, each [members]."""
        self._waiting.append(sums)

    @property
    def total(self) -> dict[str, np.ndarray]:
        """The sums so far, float64 [members], added in the order in which they came."""
        for sums in self._waiting:
            for name, value in sums.items():
                self._total[name] = self._total.get(name, 0.0) + np.asarray(value, np.float64)
        self._waiting.clear()
        return dict(self._total)

    def metrics(self, loss: Loss) -> dict[str, np.ndarray]:
        """MAE and RMSE by label (eV, eV/Å, eV/Å³, e Å and e) and the loss over all batches, each [members].

        Labels that no structure has are left out.
        """
        total = self.total
        value, found = np.zeros(()), {}
        for label in loss.labels:
            count = total.get(f"{label}_count", np.zeros(1))
            if not np.all(count):
                continue
            found[f"{label}_mae"] = total[f"{label}_abs"] / count
            found[f"{label}_rmse"] = (total[f"{label}_square"] / count) ** 0.5
            value = value + loss.weights[label] * total[f"{label}_loss"] / np.maximum(total[f"{label}_norm"], 1e-12)
        return {"loss": value} | found


def pooled(metrics: Mapping[str, np.ndarray | Sequence[float]]) -> dict[str, float]:
    """One number for all members: the mean, of an RMSE the root of the mean square."""
    mean = lambda name, v: np.mean(np.square(v)) ** 0.5 if name.endswith("rmse") else np.mean(v)
    return {name: float(mean(name, values)) for name, values in metrics.items()}

"""Sums of errors → numbers that people read."""

from collections.abc import Iterable, Mapping

import numpy as np

from eukrates.training.loss import Loss


class Tally:
    """Adds up the sums that steps return; `metrics` turns them into means. Sums stay on the device until read."""

    def __init__(self):
        self._seen: list[Mapping] = []

    def add(self, sums: Mapping) -> None:
        """Remember the sums of one batch."""
        self._seen.append(sums)

    def metrics(self, loss: Loss) -> dict[str, float]:
        """MAE and RMSE by label (energy eV, forces eV/Å, stress eV/Å³, dipole e Å) and the loss over all batches."""
        return metrics(self._seen, loss)


def metrics(seen: Iterable[Mapping], loss: Loss) -> dict[str, float]:
    """See `Tally.metrics`. Labels that no structure has are left out."""
    total: dict[str, float] = {}
    for sums in seen:
        for name, value in sums.items():
            total[name] = total.get(name, 0.0) + float(np.asarray(value, np.float64))
    found, value = {}, 0.0
    for label in loss.labels:
        count = total.get(f"{label}_count", 0.0)
        if count == 0:
            continue
        found[f"{label}_mae"] = total[f"{label}_abs"] / count
        found[f"{label}_rmse"] = (total[f"{label}_square"] / count) ** 0.5
        value += getattr(loss, label) * total[f"{label}_loss"] / max(total[f"{label}_norm"], 1e-12)
    return {"loss": value} | found

"""How many labels, and for what."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Policy:
    """When a structure is worth a label, and when the loop ends.

    Args:
        rho: eV, deviation of the members per √atom, times the scale of calibration; dynamics stops above it, and the
            loop ends where nothing is. 0.01 is the 0.23 kcal/mol of Smith et al. 2018 (doi:10.1063/1.5023802).
        labels: structures given to the labeller in all, those of the start and those that fail included.
        batch: labels of a generation, at most; nor are there more than half as many as before, which chose them.
        hottest_kelvin: K; candidates whose energy, as the ensemble sees it, would take a higher temperature are left
            aside: nothing will ever go there.
        choose: uncertain: what tells most of the forces that the ensemble is unsure of, see
            `eukrates.active.choice.chosen`. random: any candidate, for comparison.
        seed: of sampling and choice.
    """

    rho: float = 0.01
    labels: int = 500
    batch: int = 25
    hottest_kelvin: float = 1500.0
    choose: Literal["uncertain", "random"] = "uncertain"
    seed: int = 0

    def __post_init__(self):
        if not (min(self.rho, self.labels, self.batch, self.hottest_kelvin) > 0 and self.seed >= 0):
            raise ValueError(f"Expected numbers above 0 and a seed of at least 0, got {self}.")
        if self.choose not in ("uncertain", "random"):
            raise ValueError(f"Unknown choice {self.choose!r}. Known: uncertain, random.")

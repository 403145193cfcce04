"""What a search is told, and where it stands."""

from dataclasses import asdict, dataclass

from eukrates.landscape.catalogue import TOLERANCE, WINDOW
from eukrates.landscape.search.coverage import Coverage


@dataclass(frozen=True)
class Rules:
    """What counts as a minimum, and as the same one.

    Args:
        force: eV/Å, the largest on an atom of a structure at rest. Soft minima are listed twice if it is larger: of 61
            minima of alanine dipeptide that were found with 0.002, 36 were left after relaxing them to 0.0005.
        steps: evaluations of a quench, at most.
        mirror: "apart" or "merged", see `Catalogue`.
        window, tolerance: eV and Å, see `Catalogue`.
        configuration: whether centres and double bonds must stay as they are.
        gap: Å, the widest within a cluster, from atom to atom; None: the potential's `cutoff`, that of its near pairs,
            also where there is a `far_cutoff`. Molecules farther apart are in no contact; they may feel each other by
            long-range physics, but mostly so little that it passes for rest, and what fell apart would count. Give the
            gap if ions that are farther apart shall count.
        seed: of all chance.

    Raises:
        ValueError: a force, steps, a tolerance or a gap that is not above 0, a window or a seed below 0, another word
            for `mirror`.
    """

    force: float = 0.0005
    steps: int = 2000
    mirror: str = "apart"
    window: float = WINDOW
    tolerance: float = TOLERANCE
    configuration: bool = True
    gap: float | None = None
    seed: int = 0

    def __post_init__(self):
        positive = (self.force, self.steps, self.tolerance, *(() if self.gap is None else (self.gap,)))
        if not (all(value > 0 for value in positive) and self.window >= 0 and self.seed >= 0):
            raise ValueError(
                f"Expected force, steps, tolerance and gap above 0, window and seed not below 0, got {self}."
            )
        if self.mirror not in ("apart", "merged"):
            raise ValueError(f'Expected mirror to be "apart" or "merged", got {self.mirror!r}.')


@dataclass(frozen=True)
class Budget:
    """When a search ends: with the first round after which one of these is reached.

    Args:
        quenches: candidates that were quenched.
        minima: different ones.
        hours: of work, in all sessions.
        idle: quenches since the last new minimum.
    """

    quenches: int | None = None
    minima: int | None = None
    hours: float | None = None
    idle: int | None = None

    def __post_init__(self):
        given = [value for value in asdict(self).values() if value is not None]
        if not given or not all(value > 0 for value in given):
            raise ValueError(f"Expected at least one limit, and limits above 0, got {self}.")


@dataclass(frozen=True)
class Standing:
    """Where a search stands after a round."""

    round: int
    quenches: int
    minima: int
    aside: int
    lowest: float  # eV
    hours: float
    idle: int  # quenches since the last new minimum
    coverage: Coverage

    def spends(self, budget: Budget) -> bool:
        """Whether a limit is reached."""
        limits = asdict(budget)
        reached = {"quenches": self.quenches, "minima": self.minima, "hours": self.hours, "idle": self.idle}
        return any(limits[name] is not None and value >= limits[name] for name, value in reached.items())

"""How long to train, on what, how often to look."""

from dataclasses import dataclass, field

from eukrates.training.loss import Loss
from eukrates.training.optimiser import Optimiser
from eukrates.training.schedule import Schedule


@dataclass(frozen=True)
class Plan:
    """The settings of a training run.

    Args:
        epochs: passes over the training structures; the schedule of the learning rate is laid over all of them.
        batch_size: structures a step.
        validate_every: epochs between validations (of the averaged weights).
        patience: validations without improvement after which training stops; None: never.
        checkpoint_minutes: at most so much work is lost when the run is killed.
        seed: of the initial weights and of the order of the structures.
        left_out: of the training structures, the fraction that a member of an ensemble does not see: for each member
            others, drawn by the seed. 0: all members see all.
        move: names of the parameters that training changes, "readout" or "blocks.2.*", see `choose`; others keep every
            bit. Default: all.
    """

    epochs: int = 500
    batch_size: int = 8
    validate_every: int = 1
    patience: int | None = None
    checkpoint_minutes: float = 2.0
    seed: int = 0
    left_out: float = 0.0
    move: tuple[str, ...] = ("*",)
    loss: Loss = field(default_factory=Loss)
    optimiser: Optimiser = field(default_factory=Optimiser)
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self):
        if isinstance(self.move, str) or not self.move:
            raise ValueError(f"Expected move as a list of names of parameters such as ['readout'], got {self.move!r}.")
        object.__setattr__(self, "move", tuple(self.move))
        for name in ("epochs", "batch_size", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} ≥ 1, got {getattr(self, name)}.")
        if self.patience is not None and self.patience < 1:
            raise ValueError(f"Expected patience ≥ 1 or none, got {self.patience}.")
        if self.checkpoint_minutes < 0 or self.seed < 0:
            raise ValueError(f"Expected checkpoint_minutes ≥ 0 and seed ≥ 0, got {self}.")
        if not 0 <= self.left_out < 1:
            raise ValueError(f"Expected 0 ≤ left_out < 1, got {self.left_out}.")

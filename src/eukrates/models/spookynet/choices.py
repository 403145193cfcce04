"""What the constructor of SpookyNet accepts."""

from collections.abc import Mapping

from eukrates.models.hyperparameters import check_known
from eukrates.models.spookynet.attention import KINDS
from eukrates.models.spookynet.dense import SHAPES
from eukrates.near_miss import near_miss

RESIDUALS = (
    "electron",
    "pre",
    "local_x",
    "local_s",
    "local_p",
    "local_d",
    "local",
    "nonlocal_q",
    "nonlocal_k",
    "nonlocal_v",
    "post",
    "output",
)
ELECTRONS = ("linear", "nonlinear")


def counted(residuals: int | Mapping[str, int]) -> dict[str, int]:
    """Residual blocks of every stack.

    Raises:
        ValueError: an unknown name, or a number that is none.
    """
    given = dict.fromkeys(RESIDUALS, residuals) if isinstance(residuals, int) else dict(residuals)
    for name, count in given.items():
        if name not in RESIDUALS:
            known = ", ".join(RESIDUALS)
            raise ValueError(
                f"No stack of residual blocks is named {name!r}{near_miss(name, RESIDUALS)} Known: {known}."
            )
        if isinstance(count, bool) or not (isinstance(count, int) and count >= 0):
            raise ValueError(f"Expected a number of residual blocks ≥ 0 for {name}, got {count!r}.")
    return {name: given.get(name, 1) for name in RESIDUALS}


def check_choices(activation: str, attention: str, electrons: str, keep: float) -> None:
    """Raise ValueError for a choice that does not exist."""
    check_known("activation", activation, SHAPES)
    check_known("attention", attention, KINDS)
    check_known("electrons", electrons, ELECTRONS)
    if not 0 < keep <= 1:
        raise ValueError(f"Expected keep_probability above 0 and at most 1, got {keep}.")

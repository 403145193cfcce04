"""Long-range choices that a user makes when a model is used, not when it is trained."""

from typing import Any

from eukrates.models.so3krates import SO3LR
from eukrates.models.spookynet import SpookyNet
from eukrates.potential import Potential

LONG_RANGE = ("far_cutoff", "electrostatics")  # what can be chosen


def with_long_range(potential: Potential, **choices: Any) -> Potential:
    """The potential with another `far_cutoff` (Å) or `electrostatics` (see `SO3LR`, `SpookyNet`); None changes nothing.

    Raises:
        ValueError: a potential that has no such choice, or a value that cannot be.
    """
    given = {name: value for name, value in choices.items() if value is not None}
    if not given:
        return potential
    if not isinstance(potential, SO3LR | SpookyNet):
        named = " and ".join(given)
        raise ValueError(f"{type(potential).__name__} has no long-range physics, so {named} cannot be chosen.")
    return potential.but(**given)

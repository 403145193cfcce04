"""Numbers of a run that may change in time or from replica to replica, as files and command lines spell them."""

from collections.abc import Sequence

from eukrates.dynamics import Ramp
from eukrates.dynamics.schedules import schedule, spelled

Changing = float | int | str | dict[str, float | int]  # a number; a ramp: {start, end, over_ps} or "300:600:10"
Plain = float | int | dict[str, float | int]


def plain(told: Changing | Ramp | None) -> Plain | None:
    """A number or None as it is, a ramp as a mapping.

    Raises:
        ValueError: neither of them.
    """
    made = schedule(told)
    return spelled(made) if isinstance(made, Ramp) else made  # type: ignore[reportReturnType]


def plain_list(told: Changing | Sequence[Changing]) -> Plain | list[Plain]:
    """The same, of a list one by one; "300,400" is a list too.

    Raises:
        ValueError: as in `plain`; an empty list.
    """
    if isinstance(told, str) and "," in told:
        told = told.split(",")
    if not isinstance(told, list | tuple):
        return plain(told)  # type: ignore[reportArgumentType]
    if not told:
        raise ValueError("Expected at least one number in a list, got none.")
    return [plain(one) for one in told]  # type: ignore[reportReturnType]

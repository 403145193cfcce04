"""`Ended`: how structures and bands stand, in words."""

from enum import IntEnum


class Ended(IntEnum):
    """Numbers with names, for compiled loops."""

    @property
    def words(self) -> str:
        """OUT_OF_STEPS: out of steps."""
        return self.name.lower().replace("_", " ")

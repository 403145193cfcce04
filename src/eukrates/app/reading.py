"""How a data file is to be read: what its owner declares on the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eukrates.data import Dataset, read, with_state


@dataclass(frozen=True)
class Reading:
    """Declarations about a data file.

    Args:
        keys, units: see `eukrates.data.read`.
        charge, spin: e, and unpaired electrons, of structures that do not state them.
    """

    keys: Mapping[str, str | None] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    charge: float | int | None = None
    spin: float | int | None = None

    def __call__(self, path: str | Path) -> Dataset:
        """The structures of the file; raises what `eukrates.data.read` raises."""
        return with_state(read(path, self.keys or None, self.units or None), self.charge, self.spin)

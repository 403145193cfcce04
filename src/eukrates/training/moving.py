"""Which parameters move in a training: chosen by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from eukrates.near_miss import near_miss
from eukrates.potential import Potential, parameter_groups, trainable_parameters


@dataclass(frozen=True)
class Moving:
    """The parameters that training changes; all others keep every bit."""

    patterns: tuple[str, ...]
    names: frozenset[str]  # of the arrays that move
    counts: Mapping[str, tuple[int, int]]  # piece of a member → numbers in it that move, numbers in it
    members: int = 1

    @property
    def parameters(self) -> int:
        """Numbers that move, in all members."""
        return self.members * sum(moving for moving, _ in self.counts.values())

    @property
    def of(self) -> int:
        """Numbers that the potential has."""
        return self.members * sum(there for _, there in self.counts.values())

    def text(self) -> str:
        """Pieces that move and pieces that do not, with how many numbers."""
        words = lambda n, of: f"{n}" if n == of else f"{n} of {of}"
        moving = [f"{piece} ({words(n, of)})" for piece, (n, of) in self.counts.items() if n]
        fixed = [piece for piece, (n, _) in self.counts.items() if not n]
        rest = f" Fixed: {', '.join(fixed)}." if fixed else ""
        each = f" In each of {self.members} members:" if self.members > 1 else ""
        return f"{words(self.parameters, self.of)} parameters move:{each} {', '.join(moving)}.{rest}"

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        pieces = {piece: n for piece, (n, _) in self.counts.items() if n}
        whole = {"chosen": list(self.patterns), "pieces": pieces, "parameters": self.parameters, "of": self.of}
        return whole | ({"members": self.members} if self.members > 1 else {})


def choose(potential: Potential, patterns: Iterable[str] = ("*",)) -> Moving:
    """The parameters of `potential` that one of the patterns names.

    Args:
        potential: any potential; of an ensemble the names are those of a member, and all members move alike.
        patterns: names of parameters as in the model file; a piece such as "readout" or "blocks.2" means all that is in
            it; "*" stands for any characters (dots too), "?" for one. None of them names what is `Constants`.

    Raises:
        ValueError: a pattern that names nothing, with the nearest name and the pieces there are; nothing to train.
    """
    patterns, members = tuple(patterns), potential.apart()
    potential = members[0]
    sizes = {name: int(np.prod(leaf.shape)) for name, leaf in trainable_parameters(potential)}
    if not sizes:
        raise ValueError(f"{type(potential).__name__} has no parameters: there is nothing to train.")
    pieces = {piece: sizes.keys() & names for piece, names in parameter_groups(potential).items()}
    groups = {piece: names for piece, names in pieces.items() if names}
    chosen: set[str] = set()
    for pattern in patterns:
        found = {name for name in sizes if fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")}
        if not found:
            raise ValueError(f"{pattern!r} names no parameter{_nearest(pattern, sizes)} Pieces: {', '.join(groups)}.")
        chosen |= found
    if not chosen:
        raise ValueError(f"No parameter was chosen: nothing would move. Name some of {', '.join(groups)}, or '*'.")
    total = lambda names: sum(sizes[name] for name in names)
    counts = {piece: (total(chosen.intersection(names)), total(names)) for piece, names in groups.items()}
    return Moving(patterns, frozenset(chosen), counts, len(members))


def _nearest(pattern: str, names: Iterable[str]) -> str:
    """A near miss among all names and the beginnings of names; stars at the end do not disturb the search."""
    beginnings = {".".join(parts[:n]) for name in names if (parts := name.split(".")) for n in range(1, len(parts) + 1)}
    return near_miss(pattern.rstrip("*.") or pattern, sorted(beginnings, key=len))

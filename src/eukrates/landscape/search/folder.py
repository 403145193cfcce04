"""Where a search keeps what it was told and its rounds."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eukrates.files import write_atomically
from eukrates.landscape.search.rounds import Round

SETTINGS, ROUNDS = "search.json", "rounds"
LATER = "explorers"  # what the first round, that of the starts, does not hang on


class Folder:
    """A folder of one search, or a place in memory where `path` is None."""

    def __init__(self, path: Path | None):
        self.path = path

    def begin(self, told: Mapping[str, Any]) -> None:
        """Make the folder, or make sure that it is that of the same search.

        What no round hangs on may change, so that a search that failed can be told better: until its first round is
        kept all of it, then explorers until the second is.

        Raises:
            ValueError: it is that of another search, or of something else; nothing was touched.
        """
        if self.path is None:
            return
        settings, now = self.path / SETTINGS, json.loads(json.dumps(dict(told)))
        before = json.loads(settings.read_text("utf-8")) if settings.exists() else {}
        if not before and self.path.exists() and any(not file.name.startswith(".") for file in self.path.iterdir()):
            raise ValueError(f"{self.path} holds something else. Nothing was touched: choose another folder.")
        kept = sum(self._file(self.path, number).exists() for number in (0, 1))
        changed = {name for name in {*now, *before} if now.get(name) != before.get(name)}
        if wrong := sorted(changed - (set(now), {LATER}, set())[kept]):
            raise ValueError(
                f"{self.path} is of a search with other {', '.join(wrong)}. Restore what it was told to go on, or "
                "choose another folder."
            )
        if changed:
            write_atomically(settings, json.dumps(now, indent=1))

    def rounds(self) -> Iterator[Round]:
        """Those that were finished, in order."""
        number = 0
        while self.path is not None and self._file(self.path, number).exists():
            yield Round.read(self._file(self.path, number))
            number += 1

    def first(self) -> Round:
        """That of the starts.

        Raises:
            ValueError: it was not finished.
        """
        found = next(self.rounds(), None)
        if found is None:
            raise ValueError(f"The search in {self.path} has not finished its first round: search on.")
        return found

    def keep(self, number: int, done: Round) -> None:
        """A round that is finished."""
        if self.path is not None:
            done.write(self._file(self.path, number))

    def _file(self, path: Path, number: int) -> Path:
        return path / ROUNDS / f"{number:05d}.npz"

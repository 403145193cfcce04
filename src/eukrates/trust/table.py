"""`Table`: rows of words and numbers, for the terminal and for the report alike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """A titled table. A cell that is None, or not a number, is shown as a dash: it is unknown, not zero."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def __post_init__(self):
        wrong = [n for n, row in enumerate(self.rows) if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"{self.title}: expected {len(self.columns)} cells a row, rows {wrong[:10]} differ.")

    def text(self) -> str:
        """Plain text with aligned columns: words to the left, numbers to the right."""
        cells = [[show(cell) for cell in row] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.columns, *cells, strict=True)]
        left = [all(isinstance(row[n], str) for row in self.rows) for n in range(len(self.columns))]

        def line(words):
            padded = (w.ljust(n) if to_left else w.rjust(n) for w, n, to_left in zip(words, widths, left, strict=True))
            return "  " + "  ".join(padded).rstrip()

        parts = [self.title, line(self.columns), *(line(row) for row in cells)]
        return "\n".join(parts + ([f"  {self.note}"] if self.note else []))


def show(cell: Cell) -> str:
    """A cell in words: numbers with four significant digits, a dash where there is none."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, float):
        return str(cell)
    if cell == 0 or not math.isfinite(cell):
        return f"{cell:g}"
    digits = 3 - math.floor(math.log10(abs(cell)))
    return f"{cell:.{max(digits, 0)}f}" if -2 <= digits <= 6 else f"{cell:.2e}"

"""`Report`: one self-contained page of sections. It opens without a network, today and in ten years."""

import html
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from pathlib import Path

import matplotlib.figure

from eukrates.files import write_atomically
from eukrates.plots.molecule import Molecule3D
from eukrates.plots.style import png_address, svg
from eukrates.trust.table import Table, show

SHORT = ' class="short"'  # cells that stay on one line
MARKS = {"pass": "✓ pass", "FAIL": "✗ FAIL", "care": "! care", "not tested": "– not tested"}


@dataclass(frozen=True, eq=False)
class Figure:
    """A matplotlib figure with a caption."""

    drawn: matplotlib.figure.Figure
    caption: str = ""
    as_png: bool = False  # instead of SVG: smaller where there are very many points

    def html(self) -> str:
        """<figure> with the drawing inside."""
        width = round(96 * self.drawn.get_figwidth())
        picture = f'<img alt="" src="{png_address(self.drawn)}">' if self.as_png else svg(self.drawn)
        return f'<figure style="width:{width}px">{picture}{_caption(self.caption)}</figure>'


@dataclass(frozen=True)
class Verdict:
    """One sentence in a box, coloured by how good the news is: "good", "care", "bad" or "plain"."""

    text: str
    mood: str = "plain"

    def __post_init__(self):
        if self.mood not in ("good", "care", "bad", "plain"):
            raise ValueError(f"Expected a mood of good, care, bad or plain, got {self.mood!r}.")

    def html(self) -> str:
        """A coloured paragraph."""
        return f'<p class="verdict {self.mood}">{html.escape(self.text)}</p>'


HOW_TO_TURN = "Drag to turn, click and scroll to zoom, shift and drag to move, double-click to start over."

Block = str | Table | Figure | Verdict | Molecule3D


@dataclass(frozen=True, eq=False)
class Section:
    """A titled part of the page: paragraphs (plain words), tables, figures, verdicts, molecules, in their order.

    Figures that follow one another stand side by side where the page is wide enough.
    """

    title: str
    blocks: Sequence[Block]

    def html(self) -> str:
        """<section> with a heading."""
        runs = groupby(self.blocks, key=lambda block: isinstance(block, Figure))
        parts = ((drawn, "\n".join(as_html(block) for block in blocks)) for drawn, blocks in runs)
        inside = "\n".join(f'<div class="row">{part}</div>' if drawn else part for drawn, part in parts)
        return f'<section id="{_anchor(self.title)}"><h2>{html.escape(self.title)}</h2>\n{inside}\n</section>'


@dataclass(frozen=True, eq=False)
class Report:
    """A page."""

    title: str
    sections: Sequence[Section]
    subtitle: str = ""

    def html(self) -> str:
        """The whole document."""
        style, viewer = (
            files("eukrates.plots").joinpath("assets", n).read_text("utf-8") for n in ("style.css", "viewer.js")
        )
        links = "".join(f'<a href="#{_anchor(s.title)}">{html.escape(s.title)}</a>' for s in self.sections)
        moving = any(isinstance(block, Molecule3D) for s in self.sections for block in s.blocks)
        return "\n".join(
            (
                '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f"<title>{html.escape(self.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>",
                f'<header><h1>{html.escape(self.title)}</h1><p class="subtitle">{html.escape(self.subtitle)}</p>',
                f"<nav>{links}</nav></header>\n<main>",
                *(section.html() for section in self.sections),
                f"</main>\n{f'<script>{viewer}</script>' if moving else ''}\n</body>\n</html>\n",
            )
        )

    def write(self, path: str | os.PathLike) -> Path:
        """Write the page, atomically."""
        return write_atomically(Path(path), self.html())


def as_html(block: object) -> str:
    """A block as HTML; plain words are escaped and become a paragraph.

    Raises:
        TypeError: something that a page cannot show.
    """
    if isinstance(block, str):
        return f"<p>{html.escape(block)}</p>"
    if isinstance(block, Figure | Verdict):
        return block.html()
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Molecule3D):
        return _molecule(block)
    raise TypeError(f"Expected words, Table, Figure, Verdict or Molecule3D on a page, got {type(block).__name__}.")


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
    body = "\n".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in table.rows)
    note = f'<p class="note">{html.escape(table.note)}</p>' if table.note else ""
    caption = f"<caption>{html.escape(table.title)}</caption>" if table.title else ""
    return (
        f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>{note}'
    )


def _cell(cell) -> str:
    if isinstance(cell, str):
        if cell in MARKS:
            return f'<td class="mark {cell.replace(" ", "-").lower()}">{MARKS[cell]}</td>'
        return f"<td{SHORT if len(cell) < 18 else ''}>{html.escape(cell)}</td>"
    return f'<td class="number">{html.escape(show(cell))}</td>'


def _molecule(molecule: Molecule3D) -> str:
    data = json.dumps(molecule.payload(), allow_nan=False, separators=(",", ":"))
    stage = (
        '<div class="stage" tabindex="0" role="img" aria-label="structure in three dimensions"><canvas></canvas></div>'
    )
    caption = _caption(f"{molecule.caption} {HOW_TO_TURN}".strip())
    return f'<figure class="molecule">{stage}<script type="application/json">{data}</script>{caption}</figure>'


def _caption(words: str) -> str:
    return f"<figcaption>{html.escape(words)}</figcaption>" if words else ""


def _anchor(title: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in title.lower())

"""One look for all figures: colours that colour-blind readers can tell apart, thin axes, no decoration.

Palette: Okabe & Ito, "Color Universal Design" (2008), without its yellow, which is too pale on white.
Figures are made by `figure`, never through pyplot, so no state of the process is touched.
"""

import base64
import io
import re
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
CYCLE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
INK, QUIET, GRID, BAND = "#1f2933", "#6b7785", "#e3e7eb", "#eef3f7"
ELEMENT = {"H": QUIET, "C": INK, "N": BLUE, "O": VERMILION, "F": GREEN, "S": ORANGE, "P": PURPLE, "Cl": GREEN}
_INKS: dict[Any, Any] = {
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "font.size": 9.5,
}
_SVG: dict[Any, Any] = {"svg.fonttype": "path", "svg.hashsalt": "eukrates", "path.simplify": True}


def figure(width: float = 4.4, height: float = 3.4, panels: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of one row of panels, each `width` × `height` inches."""
    with mpl.rc_context(_INKS):
        fig = Figure(figsize=(width * panels, height), dpi=100, layout="constrained", facecolor="white")
        axes = list(fig.subplots(1, panels, squeeze=False)[0])
        for ax in axes:
            ax.spines[["top", "right"]].set_visible(False)
            ax.spines[["left", "bottom"]].set_color("#b8c1cb")
            ax.tick_params(length=3, width=0.8, color="#b8c1cb", labelsize=8.5)
            ax.grid(True, color=GRID, linewidth=0.7)
            ax.set_axisbelow(True)
    return fig, axes


def label(ax: Axes, x: str = "", y: str = "", title: str = "") -> None:
    """Names of the axes, and a title set to the left."""
    ax.set_xlabel(x, color=INK, fontsize=9.5)
    ax.set_ylabel(y, color=INK, fontsize=9.5)
    if title:
        ax.set_title(title, loc="left", color=INK, fontsize=10.5, fontweight="bold", pad=8)


def legend(ax: Axes, **options) -> None:
    """A legend without a frame, if there is something to tell apart."""
    handles, _ = ax.get_legend_handles_labels()
    if handles:
        ax.legend(**({"frameon": False, "fontsize": 8.5, "labelcolor": INK, "handlelength": 1.4} | options))


def element_colour(symbol: str, place: int = 0) -> str:
    """The colour of an element in figures; others take one by their place."""
    return ELEMENT.get(symbol, CYCLE[place % len(CYCLE)])


def svg(fig: Figure) -> str:
    """The figure as an <svg> element for HTML: no prologue, no metadata, no addresses."""
    stream = io.StringIO()
    with mpl.rc_context(_SVG):
        fig.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", text)
    return re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", text, count=1)


def png(fig: Figure, dpi: int = 160) -> bytes:
    """The figure as a PNG file."""
    stream = io.BytesIO()
    fig.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()


def png_address(fig: Figure, dpi: int = 160) -> str:
    """The figure as a data: address for <img src>."""
    return "data:image/png;base64," + base64.b64encode(png(fig, dpi)).decode()

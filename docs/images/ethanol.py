"""The picture of the README, from the folder that `eukrates demo` left:  python docs/images/ethanol.py demo"""

import io
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
from matplotlib import image

from eukrates import evaluate, load, read
from eukrates.data import load_split, separate
from eukrates.data.trajectory import read_h5md
from eukrates.plots.bonds import bond_figure
from eukrates.plots.parity import parity
from eukrates.plots.style import png


def main(demo: Path, out: Path) -> None:
    """Forces on the test structures beside the bond lengths of the dynamics and of the reference at 300 K."""
    structures = separate(read(str(files("eukrates.data") / "sets" / "ethanol.extxyz")))[1]
    chosen = load_split(demo / "training" / "split.json").parts["test"]
    test = [structures[n] for n in chosen]
    judged = evaluate(load(demo / "training" / "best.safetensors"), test)
    moving = [sample.system for sample in read_h5md(demo / "dynamics" / "trajectory.h5").samples()]
    reference = [sample.system for sample in structures if sample.group == "md_300K"]
    rows = [parity(judged.comparisons["forces"]), bond_figure(moving, reference)]
    pixels = [image.imread(io.BytesIO(png(figure, dpi=100))) for figure in rows]
    width = max(p.shape[1] for p in pixels)
    padded = [np.pad(p, ((0, 0), (0, width - p.shape[1]), (0, 0)), constant_values=1.0) for p in pixels]
    image.imsave(out, np.concatenate(padded))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).with_suffix(".png"))

"""Active learning beside random sampling: how many labels does each need for the same error of forces?

    python benchmarks/active_learning.py OUT --seeds 0 1 2

The molecule is 2-methoxyethanol, the labels are GFN2-xTB. Both loops begin with the same 20 structures of one conformer
at 300 K, draw candidates from dynamics, normal modes and turned bonds of their own ensembles, and differ in what is
labelled: what the ensemble is unsure of and what is far from the rest, or any candidate (dynamics then runs to its end
undisturbed). The test set is dynamics of GFN2-xTB itself at 500 K, from conformers with random torsions.
"""

import argparse
import json
from itertools import pairwise
from pathlib import Path

import ase.io
import jax
import numpy as np
from ase.build import molecule
from ase.optimize import BFGS

from eukrates.active import Torsions
from eukrates.app.active import learn
from eukrates.app.active_configuration import ActiveConfiguration
from eukrates.app.configuration_file import configuration
from eukrates.models import ANI
from eukrates.reference import AsCalculator, TBLite, label, langevin_snapshots

KELVIN_START, KELVIN_TEST, CONFORMERS, EACH = 300.0, 500.0, 20, 15
LABELS = {"uncertain": (120, 20), "random": (220, 40)}  # in all, in a generation


def methoxyethanol():
    """2-methoxyethanol from methyl ethyl ether: one hydrogen of the end becomes a hydroxyl group; GFN2-xTB minimum."""
    ether = molecule("CH3CH2OCH3")
    bonds = ether.get_all_distances() < 1.2
    carbons = [a.index for a in ether if a.symbol == "C"]
    apart = ether.get_distances(next(a.index for a in ether if a.symbol == "O"), carbons)
    end = carbons[int(np.argmax(apart))]
    gone = next(a.index for a in ether if a.symbol == "H" and bonds[a.index, end])
    way = (ether.positions[gone] - ether.positions[end]) / ether.get_distance(gone, end)
    oxygen = ether.positions[end] + 1.42 * way
    side = np.cross(way, [0.3, 0.5, 0.8])
    hydrogen = oxygen + 0.96 * (0.3 * way + 0.95 * side / np.linalg.norm(side))
    del ether[gone]
    ether += molecule("OH")
    ether.positions[-2:] = oxygen, hydrogen
    return relaxed(ether)


def relaxed(atoms):
    """The minimum of GFN2-xTB that it falls into."""
    atoms = atoms.copy()
    atoms.info = {"charge": 0, "spin": 0}
    atoms.calc = AsCalculator(TBLite())
    BFGS(atoms, logfile=None).run(fmax=0.05, steps=200)
    atoms.calc = None
    return atoms


def data(out: Path) -> tuple[Path, Path]:
    """The structures to begin with, and the labelled test set."""
    start, test = out / "start.extxyz", out / "test.extxyz"
    if test.exists():
        return start, test
    out.mkdir(parents=True, exist_ok=True)
    one = methoxyethanol()
    heat = {"every_fs": 100, "settle_fs": 500, "seed": 0}
    ase.io.write(
        start, list(langevin_snapshots(one, AsCalculator(TBLite()), temperature_kelvin=KELVIN_START, count=20, **heat))
    )
    bystander = ANI(["H", "C", "O"], hidden=[1], key=jax.random.key(0))  # turning bonds asks no potential
    turned = Torsions(CONFORMERS)(bystander, [one], 0.0, np.random.default_rng(0))
    frames = []
    for n, atoms in enumerate(turned):
        told = {"temperature_kelvin": KELVIN_TEST, "count": EACH} | heat | {"seed": n}
        frames += langevin_snapshots(relaxed(atoms), AsCalculator(TBLite()), **told)
    label(frames, TBLite(), test)
    return start, test


def loop(out: Path, choose: str, seed: int, start: Path, test: Path):
    """One loop; the labels and errors of its generations."""
    labels, batch = LABELS[choose]
    settings = {
        "structures": str(start),
        "labeller": "gfn2",
        "sampling": {
            "dynamics": {"replicas": 16, "temperatures_kelvin": [300, 500, 700], "time_ps": 1.0},
            "modes": {"structures": 4, "count": 12, "temperature_kelvin": 500},
            "torsions": {"count": 60},
        },
        "policy": {"labels": labels, "batch": batch, "rho": 0.005, "choose": choose, "seed": seed},
        "model": {"ani": {"hidden": [64, 48, 32]}},
        "members": 4,
        "training": {
            "epochs": 200,
            "batch_size": 5,
            "seed": seed,
            "validate_every": 5,
            "optimiser": {"learning_rate": 1.5e-3, "ema": 0.99, "weight_decay": 1e-3},
        },
        "test": str(test),
        "folder": str(out / f"{choose}_{seed}"),
    }
    done = learn(configuration(settings, "benchmark", ActiveConfiguration), tell=print)
    rmse = lambda g, what: 1e3 * g.errors["test"][what]["rmse"]
    return [(g.labels, rmse(g, "forces"), rmse(g, "energy")) for g in done.generations]


def needed(curve, error: float) -> float:
    """Labels at which a curve first comes down to an error, between its points by logarithms; infinite if never."""
    for (n, high, _), (m, low, _) in pairwise(curve):
        if low <= error:
            if high <= error:
                return n
            part = np.log(high / error) / np.log(high / low)
            return float(np.exp(np.log(n) + part * np.log(m / n)))
    return np.inf


def main() -> None:
    """Run both loops for every seed and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    told = parser.parse_args()
    start, test = data(told.out)
    curves = {(choose, seed): loop(told.out, choose, seed, start, test) for seed in told.seeds for choose in LABELS}
    for (choose, seed), curve in curves.items():
        points = ", ".join(f"{n}: {forces:.0f} / {energy:.0f}" for n, forces, energy in curve)
        print(f"{choose} {seed}: labels: RMSE of forces meV/Å / energy meV: {points}")
    for seed in told.seeds:
        at, error, _ = curves["random", seed][-1]
        share = needed(curves["uncertain", seed], error) / at
        print(
            f"seed {seed}: random sampling comes to {error:.0f} meV/Å with {at} labels, "
            f"active learning with {share:.2f} of them"
        )
    rows = {f"{choose} {seed}": curve for (choose, seed), curve in curves.items()}
    (told.out / "curves.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""Active learning beside random sampling: how many labels does each need for the same error of forces?

    python benchmarks/active_learning.py OUT --seeds 0 1 2

The molecule is 2-methoxyethanol, the labels are GFN2-xTB, and everything begins with the same 20 structures of one
conformer at 300 K. The test set is dynamics of GFN2-xTB at 500 K, from conformers with random torsions.

    uncertain    the loop: dynamics of its own ensembles at 500 and 700 K, each replica stopped where they disagree;
                 labels for what they are unsure of and what is far from the rest
    random       the same loop, labels for any of its candidates; dynamics runs to its end undisturbed
    300 K        random sampling as most data are made: snapshots of dynamics of GFN2-xTB, every 100 fs, from where the
                 20 structures come from
    500 K        the same at the temperature of the test set
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
from eukrates.app.training import train
from eukrates.models import ANI, read_header
from eukrates.reference import AsCalculator, TBLite, label, langevin_snapshots

KELVIN_START, KELVIN_TEST, CONFORMERS, EACH = 300.0, 500.0, 20, 15
LABELS = {"uncertain": (100, 20), "random": (100, 20)}  # in all, in a generation
PLAIN, SIZES = {"300 K": 300.0, "500 K": 500.0}, (50, 100, 200)


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


def settings(out: Path, choose: str, seed: int, start: Path, test: Path) -> ActiveConfiguration:
    """Of a loop; the other baselines train as it does."""
    labels, batch = LABELS.get(choose, (1, 1))
    told = {
        "structures": str(start),
        "labeller": "gfn2",
        "sampling": {"dynamics": {"replicas": 40, "temperatures_kelvin": [500, 700], "time_ps": 1.0}},
        "policy": {"labels": labels, "batch": batch, "rho": 0.02, "seed": seed},
        "model": {"ani": {"hidden": [64, 48, 32]}},
        "members": 4,
        "training": {
            "epochs": 150,
            "batch_size": 5,
            "seed": seed,
            "validate_every": 5,
            "optimiser": {"learning_rate": 1.5e-3, "ema": 0.99, "weight_decay": 1e-3},
        },
        "test": str(test),
        "folder": str(out / f"{choose}_{seed}".replace(" ", "")),
    }
    if choose in LABELS:
        told["policy"]["choose"] = choose
    return configuration(told, "benchmark", ActiveConfiguration)


def loop(whole: ActiveConfiguration):
    """Labels and errors of the generations of a loop."""
    return [(g.labels, *rmse(g.errors)) for g in learn(whole).generations]


def plain(whole: ActiveConfiguration, kelvin: float, seed: int, start: Path):
    """The same of trainings on snapshots of one trajectory of GFN2-xTB."""
    folder = Path(whole.folder)
    folder.mkdir(exist_ok=True)
    frames = ase.io.read(start, ":")
    more = {"temperature_kelvin": kelvin, "every_fs": 100, "settle_fs": 500, "seed": 1000 + seed}
    frames += langevin_snapshots(frames[0], AsCalculator(TBLite()), count=max(SIZES) - len(frames), **more)
    curve = []
    for size in SIZES:
        label(frames[:size], TBLite(), folder / f"{size}.extxyz")
        told = whole.training_on([str(folder / f"{size}.extxyz")], str(folder / str(size)), "GFN2-xTB")
        best = train(told, tell=lambda words: None).trained.best
        curve.append((size, *rmse(read_header(best)["card"]["errors"])))
    return curve


def rmse(errors) -> tuple[float, float]:
    """Of forces in meV/Å and energies in meV on the test set."""
    return 1e3 * errors["test"]["forces"]["rmse"], 1e3 * errors["test"]["energy"]["rmse"]


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
    """Run everything for every seed and print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    told = parser.parse_args()
    start, test = data(told.out)
    curves = {}
    for seed in told.seeds:
        for name in (*LABELS, *PLAIN):
            whole = settings(told.out, name, seed, start, test)
            curves[name, seed] = loop(whole) if name in LABELS else plain(whole, PLAIN[name], seed, start)
    for (name, seed), curve in curves.items():
        points = ", ".join(f"{n}: {forces:.0f} / {energy:.0f}" for n, forces, energy in curve)
        print(f"{name} {seed}: labels: RMSE of forces meV/Å / energy meV: {points}")
    for seed in told.seeds:
        for name in ("random", *PLAIN):
            at, error, _ = curves[name, seed][-1]
            share = needed(curves["uncertain", seed], error) / at
            print(f"seed {seed}: {name}: {error:.0f} meV/Å with {at} labels, active learning with {share:.2f} of them")
    rows = {f"{choose} {seed}": curve for (choose, seed), curve in curves.items()}
    (told.out / "curves.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""Active learning beside random sampling: how many labels does each need for the same error of forces?

    python benchmarks/active_learning.py OUT --seeds 0 1 2

The molecule is methyl glycolate, the labels are GFN2-xTB, and everything begins with the same 20 structures of dynamics
at 300 K from one conformer. The test set is dynamics of GFN2-xTB at 500 K, from conformers with random torsions.

    active       the loop: dynamics of its own ensembles at 500 and 700 K, each replica stopped where they disagree, and
                 turned bonds; labels for what tells most of the forces that they are unsure of
    random       the same loop, labels for any of the same candidates
    300 K        random sampling as most data are made: snapshots of dynamics of GFN2-xTB, every 100 fs, from where the
                 20 structures come from

All train the same ensemble for about as many steps.
"""

import argparse
import json
from itertools import pairwise
from pathlib import Path

import ase.io
import jax
import numpy as np
from ase import Atoms
from ase.build import molecule
from ase.optimize import BFGS

from eukrates.active import Torsions
from eukrates.app.active import learn
from eukrates.app.active_configuration import ActiveConfiguration
from eukrates.app.configuration_file import configuration
from eukrates.app.training import train
from eukrates.models import ANI, read_header
from eukrates.reference import AsCalculator, TBLite, label, langevin_snapshots

KELVIN_START, KELVIN_TEST, CONFORMERS, EACH = 300.0, 500.0, 16, 10
LOOPS = {"active": "uncertain", "random": "random"}
LABELS, BATCH, SNAPSHOTS = 100, 50, (50, 100, 200)
EPOCHS = 150  # on 100 labels: 2550 steps


def methyl_glycolate():
    """From methyl formate: the hydrogen of the formyl group becomes a hydroxymethyl group that is bound to the carbonyl
    oxygen by hydrogen; GFN2-xTB minimum."""
    ester = molecule("HCOOCH3")
    of = lambda symbol: [a.index for a in ester if a.symbol == symbol]
    centre = min(of("C"), key=lambda c: sum(ester.get_distances(c, of("O"))))
    carbonyl, gone = (min(of(symbol), key=lambda n: ester.get_distance(n, centre)) for symbol in ("O", "H"))
    middle, oxygen = ester.positions[centre], ester.positions[carbonyl]
    along = _unit(ester.positions[gone] - middle)
    first = _unit((oxygen - middle) - along * np.dot(oxygen - middle, along))
    second = np.cross(along, first)
    ways = [along / 3 + 8**0.5 / 3 * (np.cos(a) * first + np.sin(a) * second) for a in np.radians([0, 120, 240])]
    carbon = middle + 1.51 * along
    hydroxyl = carbon + 1.41 * ways[0]
    del ester[gone]
    hydrogens = [carbon + 1.1 * ways[1], carbon + 1.1 * ways[2], hydroxyl - 0.96 * (0.95 * along - 0.31 * first)]
    ester += Atoms("COH3", [carbon, hydroxyl, *hydrogens])
    return relaxed(ester)


def _unit(vector):
    return vector / np.linalg.norm(vector)


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
    one = methyl_glycolate()
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


def settings(out: Path, name: str, seed: int, start: Path, test: Path) -> ActiveConfiguration:
    """Of a loop; snapshots train as it does."""
    told = {
        "structures": str(start),
        "labeller": "gfn2",
        "sampling": {
            "dynamics": {"replicas": 20, "temperatures_kelvin": [500, 700], "time_ps": 1.0},
            "torsions": {"count": 40},
        },
        "policy": {"labels": LABELS, "batch": BATCH, "rho": 0.02, "seed": seed, "choose": LOOPS.get(name, "random")},
        "model": {"ani": {"hidden": [64, 48, 32]}},
        "members": 4,
        "training": {
            "epochs": EPOCHS,
            "batch_size": 5,
            "seed": seed,
            "validate_every": 5,
            "optimiser": {"learning_rate": 1.5e-3, "ema": 0.99, "weight_decay": 1e-3},
        },
        "test": str(test),
        "folder": str(out / f"{name}_{seed}".replace(" ", "")),
    }
    return configuration(told, "benchmark", ActiveConfiguration)


def loop(whole: ActiveConfiguration):
    """Labels and errors of the generations of a loop."""
    return [(g.labels, *rmse(g.errors)) for g in learn(whole).generations]


def plain(whole: ActiveConfiguration, seed: int, start: Path):
    """The same of trainings on snapshots of one trajectory of GFN2-xTB."""
    folder = Path(whole.folder)
    folder.mkdir(exist_ok=True)
    frames = ase.io.read(start, ":")
    more = {"temperature_kelvin": KELVIN_START, "every_fs": 100, "settle_fs": 500, "seed": 1000 + seed}
    frames += langevin_snapshots(frames[0], AsCalculator(TBLite()), count=max(SNAPSHOTS) - len(frames), **more)
    curve = []
    for size in SNAPSHOTS:
        label(frames[:size], TBLite(), folder / f"{size}.extxyz")
        told = whole.training_on([str(folder / f"{size}.extxyz")], str(folder / str(size)), "GFN2-xTB", size)
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
        for name in (*LOOPS, "300 K"):
            whole = settings(told.out, name, seed, start, test)
            curve = curves[name, seed] = loop(whole) if name in LOOPS else plain(whole, seed, start)
            points = ", ".join(f"{n}: {forces:.0f} / {energy:.0f}" for n, forces, energy in curve)
            print(f"{name} {seed}: labels: RMSE of forces meV/Å / energy meV: {points}", flush=True)
    for seed in told.seeds:
        for name in ("random", "300 K"):
            for at, error, _ in curves[name, seed][1:]:
                share = needed(curves["active", seed], error) / at
                print(
                    f"seed {seed}: {name}: {error:.0f} meV/Å with {at} labels, active learning with {share:.2f} of them"
                )
    rows = {f"{name} {seed}": curve for (name, seed), curve in curves.items()}
    (told.out / "curves.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

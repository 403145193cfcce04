"""To coupled cluster by transfer: is a model that learned a cheap level first better than the cheap level, and better
than what learned a few coupled-cluster energies alone?

    python benchmarks/coupled_cluster_data.py FOLDER      # the labels, hours
    python benchmarks/transfer.py FOLDER OUT --seeds 0 1 2

FOLDER has cheap.extxyz (GFN2-xTB, energies and forces), cc_train, cc_valid, cc_test and cc_test_other.extxyz (composite
CCSD(T) energies). The molecules of cc_test_other are in no training. All models are ensembles of ANI networks:

    cheap         trained on GFN2-xTB; energies of free atoms refitted to the coupled-cluster training structures
    direct        trained on the coupled-cluster energies alone
    transferred   the cheap model, its layers 1 and 3 of 4 frozen, trained on the coupled-cluster energies, as ANI-1ccx

Errors are those of total energies on structures that nobody trained on; beside them the cheap method itself, its
energies of free atoms refitted likewise.
"""

import argparse
import json
from pathlib import Path

import ase.io
import numpy as np

from eukrates.app.configuration_file import configuration
from eukrates.app.training import train
from eukrates.data import read
from eukrates.data.atomic_energies import atomic_energies
from eukrates.models import load, with_e0
from eukrates.potential import sum_of_free_atoms
from eukrates.training import shifted_energies
from eukrates.trust import evaluate
from eukrates.units import KCAL_PER_MOL

PARTS = ("cc_train", "cc_valid", "cc_test", "cc_test_other")
MODEL = {"ani": {"hidden": [96, 64, 48]}}
FROZEN = ["networks.*.layers.[13]"]  # those that move: the second and the fourth, as in ANI-1ccx


def prepared(folder: Path, out: Path) -> None:
    """The data without free atoms, and the cheap set without the molecules that are held out as a whole."""
    out.mkdir(parents=True, exist_ok=True)
    bound = lambda name: [atoms for atoms in ase.io.read(folder / f"{name}.extxyz", ":") if len(atoms) > 1]
    for name in PARTS:
        ase.io.write(out / f"{name}.extxyz", bound(name))
    unseen = {atoms.info["molecule"] for atoms in bound("cc_test_other")}
    cheap = [atoms for atoms in bound("cheap") if atoms.info["molecule"] not in unseen]
    ase.io.write(out / "cheap.extxyz", cheap)


def settings(out: Path, name: str, seed: int, epochs: int, **more):
    """Of one training, energies alone where the labels are coupled-cluster ones."""
    rate, batch, loss = more.pop("rate"), more.pop("batch"), more.pop("loss")
    training = {"epochs": epochs, "batch_size": batch, "seed": seed, "loss": loss, **more.pop("training", {})}
    training["optimiser"] = {"learning_rate": rate, "weight_decay": 1e-3, "ema": 0.995}
    training["checkpoint_minutes"] = 1.0
    return configuration({"training": training, "folder": str(out / f"{name}_{seed}"), **more})


def models(out: Path, seed: int) -> dict[str, Path]:
    """Train the three, or find them trained."""
    both = {"energy": 1.0, "forces": 0.1, "average": "structures"}
    alone = {"energy": 1.0, "forces": 0.0, "average": "structures"}
    new = {"model": MODEL, "members": 4}
    few = {"train": str(out / "cc_train.extxyz"), "valid": str(out / "cc_valid.extxyz")}
    many = {"train": str(out / "cheap.extxyz"), "valid": 0.1, "seed": seed}
    cheap = settings(out, "cheap", seed, 120, data=many, rate=1e-3, batch=32, loss=both, **new)
    direct = settings(out, "direct", seed, 600, data=few, rate=1e-3, batch=10, loss=alone, **new)
    found = {"cheap": train(cheap).trained.best, "direct": train(direct).trained.best}
    moving = {"data": few, "start": str(found["cheap"]), "training": {"move": FROZEN, "patience": 150}}
    transfer = settings(out, "transferred", seed, 600, rate=3e-4, batch=10, loss=alone, **moving)
    return found | {"transferred": train(transfer).trained.best}


def errors(out: Path, paths: dict[str, Path]) -> dict:
    """MAE and RMSE of energies in kcal/mol by model and part."""
    few = read(out / "cc_train.extxyz")
    found = {}
    for name, path in paths.items():
        potential = load(path)
        if name == "cheap":
            potential = with_e0(potential, shifted_energies(potential, few).energies)
        for part in ("cc_test", "cc_test_other"):
            e = evaluate(potential, read(out / f"{part}.extxyz"), ["energy"]).errors["energy"]
            found[name, part] = e.mae / KCAL_PER_MOL, e.rmse / KCAL_PER_MOL
    return found


def cheap_method(out: Path) -> dict:
    """The same of GFN2-xTB itself: its difference from coupled cluster, without what E0 can take up."""
    left = {}
    for part in PARTS:
        frames, data = ase.io.read(out / f"{part}.extxyz", ":"), read(out / f"{part}.extxyz")
        left[part] = [s.but(energy=s.energy - a.info["cheap_energy"]) for s, a in zip(data, frames, strict=True)]
    e0 = atomic_energies(left["cc_train"]).energies
    found = {}
    for part in ("cc_test", "cc_test_other"):
        rest = np.array([s.energy - sum_of_free_atoms(e0, s.numbers) for s in left[part]]) / KCAL_PER_MOL
        found["GFN2-xTB", part] = float(np.mean(np.abs(rest))), float(np.mean(rest**2) ** 0.5)
    return found


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    told = parser.parse_args()
    prepared(told.folder, told.out)
    each = {seed: errors(told.out, models(told.out, seed)) for seed in told.seeds}
    table = {key: np.array([found[key] for found in each.values()]) for key in next(iter(each.values()))}
    print("\nenergy, kcal/mol: MAE ± deviation over seeds, RMSE ±")
    for (name, part), rows in (table | {k: np.array([v]) for k, v in cheap_method(told.out).items()}).items():
        mean, spread = rows.mean(axis=0), rows.std(axis=0, ddof=1) if len(rows) > 1 else (0.0, 0.0)
        print(f"{name:12s} {part:14s} {mean[0]:7.2f} ± {spread[0]:.2f} {mean[1]:7.2f} ± {spread[1]:.2f}")
    for part in ("cc_test", "cc_test_other"):
        best = table["transferred", part]
        for name in ("cheap", "direct"):
            ratios = table[name, part][:, 0] / best[:, 0]
            print(f"{part}: {name} / transferred, MAE, by seed: {', '.join(f'{r:.2f}' for r in ratios)}")
    rows = {f"{name} {part}": values.tolist() for (name, part), values in table.items()}
    (told.out / "transfer.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""Charges and energies of two carbon chains, C10H2 and C10H3+, with SpookyNet: one proton changes the other end.

    python benchmarks/carbon_chains.py FILE [--folder carbon_chains] [--figures docs/images] [--epochs 400]

FILE holds frames of both with energies, forces, atomic charges (`ref_charges`) and `total_charge`, of Ko, Finkler,
Goedecker & Behler, Nat. Commun. 12, 398 (2021), doi:10.1038/s41467-020-20427-2 (PBE). Published for the set of 10 019
frames, nine tenths of them for training: 4G-HDNNP 1.194 meV/atom and 78.0 meV/Å; SpookyNet 0.364 and 5.80. Errors here
are those of frames that were held out. The figure shows the charge of every atom, as labelled and as predicted.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from eukrates.app.configuration_file import configuration
from eukrates.app.parts import read_parts
from eukrates.app.training import train
from eukrates.models import load
from eukrates.potential import predict

KEYS = {"charge": "total_charge", "charges": "ref_charges"}
PARTS = {"valid": 8, "test": 20, "seed": 0}
NAMES = {0: "C₁₀H₂", 1: "C₁₀H₃⁺"}


def settings(chosen):
    """Of the training; all frames are singlets."""
    return configuration(
        {
            "data": {"train": chosen.file, "keys": KEYS, "spin": 0, **PARTS},
            "model": {"spookynet": {"features": chosen.features, "layers": 3, "spin": False}},
            "training": {
                "epochs": chosen.epochs,
                "batch_size": 4,
                "validate_every": 10,
                "loss": {"energy": 1.0, "forces": 1.0, "charges": 10.0},
                "optimiser": {"learning_rate": 1e-3},
            },
            "folder": str(chosen.folder),
        }
    )


def along(sample):
    """Order of the atoms along the chain, from the end with fewer hydrogen atoms, and where each lies, Å."""
    centred = sample.system.positions - sample.system.positions.mean(axis=0)
    along = centred @ np.linalg.svd(centred)[2][0]
    hydrogen = sample.system.numbers == 1
    if along[hydrogen].sum() < 0:  # two of the three are at the far end
        along = -along
    return np.argsort(along), along


def main():
    parser = argparse.ArgumentParser(description="SpookyNet on two carbon chains of different charge.")
    parser.add_argument("file")
    parser.add_argument("--folder", type=Path, default=Path("carbon_chains"))
    parser.add_argument("--figures", type=Path, default=Path("docs/images"))
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--features", type=int, default=32)
    chosen = parser.parse_args()
    run = settings(chosen)
    model = load(train(run, tell=lambda line: None).trained.best)
    held = read_parts(run.data)["test"]
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.2), sharey=True, layout="constrained")
    for (charge, name), axes in zip(NAMES.items(), panels, strict=True):
        mine = [sample for sample in held if float(np.squeeze(sample.system.charge)) == charge]
        found = [predict(model, model.graph(sample.system)) for sample in mine]
        rmse = lambda errors: 1000 * np.sqrt(np.mean(np.square(np.concatenate(errors))))
        pairs = list(zip(mine, found, strict=True))
        print(
            f"{name}, {len(mine)} held out: "
            f"energy RMSE {rmse([(p.energy - s.energy) / s.system.atoms for s, p in pairs]):.2f} meV/atom, "
            f"forces RMSE {rmse([(p.forces - s.forces).ravel() for s, p in pairs]):.1f} meV/Å, "
            f"charges RMSE {rmse([p.charges - s.charges for s, p in pairs]):.1f} me, "
            f"total {np.mean([p.charges.sum() for p in found]):.6f} e",
            flush=True,
        )
        for sample, prediction in pairs:
            order, places = along(sample)
            axes.plot(places[order], sample.charges[order], "o", color="C0", ms=4, mfc="none")
            axes.plot(places[order], prediction.charges[order], "x", color="C3", ms=3)
        axes.axhline(0, color="0.8", lw=0.8, zorder=0)
        axes.set(title=name, xlabel="along the chain / Å")
    panels[0].set_ylabel("charge / e")
    panels[0].plot([], [], "o", color="C0", ms=4, mfc="none", label="PBE")
    panels[0].plot([], [], "x", color="C3", ms=3, label="SpookyNet")
    panels[0].legend(frameon=False)
    chosen.figures.mkdir(parents=True, exist_ok=True)
    figure.savefig(chosen.figures / "carbon_chains.svg")


if __name__ == "__main__":
    main()

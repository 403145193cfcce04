"""What charge and spin change: SpookyNet with and without its electronic embedding on two states of one molecule.

    python benchmarks/charge_and_spin.py ag3|carbene FILE [--folder charge_and_spin] [--figures docs/images]
        [--epochs 150] [--features 32]

FILE holds labelled frames of Ag3+ and Ag3- (`total_charge`), or of singlet and triplet CH2; both sets were labelled by
GFN2-xTB. One model is trained on both states, and one that is not told which; errors are those of held-out frames. The
figure shows the bending curves of both beside GFN2-xTB itself, which needs the extra `reference`; each curve is drawn
relative to its own value at the angle where that of GFN2-xTB is lowest.
"""

import argparse
from pathlib import Path

import ase.io
import matplotlib.pyplot as plt
import numpy as np

from eukrates.app.configuration_file import configuration
from eukrates.app.training import train
from eukrates.data.atoms import to_system
from eukrates.models import load
from eukrates.potential import predict
from eukrates.reference.tblite import TBLite

KEYS = {
    "charge": "total_charge",
    "spin": "spin_multiplicity_label",
}  # the second counts unpaired electrons, in spite of its name
SETS = {  # what tells the states apart, the bend (symbols, bond in Å), and the states by name
    "ag3": ("charge", ("Ag", "Ag", "Ag"), 2.70, {"Ag₃⁺": (1, 0), "Ag₃⁻": (-1, 0)}),
    "carbene": ("spin", ("H", "C", "H"), 1.10, {"singlet CH₂": (0, 0), "triplet CH₂": (0, 2)}),
}


def trained(chosen, told):
    """One training, and its errors on frames that it did not see."""
    name, keys = SETS[chosen.set][0], dict(KEYS)
    network = {"features": chosen.features, "layers": 3} | ({} if told else {name: False})
    if not told and name == "spin":
        keys["spin"] = None  # the charge is shared among the atoms in any case
    settings = configuration(
        {
            "data": {"train": chosen.file, "keys": keys, "valid": 100, "test": 500},
            "model": {"spookynet": network},
            "training": {
                "epochs": chosen.epochs,
                "batch_size": 20,
                "validate_every": 5,
                "optimiser": {"learning_rate": 2e-3},
            },
            "folder": str(chosen.folder / f"{chosen.set}_{'with' if told else 'without'}"),
        }
    )
    outcome = train(settings, tell=lambda line: None)
    return outcome.evaluations["test"].errors, load(outcome.trained.best)


def bend(symbols, bond, angle, charge, spin):
    """Three atoms with two equal bonds."""
    half = np.radians(angle) / 2
    ends = bond * np.array([[np.sin(half), np.cos(half), 0], [0, 0, 0], [-np.sin(half), np.cos(half), 0]])
    atoms = ase.Atoms(list(symbols), ends)
    atoms.info.update(charge=charge, spin=spin)
    return atoms


def energy(model, atoms):
    """eV."""
    return float(predict(model, model.graph(to_system(atoms)), ("energy",)).energy[0])


def widest(atoms):
    """The widest angle of three atoms, in degrees."""
    return max(atoms.get_angle(*order) for order in ((1, 0, 2), (0, 1, 2), (0, 2, 1)))


def main():
    parser = argparse.ArgumentParser(description="SpookyNet with and without its electronic embedding.")
    parser.add_argument("set", choices=SETS)
    parser.add_argument("file")
    parser.add_argument("--folder", type=Path, default=Path("charge_and_spin"))
    parser.add_argument("--figures", type=Path, default=Path("docs/images"))
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--features", type=int, default=32)
    chosen = parser.parse_args()
    errors, models = zip(*(trained(chosen, told) for told in (True, False)), strict=True)
    for name, one in zip(("with", "without"), errors, strict=True):
        numbers = {label: (1000 * one[label].rmse, 1000 * one[label].mae) for label in ("forces", "energy")}
        told = "; ".join(f"{label} RMSE {rmse:.1f}, MAE {mae:.1f}" for label, (rmse, mae) in numbers.items())
        print(f"{chosen.set} {name} the embedding, meV and meV/Å: {told}", flush=True)
    print(f"forces RMSE, without over with: {errors[1]['forces'].rmse / errors[0]['forces'].rmse:.1f}", flush=True)
    frames = ase.io.read(chosen.file, ":")
    _, symbols, bond, states = SETS[chosen.set]
    angles, label = np.linspace(60 if chosen.set == "ag3" else 80, 180, 61), TBLite()
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.4), layout="constrained")
    for (name, (charge, spin)), axes in zip(states.items(), panels, strict=True):
        curve = [bend(symbols, bond, angle, charge, spin) for angle in angles]
        exact = np.array([label(atoms).energy for atoms in curve[::3]])
        lowest = int(np.argmin(exact))
        is_one = lambda info, q=charge, s=spin: (info["total_charge"], info["spin_multiplicity_label"]) == (q, s)
        seen = np.array([widest(atoms) for atoms in frames if is_one(atoms.info)])
        seen = seen[seen > angles[0]]
        ground = axes.get_xaxis_transform()  # x in degrees, y in heights of the panel
        axes.plot(seen, np.full(seen.size, 0.03), "|", color="0.6", ms=7, mew=0.3, transform=ground, label="the data")
        axes.plot(angles[::3], exact - exact[lowest], "o", color="C0", ms=4, mfc="none", label="GFN2-xTB")
        for model, style, words in zip(models, ("-C0", "--C3"), ("SpookyNet", "not told which"), strict=True):
            found = np.array([energy(model, atoms) for atoms in curve])
            axes.plot(angles, found - found[3 * lowest], style, lw=1, label=words)
        top = np.ptp(exact)
        axes.set(title=f"{name}, bonds of {bond} Å", xlabel="angle / °", ylim=(-0.5 * top, 1.6 * top))
    panels[0].set_ylabel("energy above the lowest circle's / eV")
    panels[0].legend(frameon=False, fontsize=8)
    chosen.figures.mkdir(parents=True, exist_ok=True)
    figure.savefig(chosen.figures / f"{chosen.set}.svg")


if __name__ == "__main__":
    main()

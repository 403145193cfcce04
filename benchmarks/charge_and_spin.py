"""What charge and spin change: SpookyNet with and without its electronic embedding on two states of one molecule.

    python benchmarks/charge_and_spin.py ag3|carbene FILE [--folder charge_and_spin] [--figures docs/images]
        [--epochs 150] [--features 32]

FILE holds labelled frames of Ag3+ and Ag3- (`total_charge`), or of singlet and triplet CH2; both sets were labelled by
GFN2-xTB. One model is trained on both states, and one that is not told which; errors are those of held-out frames. The
figure shows the bending curves of both beside GFN2-xTB itself, which needs the extra `reference`.
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
    network = {"features": chosen.features, "layers": 3} | ({} if told else {SETS[chosen.set][0]: False})
    settings = configuration(
        {
            "data": {"train": chosen.file, "keys": KEYS, "valid": 100, "test": 500},
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


def zero(chosen, label):
    """Of the energies in the file less those of GFN2-xTB: energies of free atoms, the same for every frame."""
    differences = []
    for atoms in ase.io.read(chosen.file, "::200"):
        info, stored = atoms.info, atoms.get_potential_energy()
        atoms.info.update(charge=int(info["total_charge"]), spin=int(info["spin_multiplicity_label"]))
        differences.append(stored - label(atoms).energy)
    if np.ptp(differences) > 0.01:
        raise SystemExit(f"{chosen.file} was not labelled by GFN2-xTB: differences from {differences[0]} eV on vary.")
    return np.mean(differences)


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
    _, symbols, bond, states = SETS[chosen.set]
    label = TBLite()
    shift, angles = zero(chosen, label), np.linspace(60 if chosen.set == "ag3" else 80, 180, 61)
    seen = [widest(atoms) for atoms in ase.io.read(chosen.file, ":")]
    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    axes.axvspan(max(min(seen), angles[0]), min(max(seen), angles[-1]), color="0.94", label="angles in the data")
    for (name, (charge, spin)), colour in zip(states.items(), ("C0", "C3"), strict=True):
        curve = [bend(symbols, bond, angle, charge, spin) for angle in angles]
        exact = [label(atoms).energy + shift for atoms in curve[::3]]
        axes.plot(angles[::3], exact, "o", color=colour, ms=4, mfc="none", label=f"{name}, GFN2-xTB")
        axes.plot(angles, [energy(models[0], atoms) for atoms in curve], color=colour, label=f"{name}, SpookyNet")
        axes.plot(angles, [energy(models[1], atoms) for atoms in curve], "--", color=colour, lw=0.8)
    axes.plot([], [], "--", color="grey", lw=0.8, label="not told which")
    axes.set(xlabel="angle / °", ylabel="energy / eV", title=f"{'–'.join(symbols)}, bonds of {bond} Å")
    axes.legend(frameon=False, fontsize=8)
    chosen.figures.mkdir(parents=True, exist_ok=True)
    figure.savefig(chosen.figures / f"{chosen.set}.svg")


if __name__ == "__main__":
    main()

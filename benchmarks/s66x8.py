"""A model on the 528 dimers of S66x8: against density functional labels, and interaction energies against CCSD(T)/CBS.

    python benchmarks/s66x8.py MODEL s66x8.npz interactions.npz

The first archive holds `species` (-1 for padding), `positions`, `energies_dft` and `forces_dft` in Hartree and Å (S66x8
of COMP6, wB97X/6-31G(d)), the second the interaction energies `ref_ccsdt_cbs` in kcal/mol and the `scale` of each
distance (Brauer et al., Phys. Chem. Chem. Phys. 18, 20905 (2016), doi:10.1039/C6CP00688D). An interaction energy is
that of the dimer less those of its two molecules as they stand in it. Errors are printed in kcal/mol and Å, MAE / RMSE.
"""

import argparse

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import eukrates
from eukrates.matter.bonds import find_bonds
from eukrates.potential.evaluator import Evaluator
from eukrates.units import HARTREE, KCAL_PER_MOL


def molecules(dimer):
    """The two molecules of a dimer."""
    bonds, n = find_bonds(dimer), dimer.atoms
    count, owner = connected_components(coo_array((np.ones(len(bonds)), bonds.T), (n, n)), directed=False)
    if count != 2:
        raise SystemExit(f"Expected a dimer, found {count} molecules.")
    return [eukrates.system(dimer.numbers[owner == k], dimer.positions[owner == k]) for k in range(2)]


def both(errors):
    """MAE / RMSE."""
    return f"{np.mean(np.abs(errors)):.3f} / {np.sqrt(np.mean(np.square(errors))):.3f}"


def main():
    parser = argparse.ArgumentParser(description="A model on S66x8.")
    parser.add_argument("model")
    parser.add_argument("labels")
    parser.add_argument("interactions")
    chosen = parser.parse_args()
    data, known = np.load(chosen.labels), np.load(chosen.interactions)
    ask = Evaluator(eukrates.models.load(chosen.model), batch_size=32)
    rows = [numbers > 0 for numbers in data["species"]]
    each = zip(data["species"], data["positions"].astype(np.float64), rows, strict=True)
    dimers = [eukrates.system(numbers[row], places[row]) for numbers, places, row in each]
    found = ask(dimers)
    energies = np.array([p.energy[0] for p in found])
    print("energies ", both((energies - HARTREE * data["energies_dft"]) / KCAL_PER_MOL))
    unit = HARTREE / KCAL_PER_MOL
    forces = [
        p.forces / KCAL_PER_MOL - unit * f[row] for p, f, row in zip(found, data["forces_dft"], rows, strict=True)
    ]
    print("forces   ", both(np.concatenate(forces)))
    apart = ask([one for dimer in dimers for one in molecules(dimer)], ("energy",))
    alone = np.array([p.energy[0] for p in apart]).reshape(-1, 2).sum(axis=1)
    errors = (energies - alone) / KCAL_PER_MOL - known["ref_ccsdt_cbs"]
    print("interaction, all ", both(errors), f", mean {errors.mean():+.2f}")
    for scale in np.unique(known["scale"]):
        print(f"interaction, {scale:.2f}", both(errors[known["scale"] == scale]))


if __name__ == "__main__":
    main()

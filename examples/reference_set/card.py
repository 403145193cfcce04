"""The card of the ethanol set: how good the labels are, what is in the file, and how it was made."""

import json
import platform
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms

from eukrates.reference import Campaign, PySCF

CHECKED = 10  # frames whose forces are compared with differences of energies
REGRIDDED = 5  # frames whose forces are compared with those of a finer grid
STEP = 0.01  # Å
FINE_GRID = 6
SEED = 7


def accuracy(file: Path, labeller: PySCF, memory: Path) -> dict[str, float]:
    """Errors of the labels: forces against energy differences and a finer grid, net force and torque; all in eV/Å.

    The force along a random direction u (all atoms at once) is compared with the five-point formula

        -dE/dh = [E(-h) - E(h)]·8/12h - [E(-2h) - E(2h)]/12h + O(h⁴)                   (1)

    The result is kept in ``memory``, so that it is computed once.
    """
    if memory.exists():
        return json.loads(memory.read_text())
    molecules = [frame for frame in ase.io.read(file, ":") if len(frame) > 1]
    rng = np.random.default_rng(SEED)
    chosen = rng.choice(len(molecules), CHECKED, replace=False)
    differences = [_difference(molecules[index], labeller, rng) for index in chosen]
    finer = PySCF(labeller.xc, labeller.basis, labeller.density_fitting, FINE_GRID, labeller.tolerance_hartree)
    regridded = [finer(molecules[i]).forces - molecules[i].get_forces() for i in chosen[:REGRIDDED]]
    net = [np.abs(frame.get_forces().sum(axis=0)).max() for frame in molecules]
    torque = [
        np.cross(frame.positions - frame.get_center_of_mass(), frame.get_forces()).sum(axis=0) for frame in molecules
    ]
    found = {
        "finite_difference_largest": float(np.max(np.abs(differences))),
        "finite_difference_rms": float(np.sqrt(np.mean(np.square(differences)))),
        "grid_largest": float(np.max(np.abs(regridded))),
        "grid_rms": float(np.sqrt(np.mean(np.square(regridded)))),
        "net_force_largest": float(np.max(net)),
        "net_torque_largest": float(np.max(np.abs(torque))),
    }
    memory.write_text(json.dumps(found, indent=1))
    return found


def _difference(frame: Atoms, labeller: PySCF, rng: np.random.Generator) -> float:
    """Force along a random unit direction minus the same from energies, eV/Å."""
    direction = rng.normal(size=(len(frame), 3))
    direction /= np.linalg.norm(direction)

    def energy(h: float) -> float:
        moved = frame.copy()
        moved.positions += h * direction
        return labeller(moved).energy

    near, far = energy(-STEP) - energy(STEP), energy(-2 * STEP) - energy(2 * STEP)
    return float((frame.get_forces() * direction).sum() - (8 * near - far) / (12 * STEP))  # (1)


def write_card(campaign: Campaign, labeller: PySCF, folder: Path, checks: dict[str, float], *, hardware: str) -> None:
    """Write ``ethanol.md`` next to the set."""
    frames = ase.io.read(campaign.out, ":")
    sampling = json.loads((folder / "timings.json").read_text())["sampling_seconds"]
    text = TEMPLATE.format(
        frames=len(frames),
        failures="; ".join(f"{i}: {reason}" for i, reason in campaign.failures.items()) or "none",
        labeller=labeller,
        kinds=_kinds(frames),
        anti=sum(_is_anti(frame) for frame in frames if len(frame) > 1),
        atoms=_atoms(frames),
        sampling=sampling / 60,
        hours=campaign.seconds / 3600,
        each=campaign.seconds / (campaign.labelled + len(campaign.failures)),
        hardware=hardware,
        versions=", ".join(f"{name} {version(name)}" for name in ("pyscf", "tblite", "ase", "numpy", "scipy")),
        python=platform.python_version(),
        **checks,
    )
    (folder / "ethanol.md").write_text(text, encoding="utf-8")


def _kinds(frames: list[Atoms]) -> str:
    rows = []
    for kind, count in Counter(frame.info["config_type"] for frame in frames if len(frame) > 1).items():
        chosen = [frame for frame in frames if frame.info["config_type"] == kind]
        energies = np.array([frame.get_potential_energy() for frame in chosen])
        forces = np.concatenate([frame.get_forces() for frame in chosen])
        rows.append(
            f"| `{kind}` | {count} | {energies.mean():.3f} | {energies.std():.3f} | {np.sqrt((forces**2).mean()):.3f} "
            f"| {np.abs(forces).max():.2f} |"
        )
    return "\n".join(rows)


def _is_anti(ethanol: Atoms) -> bool:
    """Is the H-O-C-C dihedral beyond ±120°? By nearest atoms, whatever their order."""
    oxygen = int(np.flatnonzero(ethanol.numbers == 8)[0])
    near = np.argsort(ethanol.get_distances(oxygen, range(len(ethanol))))
    hydrogen = int(next(i for i in near if ethanol.numbers[i] == 1))
    inner, outer = (int(i) for i in near if ethanol.numbers[i] == 6)
    return 120 < ethanol.get_dihedral(hydrogen, oxygen, inner, outer) < 240


def _atoms(frames: list[Atoms]) -> str:
    single = (frame for frame in frames if len(frame) == 1)
    return "\n".join(
        f"| {atom.get_chemical_formula()} | {atom.info['spin']} | {atom.get_potential_energy():.6f} |"
        for atom in single
    )


TEMPLATE = """# Ethanol at PBE0/def2-TZVP

{frames} structures: the free atoms H, C, O first, then ethanol (C2H6O, neutral singlet) in the order in which it was
sampled. Extended XYZ, eV, Å, e; per structure `energy`, `forces`, `dipole` (e·Å), `charge` (e), `spin` (unpaired
electrons), `config_type`, `conformer` (where the sampling started), `temperature_kelvin`, `time_fs` (dynamics),
`level`. Energies are total energies: subtract the free atoms for atomisation energies.

## Contents

| `config_type` | structures | mean energy (eV) | its spread (eV) | rms force component (eV/Å) | largest (eV/Å) |
|---|---|---|---|---|---|
{kinds}

| free atom | unpaired electrons | energy (eV) |
|---|---|---|
{atoms}

## How it was sampled

- `md_300K`, `md_500K`: GFN2-xTB Langevin dynamics (time step 0.5 fs, friction 0.01/fs, 1 ps of equilibration), one run
  from each of the anti and gauche conformers, a snapshot every 200 fs.
- `modes`: classical Boltzmann displacements along the GFN2-xTB harmonic modes of both conformers at 300 K and 600 K.
- {anti} of the ethanol structures are anti (H-O-C-C beyond ±120°). GFN2-xTB favours gauche by 67 meV where the labels'
  level of theory finds the same two structures equal within 1 meV: the weights of the conformers are the sampler's.
- Seeds 20000 to 20007, in the order of the file. Neighbouring snapshots of a run are 200 fs apart: for an honest test
  set keep runs apart or split in blocks.

## How it was labelled

`{labeller}`

Restricted Kohn-Sham for ethanol, unrestricted (symmetry-broken, stable) for the free atoms; no dispersion correction;
Coulomb and exchange by density fitting (PySCF's default auxiliary basis); forces with the response of the grid and of
the fitting; energy converged to 1e-9 Hartree. Every structure from the same kind of starting guess. Failed: {failures}.

| check | value |
|---|---|
| forces against energy differences, 10 structures, random directions: largest | {finite_difference_largest:.1e} eV/Å |
| the same: rms | {finite_difference_rms:.1e} eV/Å |
| forces against PySCF's grid level 6, 5 structures: largest component | {grid_largest:.1e} eV/Å |
| the same: rms | {grid_rms:.1e} eV/Å |
| largest net force component of any structure | {net_force_largest:.1e} eV/Å |
| largest net torque component of any structure | {net_torque_largest:.1e} eV |

## Provenance

Made by `examples/reference_set/make_ethanol.py` on {hardware},
shared with other work: sampling {sampling:.0f} minutes, labelling {hours:.2f} hours of wall time summed over the
processes ({each:.1f} s for a structure; about 6 s on an idle core). Python {python},
{versions}.

Licence: CC0 1.0 (public domain).
"""

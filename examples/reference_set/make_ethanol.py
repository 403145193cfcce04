"""Make the reference set that ships with Eukrates: ethanol at PBE0/def2-TZVP.

    python make_ethanol.py --work FOLDER --processes 2

Kill it at any time and start it again with the same arguments: it resumes. The set, its card and the journal of the
labelling are left in FOLDER. About an hour and a half on two cores; needs ``pip install eukrates[reference]``.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.build import molecule
from ase.optimize import BFGS
from card import accuracy, write_card

from eukrates.reference import (
    AsCalculator,
    PySCF,
    TBLite,
    label,
    langevin_snapshots,
    normal_modes,
    thermal_displacements,
)

SAMPLER = TBLite("GFN2-xTB")
GRID = {"H": (35, 194), "C": (50, 434), "O": (50, 434)}  # radial, angular; the card states what it costs in accuracy
LABELLER = PySCF(xc="pbe0", basis="def2-TZVP", density_fitting=True, grid=GRID, tolerance_hartree=1e-9)
FREE_ATOMS = {"H": 1, "C": 2, "O": 2}  # unpaired electrons of the ground state
START_DIHEDRAL = {"anti": 180.0, "gauche": 60.0}  # degrees, H-O-C-C, before relaxation
DYNAMICS = {300: 120, 500: 100}  # temperature in K → snapshots for each conformer
MODES = {300: 40, 600: 40}  # temperature in K → displaced structures for each conformer
SPACING_FS = 200.0
SEED = 20_000  # the runs use SEED, SEED + 1, … in the order in which they are written


def free_atoms() -> Iterator[Atoms]:
    """H, C and O in their ground states."""
    for symbol, spin in FREE_ATOMS.items():
        yield Atoms(symbol, [[0.0, 0.0, 0.0]], info={"charge": 0, "spin": spin, "config_type": "IsolatedAtom"})


def conformer(dihedral: float) -> Atoms:
    """Ethanol relaxed with the sampler from a given H-O-C-C dihedral angle in degrees."""
    ethanol = molecule("CH3CH2OH")
    ethanol.info = {"charge": 0, "spin": 0}
    oxygen = int(np.flatnonzero(ethanol.numbers == 8)[0])
    hydrogen = int(np.argsort(ethanol.get_distances(oxygen, range(len(ethanol))))[1])
    near, far = sorted(np.flatnonzero(ethanol.numbers == 6), key=lambda carbon: ethanol.get_distance(oxygen, carbon))
    turned = np.arange(len(ethanol)) == hydrogen
    ethanol.set_dihedral(hydrogen, oxygen, int(near), int(far), dihedral, mask=turned)
    ethanol.calc = AsCalculator(SAMPLER)
    BFGS(ethanol, logfile=None).run(fmax=0.002, steps=500)
    angle = ethanol.get_dihedral(hydrogen, oxygen, int(near), int(far))
    print(f"relaxed from {dihedral:.0f}°: H-O-C-C {angle:.1f}°, {ethanol.get_potential_energy():.6f} eV (GFN2-xTB)")
    ethanol.calc = None
    return ethanol


def sample() -> list[Atoms]:
    """The structures to label, without labels, in the order of the file."""
    frames, seed = list(free_atoms()), SEED
    conformers = {name: conformer(angle) for name, angle in START_DIHEDRAL.items()}
    for temperature, count in DYNAMICS.items():
        for name, start in conformers.items():
            print(f"dynamics: {name}, {temperature} K, {count} snapshots, seed {seed}", flush=True)
            start.info.update(conformer=name, config_type=f"md_{temperature}K")
            frames += langevin_snapshots(
                start,
                AsCalculator(SAMPLER),
                temperature_kelvin=temperature,
                count=count,
                every_fs=SPACING_FS,
                seed=seed,
            )
            seed += 1
    for name, start in conformers.items():
        modes = normal_modes(start, AsCalculator(SAMPLER))
        print(f"modes of {name}: {' '.join(f'{w:.0f}' for w in modes.wavenumbers)} 1/cm", flush=True)
        for temperature, count in MODES.items():
            modes.minimum.info.update(conformer=name, config_type="modes")
            frames += thermal_displacements(modes, temperature_kelvin=temperature, count=count, seed=seed)
            seed += 1
    return frames


def report(start: float):
    """A progress line for every tenth structure and for every failure."""

    def line(entry, done: int, total: int) -> None:
        if entry.reason is not None:
            print(f"structure {entry.index} failed: {entry.reason}", flush=True)
        if done % 10 == 0 or done == total:
            print(f"{done}/{total} after {time.time() - start:.0f} s, last took {entry.seconds:.1f} s", flush=True)

    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the set, its card and the journal")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--hardware", default="not stated", help="a phrase for the card")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)

    unlabelled, timings = options.work / "unlabelled.extxyz", options.work / "timings.json"
    start = time.time()
    if not unlabelled.exists():
        frames = sample()
        ase.io.write(options.work / "sampling.xyz", frames, format="extxyz")
        timings.write_text(json.dumps({"sampling_seconds": round(time.time() - start)}))
        (options.work / "sampling.xyz").rename(unlabelled)
    frames = ase.io.read(unlabelled, ":")

    print(f"{len(frames)} structures to label at {LABELLER.level}", flush=True)
    campaign = label(
        frames, LABELLER, options.work / "ethanol.extxyz", processes=options.processes, progress=report(time.time())
    )
    print(f"{campaign.labelled} labelled, {len(campaign.failures)} failed, {campaign.seconds:.0f} core seconds")
    checks = accuracy(campaign.out, LABELLER, options.work / "accuracy.json")
    write_card(campaign, LABELLER, options.work, checks, hardware=options.hardware)


if __name__ == "__main__":
    main()

"""Two sets of small molecules for learning from coupled cluster: many structures at a cheap level, few at a good one.

    python benchmarks/coupled_cluster_data.py FOLDER [--rounds 14]

Molecules of hydrogen and up to three atoms of C, N and O are relaxed with GFN2-xTB and displaced: along normal modes
at 300, 1000 and 2000 K, and by Langevin dynamics at 500 and 1000 K. Written to FOLDER, with the free atoms first:

- `cheap.extxyz`: GFN2-xTB, energies and forces.
- `cc.extxyz`: MP2/cc-pVTZ + [CCSD(T) - MP2]/cc-pVDZ, energies alone; other structures than in the cheap set.
  `info["part"]` is `train`, `valid` or `test`, or `test_other` for the molecules whose coupled-cluster labels are
  kept for testing; `info["cheap_energy"]` is the GFN2-xTB energy (eV) of the same structure.
- `cc_train.extxyz` (with the free atoms), `cc_valid.extxyz`, `cc_test.extxyz`, `cc_test_other.extxyz`: its parts.

Coupled cluster goes in rounds of one structure of each molecule, and `cc.extxyz` is written anew after each. A killed
run goes on where it stopped. It takes about five minutes for the cheap part and three for each round, on one core.
"""

import argparse
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import ase.io
from ase import Atoms
from ase.build import molecule
from ase.optimize import BFGS

from eukrates.files import replacing
from eukrates.reference import (
    AsCalculator,
    FocalPoint,
    NormalModes,
    TBLite,
    label,
    langevin_snapshots,
    normal_modes,
    thermal_displacements,
)
from eukrates.units import KELVIN

ONE_HEAVY = ("H2O", "NH3", "CH4")  # names in ASE's collection g2
TWO_HEAVY = ("CH3OH", "H2CO", "C2H4", "C2H2", "C2H6", "HCN", "H3CNH2", "N2H4", "H2O2")
LINES = ("CO2", "N2O", "H2CCO", "CH3CN", "HCOOH", "CH3CHO", "CH3OCH3", "CH3CH2OH", "C3H6_Cs")
RINGS = ("C3H6_D3h", "CH2OCH2", "CH2NHCH2")
CUMULATED = ("C3H4_D2d", "C3H4_C3v")
BY_HAND = {
    "HCONH2": (
        "CONHHH",
        [(0, 0, 0), (1.2, 0, 0.05), (-0.7, 1.17, 0), (-0.57, -0.95, 0), (-1.7, 1.15, 0.1), (-0.2, 2.05, -0.1)],
    ),
    "NH2OH": ("NOHHH", [(0, 0, 0), (1.42, 0, 0), (-0.35, 0.8, 0.5), (-0.35, -0.8, 0.5), (1.7, 0, 0.92)]),
    "HNCO": ("NCOH", [(0, 0, 0), (1.21, 0, 0), (2.37, 0.1, 0), (-0.5, 0.87, 0)]),
}
MOLECULES = (*ONE_HEAVY, *TWO_HEAVY, *LINES, *RINGS, *CUMULATED, *BY_HAND)
OTHERS = ("CH3CHO", "CH3OCH3", "HCONH2", "C3H4_C3v", "H3CNH2")  # whole molecules kept for testing
ATOMS = {"H": 1, "C": 2, "N": 3, "O": 2}  # unpaired electrons
MODES = ((300, 25), (1000, 30), (2000, 30))  # temperature (K), structures of each molecule in the cheap set
DYNAMICS = ((500, 10), (1000, 10))
TRAIN, VALID = (0, 2, 5, 7, 10), (3, 9)  # rounds of coupled cluster; the others are for testing
ROUNDS_OF_OTHERS = 8
KINDS = ("modes_300K", "modes_1000K", "modes_2000K", "md_500K", "md_1000K")


def relaxed(name: str) -> Atoms:
    """A molecule at its GFN2-xTB minimum."""
    atoms = Atoms(*BY_HAND[name]) if name in BY_HAND else molecule(name)
    atoms = Atoms(atoms.numbers, atoms.positions, info={"charge": 0, "spin": 0, "molecule": name})
    atoms.rattle(0.02, seed=1)  # off the saddle points of symmetry
    atoms.calc = AsCalculator(TBLite(accuracy=0.01))
    if not BFGS(atoms, logfile=None).run(fmax=0.002, steps=500):
        raise RuntimeError(f"{name} did not relax.")
    return atoms


def usual_energy(modes: NormalModes, temperature_kelvin: float) -> float:
    """Four standard deviations above the mean potential energy (eV) of n classical harmonic modes,
    k_B T (n/2 + 4 √(n/2)): straight displacements that come out above it have left the valley."""
    half = len(modes.vectors) / 2
    return KELVIN * temperature_kelvin * (half + 4 * math.sqrt(half))


def displaced(modes: NormalModes, bottom: float, temperature_kelvin: int, count: int, seed: int) -> Iterator[Atoms]:
    """Structures along normal modes that are not too high above the minimum."""
    cheap, ceiling = TBLite(), usual_energy(modes, temperature_kelvin)
    endless = thermal_displacements(modes, temperature_kelvin=temperature_kelvin, count=100 * count, seed=seed)
    good = (frame for frame in endless if cheap(frame).energy - bottom < ceiling)
    for frame in itertools.islice(good, count):
        frame.info["config_type"] = f"modes_{temperature_kelvin}K"
        yield frame


def part(name: str, turn: int) -> str:
    """What a coupled-cluster structure is for."""
    if name in OTHERS:
        return "test_other"
    return "train" if turn in TRAIN else "valid" if turn in VALID else "test"


def sampled(name: str, number: int, rounds: int) -> tuple[list[Atoms], list[Atoms]]:
    """Structures of one molecule: for the cheap set, and one for each round of coupled cluster."""
    minimum = relaxed(name)
    modes = normal_modes(minimum, minimum.calc)
    modes.minimum.calc = None
    bottom = minimum.get_potential_energy()
    extra = math.ceil(rounds / len(KINDS))
    pools: dict[str, list[Atoms]] = {}
    for kind, (temperature, count) in enumerate(MODES):
        seed = 1000 * number + kind
        pools[f"modes_{temperature}K"] = list(displaced(modes, bottom, temperature, count + extra, seed))
    for kind, (temperature, count) in enumerate(DYNAMICS):
        snapshots = langevin_snapshots(
            minimum,
            AsCalculator(TBLite()),
            temperature_kelvin=temperature,
            count=count + extra,
            every_fs=50,
            seed=1000 * number + 10 + kind,
            timestep_fs=1.0,
            settle_fs=200,
        )
        pools[f"md_{temperature}K"] = list(snapshots)
        for frame in pools[f"md_{temperature}K"]:
            frame.info["config_type"] = f"md_{temperature}K"
    chosen = []
    for turn in range(rounds):
        frame = pools[KINDS[(turn + number) % len(KINDS)]].pop()
        frame.info.update(round=turn, cheap_energy=TBLite()(frame).energy)
        frame.info["part"] = part(name, turn)
        chosen.append(frame)
    return list(itertools.chain(*pools.values())), chosen


def free_atoms() -> list[Atoms]:
    """The neutral atoms in their ground states."""
    return [Atoms(s, info={"charge": 0, "spin": n, "config_type": "IsolatedAtom"}) for s, n in ATOMS.items()]


def write(path: Path, frames: list[Atoms]) -> None:
    """A file that appears whole."""
    with replacing(path) as temporary:
        ase.io.write(temporary, frames, format="extxyz")


def write_parts(folder: Path, labelled: list[Atoms]) -> None:
    """All that is labelled so far in one file, and each part in its own."""
    write(folder / "cc.extxyz", labelled)
    for name in ("train", "valid", "test", "test_other"):
        chosen = [frame for frame in labelled if frame.info.get("part", "train") == name]
        if chosen:
            write(folder / f"cc_{name}.extxyz", chosen)


def sample_all(folder: Path, rounds: int) -> tuple[list[Atoms], list[Atoms]]:
    """The structures without labels: of both sets, from the files of an earlier run where there are some."""
    files = folder / "structures_cheap.extxyz", folder / "structures_cc.extxyz"
    if not all(file.exists() for file in files):
        cheap, good = [], []
        for number, name in enumerate(MOLECULES):
            many, few = sampled(name, number, rounds)
            print(f"{name}: {len(many)} cheap, {len(few)} for coupled cluster", flush=True)
            cheap, good = cheap + many, good + few
        good = [frame for frame in good if frame.info["part"] != "test_other" or frame.info["round"] < ROUNDS_OF_OTHERS]
        for file, frames in zip(files, (cheap, good), strict=True):
            write(file, frames)
    cheap, good = (ase.io.read(file, ":") for file in files)
    return cheap, good


def main() -> None:
    """Sample, then label the cheap set and round after round of the good one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=14, help="coupled-cluster structures of each molecule")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    cheap, good = sample_all(asked.folder, asked.rounds)
    told = label(free_atoms() + cheap, TBLite(), asked.folder / "cheap.extxyz")
    print(f"cheap: {told.labelled} labelled, {len(told.failures)} failed, {told.seconds:.0f} s", flush=True)
    composite, done = FocalPoint(large="cc-pVTZ", small="cc-pVDZ"), []
    for turn in range(asked.rounds):
        frames = [frame for frame in good if frame.info["round"] == turn]
        out = asked.folder / f"cc_round_{turn:02d}.extxyz"
        told = label(free_atoms() + frames if turn == 0 else frames, composite, out)
        done += ase.io.read(out, ":")
        write_parts(asked.folder, done)
        print(
            f"round {turn}: {told.labelled} labelled, {told.failures or 'none failed'}, {told.seconds:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""Six atoms of a Lennard-Jones cluster in ε and σ, as files."""

from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms

from eukrates.models import save
from eukrates.physics.lennard_jones import LennardJones

CLUSTER = LennardJones({"Ar": 1.0}, {"Ar": 1.0}, cutoff=60.0, on=50.0)
LJ6 = [-12.712062, -12.302928]  # ε; Hoare & Pal, Adv. Phys. 20, 161 (1971)
HOP = ["--by", "hopping", "--candidates", "12", "--hopping-temperature", "9000", "--gap", "2.2", "--force", "1e-4"]


def write_heap(folder: Path) -> Path:
    """start.xyz and model.safetensors."""
    places = 1.1 * np.stack(np.meshgrid(*[np.arange(2.0)] * 3), -1).reshape(-1, 3)[:6]
    places += np.random.default_rng(0).normal(0, 0.05, places.shape)
    ase.io.write(folder / "start.xyz", Atoms("Ar6", places), format="extxyz")
    save(CLUSTER, folder / "model.safetensors")
    return folder


def explore(folder: Path, *more: str) -> list[str]:
    """The command that searches for its minima by hopping."""
    return ["explore", f"{folder}/model.safetensors", f"{folder}/start.xyz", "-o", f"{folder}/search", *HOP, *more]

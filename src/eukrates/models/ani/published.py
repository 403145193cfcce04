"""The published parameters of ANI-1x, ANI-1ccx and ANI-2x, from either of their formats, put into our model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from eukrates.models.ani.model import ANI
from eukrates.models.ani.neurochem import read_neurochem
from eukrates.models.archive import read_archive
from eukrates.models.rows import Arrays, Noted, Row, filled
from eukrates.numerics import cast
from eukrates.units import HARTREE

CONSTANTS = "_constants.json"
WEIGHTS = "_weights.npz"
READ = ("species", "radial", "angular", "self_energies")  # of the constants; all else describes the arrays
PREFACTORS = {"radial": ("prefactor", 0.25), "angular": ("prefactor", 2.0)}


def read_ani(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays ("H/w0" [members, outputs, inputs], "H/b0" …) and constants, in Hartree and Å.

    Args:
        path: the .info file of NeuroChem, beside the folders that it names; or NAME_weights.npz, with
            NAME_constants.json in the same folder.

    Raises:
        ValueError: files that are missing or not what they should be.
    """
    path = Path(path)
    if path.suffix == ".info":
        return read_neurochem(path)
    if not path.name.endswith(WEIGHTS):
        raise ValueError(f"Expected the .info file of NeuroChem, or NAME{WEIGHTS}, got {path.name}.")
    beside = path.with_name(path.name.removesuffix(WEIGHTS) + CONSTANTS)
    arrays, constants = read_archive(path, beside)
    return arrays, _understood(constants, beside)


def ani(arrays: Arrays, constants: Mapping[str, Any]) -> ANI:
    """The model of published arrays and constants, in the precision of the arrays.

    Raises:
        ValueError: an architecture that ours cannot be, arrays that are missing, left over, or of another shape.
    """
    species, used = list(constants["species"]), Noted(arrays)
    layers = {s: sum(name.startswith(f"{s}/w") for name in arrays) for s in species}
    if not all(layers.values()):
        raise ValueError(f"The published parameters lack networks of {[s for s in species if not layers[s]]}.")
    first = used[f"{species[0]}/w0"]
    shapes = jax.eval_shape(
        lambda: ANI(
            species,
            radial=constants["radial"],
            angular=constants["angular"],
            hidden={s: [used[f"{s}/w{n}"].shape[1] for n in range(layers[s] - 1)] for s in species},
            members=first.shape[0],
            scale=HARTREE,
            e0={s: HARTREE * e for s, e in zip(species, constants["self_energies"], strict=True)},
            key=jax.random.key(0),
        )
    )
    rows = [row for s in species for n in range(layers[s]) for row in _rows(s, n)]
    return cast(filled(shapes, rows, used, first.dtype), first.dtype)


def _rows(symbol: str, n: int) -> list[Row]:
    at = lambda model: model.networks[symbol].layers[n]
    weight, bias = f"{symbol}/w{n}", f"{symbol}/b{n}"
    return [(lambda m: at(m).weight, lambda a: a[weight]), (lambda m: at(m).bias, lambda a: a[bias])]


def _understood(constants: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """What the model is made of, the rest checked to be what it must be."""
    missing = [name for name in READ if name not in constants]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}.")
    expected = {"cutoff_function": "cosine", "activation": "celu", "celu_alpha": 0.1}
    strange = {name: constants[name] for name, value in expected.items() if constants.get(name, value) != value}
    parts = {part: dict(constants[part]) for part in ("radial", "angular")}
    for part, (name, value) in PREFACTORS.items():
        if parts[part].pop(name, value) != value:
            strange[f"{part} {name}"] = constants[part][name]
    if parts["angular"].pop("cos_scale", 0.95) != 0.95:
        strange["cos_scale"] = constants["angular"]["cos_scale"]
    if strange:
        raise ValueError(f"{path} is of a network that ANI here is not: {json.dumps(strange)}.")
    return {"species": list(constants["species"]), **parts, "self_energies": list(constants["self_energies"])}

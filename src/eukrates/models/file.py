"""The model file: one safetensors file with a JSON header. Loading it never runs code.

Layout: every array of the potential under its path ("blocks.0.exchange.kernel"), and in the metadata one key
"eukrates" with a JSON header:

    schema        version of this layout
    version       of the package that wrote the file
    architecture  the constructor call, {name: {argument: value}}
    units         of energy, length, charge
    elements      symbols it knows
    e0            energies of free atoms, eV
    card          level of theory, training provenance, licence, …: whatever the author stated
    digest        SHA-256 over header and arrays, so that a damaged file is noticed
"""

import hashlib
import json
import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from eukrates.files import safetensors_metadata, write_atomically
from eukrates.models.catalogue import build, describe
from eukrates.potential import Potential, free_atom_energies, named_parameters, with_parameters
from eukrates.version import __version__

SCHEMA = 1
Upgrade = Callable[[dict, dict], tuple[dict, dict]]  # (header, arrays) as the next schema has them
UPGRADES: dict[int, Upgrade] = {}  # from which schema
UNITS = {"energy": "eV", "length": "Angstrom", "charge": "e"}


class ModelFileError(ValueError):
    """A model file that cannot be trusted or understood."""


def save(potential: Potential, path: str | os.PathLike, card: Mapping[str, Any] | None = None) -> Path:
    """Write `potential` to one file, atomically: an existing file is replaced only by a complete one.

    Args:
        potential: any potential of the catalogue.
        path: usually ending in .safetensors.
        card: JSON-able statements about the model, kept in the header.

    Raises:
        ValueError: the potential is not in the catalogue, a parameter is not finite, or the card is not JSON-able.
    """
    arrays = {name: np.asarray(leaf, order="C") for name, leaf in named_parameters(potential)}
    broken = [name for name, a in arrays.items() if not np.all(np.isfinite(a))]
    if broken:
        raise ValueError(f"Parameters {', '.join(broken[:5])} are not finite: this model must not be saved.")
    architecture = describe(potential)
    plain = eqx.filter_eval_shape(lambda: build(architecture, key=jax.random.key(0)))
    if set(arrays) != {name for name, _ in named_parameters(plain)}:
        raise ValueError("A potential for inference cannot be saved: save the one that it was made from.")
    header = {
        "schema": SCHEMA,
        "version": __version__,
        "architecture": architecture,
        "units": UNITS,
        "elements": None if potential.elements is None else list(potential.elements),
        "e0": free_atom_energies(potential),
        "card": dict(card or {}),
    }
    try:
        header = json.loads(json.dumps(header, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"The card must hold plain JSON values only: {error}.") from error
    header["digest"] = _digest(header, arrays)
    data = safetensors.numpy.save(arrays, metadata={"eukrates": json.dumps(header)})
    return write_atomically(Path(path), data)


def load(path: str | os.PathLike) -> Potential:
    """The potential of a model file.

    Raises:
        FileNotFoundError: there is no such file.
        ModelFileError: truncated, tampered with, not a model of this package, or written by a newer one.
    """
    header, arrays = _read(Path(path))
    try:
        empty = eqx.filter_eval_shape(lambda: build(header["architecture"], key=jax.random.key(0)))
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{path}: the architecture in the header cannot be built: {error}") from error
    names = [name for name, _ in named_parameters(empty)]
    if set(names) != set(arrays):
        missing, extra = sorted(set(names) - set(arrays))[:3], sorted(set(arrays) - set(names))[:3]
        raise ModelFileError(f"{path}: arrays do not fit the architecture: missing {missing}, unexpected {extra}.")
    for name, leaf in named_parameters(empty):
        if tuple(leaf.shape) != arrays[name].shape:
            raise ModelFileError(f"{path}: {name} should be {tuple(leaf.shape)} and is {arrays[name].shape}.")
    with jax.enable_x64(True):  # so that float64 arrays stay float64
        return with_parameters(empty, {name: jnp.asarray(array) for name, array in arrays.items()})


def read_header(path: str | os.PathLike) -> dict[str, Any]:
    """The header of a model file, verified; raises as `load` does."""
    return _read(Path(path))[0]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {path}.")
    data = path.read_bytes()
    try:
        arrays = safetensors.numpy.load(data)
        header = json.loads(safetensors_metadata(data)["eukrates"])
        schema, digest = int(header["schema"]), str(header.pop("digest"))
    except (SafetensorError, struct.error) as error:
        raise ModelFileError(f"{path} is truncated or not a safetensors file: {error}.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise ModelFileError(f"{path} is not a Eukrates model file: it has no readable header ({error!r}).") from error
    if schema > SCHEMA:
        raise ModelFileError(
            f"{path} has schema {schema}, this version of Eukrates ({__version__}) reads up to {SCHEMA}: upgrade it."
        )
    if _digest(header, arrays) != digest:
        raise ModelFileError(f"{path} was changed after it was written: its digest does not match. Get it again.")
    for old in range(schema, SCHEMA):
        header, arrays = UPGRADES[old](header, arrays)
    return header, arrays


def _digest(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    sha = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        sha.update(f"{name}{arrays[name].dtype.str}{arrays[name].shape}".encode())
        sha.update(arrays[name].tobytes())
    return sha.hexdigest()

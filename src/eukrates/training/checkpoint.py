"""The state of a training run on disk: one safetensors file, written atomically, exact to the bit."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy

from eukrates.files import safetensors_metadata, write_atomically
from eukrates.training.optimiser import TrainingState


def write_checkpoint(path: Path, state: TrainingState, notes: dict[str, Any]) -> None:
    """Write `state` and the JSON-able `notes` of the host (best loss, plateaus, running sums, fingerprint)."""
    arrays = {f"{n:02d}": np.asarray(leaf, order="C") for n, leaf in enumerate(jax.tree.leaves(state))}
    write_atomically(path, safetensors.numpy.save(arrays, metadata={"notes": json.dumps(notes)}))


def read_checkpoint(path: Path, like: TrainingState, fingerprint: str) -> tuple[TrainingState, dict[str, Any]]:
    """The state and notes of `write_checkpoint`.

    Raises:
        ValueError: the file is damaged, or belongs to other settings or data (its fingerprint differs).
    """
    data = path.read_bytes()
    try:
        arrays = safetensors.numpy.load(data)
        notes = json.loads(safetensors_metadata(data)["notes"])
    except Exception as error:
        raise ValueError(f"{path} is damaged ({error}). Remove it to start afresh.") from error
    if notes["fingerprint"] != fingerprint:
        raise ValueError(
            f"{path} belongs to a run with other settings, model or data than now given. Restore them to resume, "
            "or choose another folder to start afresh."
        )
    leaves, structure = jax.tree.flatten(like)
    found = [jnp.asarray(arrays[f"{n:02d}"]) for n in range(len(leaves))]
    return jax.tree.unflatten(structure, found), notes

"""What a model file says about where it comes from: the card."""

import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from eukrates.app.configuration import Configuration
from eukrates.app.parts import Parts
from eukrates.data import AtomicEnergies

PACKAGES = ("eukrates", "jax", "jaxlib", "numpy", "equinox", "optax", "ase", "vesin")


def card(configuration: Configuration, parts: Parts, energies: AtomicEnergies) -> dict[str, Any]:
    """Level of theory, licence, data, E0, versions and date, as plain values."""
    return stated(configuration) | {
        "data": {
            "files": {part: {Path(n).name: digest_of(n) for n in names} for part, names in parts.files.items()},
            "content_sha256": parts.split.data_hash,
            "split": parts.split.rule,
            "structures": {part: len(indices) for part, indices in parts.split.parts.items()},
            "free_atoms": len(parts.free_atoms),
            "keys": parts.everything.keys,
        },
        "e0_source": energies.source,
        "seed": configuration.training.seed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "packages": {"python": platform.python_version(), **versions(PACKAGES)},
    }


def stated(configuration: Configuration) -> dict[str, Any]:
    """What the configuration states for the card."""
    return {key: value for key, value in configuration.card.model_dump().items() if value is not None}


def restated(card: dict[str, Any], configuration: Configuration) -> dict[str, Any]:
    """The card of a saved model with what the configuration states now."""
    kept = {key: value for key, value in card.items() if key not in type(configuration.card).model_fields}
    return stated(configuration) | kept


def versions(names) -> dict[str, str]:
    """Versions of installed packages; those that are not installed are left out."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def digest_of(name: str | Path) -> str:
    """ "sha256:…" of the bytes of a file."""
    return "sha256:" + hashlib.sha256(Path(name).read_bytes()).hexdigest()

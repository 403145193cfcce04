"""The model that a fine-tuning starts from: where it comes from, and its E0 at the level of theory of the new data."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from eukrates.app.configuration import Configuration
from eukrates.app.energies import energies_for_start
from eukrates.app.parts import Parts
from eukrates.app.provenance import digest_of
from eukrates.data import AtomicEnergies
from eukrates.files import write_atomically
from eukrates.models import load, read_header, with_e0
from eukrates.models.catalogue import build
from eukrates.potential import Potential, ensemble_of, free_atom_energies, named_parameters, with_parameters
from eukrates.training import Moving, choose
from eukrates.training.diagnosis import check_systems

STATED = ("level_of_theory", "licence", "authors", "citation")  # of the old card


@dataclass(frozen=True, eq=False)
class Start:
    """A start model with the energies of free atoms that it goes on with."""

    potential: Potential
    energies: AtomicEnergies
    origin: dict[str, Any]  # file, digest, units, E0, what its card says, what it started from itself
    reset: frozenset[str] = frozenset()  # names in the file of parameters that began anew


def read_start(configuration: Configuration, parts: Parts, known: AtomicEnergies | None = None) -> Start:
    """The start model of a configuration with its new E0.

    Args:
        configuration: with `start`.
        parts: the data.
        known: E0 of the run that is resumed.

    Raises:
        FileNotFoundError: there is no such model file.
        ValueError: a damaged file, structures that the model does not know, no energy to determine E0 from.
    """
    path = Path(str(configuration.start))
    potential, header = load(path), read_header(path)
    check_systems(potential, parts.everything)
    energies = known or energies_for_start(configuration, potential, parts)
    origin: dict[str, Any] = {"file": path.name, "sha256": digest_of(path), **_history(header)}
    reset: frozenset[str] = frozenset()
    new_energies = energies.energies != free_atom_energies(potential)
    if configuration.reset:
        fresh = build(header["architecture"], key=jax.random.key(configuration.training.seed))
        chosen = choose(potential, configuration.reset)
        potential, origin["reset"], reset = _begun_anew(potential, fresh, chosen), chosen.as_dict(), chosen.names
    if new_energies:
        potential = with_e0(potential, energies.energies)
    return Start(potential, energies, origin, reset)


def _begun_anew(potential: Potential, fresh: Potential, chosen: Moving) -> Potential:
    """The potential with the chosen parameters of every member as a fresh one has them."""
    members = []
    for old, new in zip(potential.apart(), fresh.apart(), strict=True):
        first, kept = dict(named_parameters(new)), dict(named_parameters(old))
        with jax.enable_x64(True):
            again = {name: jnp.asarray(first[name], kept[name].dtype) for name in chosen.names}
        members.append(with_parameters(old, kept | again))
    return ensemble_of(members)


def refuse_start_inside(configuration: Configuration) -> None:
    """Raise ValueError where the run would write over the model that it starts from."""
    if configuration.start is None:
        return
    if Path(configuration.start).resolve().parent == Path(configuration.folder).resolve():
        raise ValueError(
            f"The start model {configuration.start} is in the folder of this run, which would write over it. Nothing "
            "was touched: choose another folder."
        )


def write_record(path: Path, energies: AtomicEnergies, origin: dict[str, Any]) -> None:
    """Keep E0 and the origin of a start model: a resumed run must not determine them again."""
    record = {"e0": energies.energies, "e0_source": energies.source, "origin": origin}
    write_atomically(path, json.dumps(record, indent=1))


def read_record(path: Path) -> tuple[AtomicEnergies | None, dict[str, Any]]:
    """What `write_record` kept, or nothing."""
    if not path.exists():
        return None, {}
    record = json.loads(path.read_text())
    return AtomicEnergies(record["e0"], record["e0_source"]), record["origin"]


def _history(header: dict[str, Any]) -> dict[str, Any]:
    card = header["card"]
    told = {name: card[name] for name in STATED if card.get(name)}
    before = dict(card.get("training") or {}).get("started_from")
    return {"units": header["units"], "e0": header["e0"], **told} | ({"started_from": before} if before else {})

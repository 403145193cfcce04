"""The network of passes in the folder of a search."""

import json
from collections.abc import Sequence
from pathlib import Path

from eukrates.files import write_atomically
from eukrates.landscape.paths import Attempt, Network, Stretch

NETWORK = "network.json"


def write_network(folder: Path, network: Network, attempts: Sequence[Attempt]) -> None:
    """What was found, and of which bands it came."""
    told = [vars(one) | {"stretch": vars(one.stretch)} for one in attempts]
    write_atomically(folder / NETWORK, json.dumps(network.to_mapping() | {"attempts": told}))


def read_network(folder: Path) -> tuple[Network, list[Attempt]] | None:
    """The inverse of `write_network`; None: nothing was written yet."""
    path = folder / NETWORK
    if not path.exists():
        return None
    told = json.loads(path.read_text("utf-8"))
    attempts = [Attempt(tuple(one["pair"]), Stretch(**one["stretch"]), one["said"]) for one in told["attempts"]]
    return Network.from_mapping(told), attempts

"""The network of passes in the folder of a search."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eukrates.files import write_atomically
from eukrates.landscape.paths import Attempt, Connections, Network, Stretch

NETWORK = "network.json"


@dataclass(frozen=True, eq=False)
class Kept:
    """What a file holds."""

    network: Network
    attempts: Sequence[Attempt]
    given: int  # minima that the search had listed; numbers below are ranks


def write_network(folder: Path, found: Connections) -> None:
    """What was found, and of which bands it came."""
    told = [vars(one) | {"stretch": vars(one.stretch)} for one in found.attempts]
    write_atomically(
        folder / NETWORK, json.dumps(found.network.to_mapping() | {"given": found.given, "attempts": told})
    )


def read_network(folder: Path) -> Kept | None:
    """The inverse of `write_network`; None: nothing was written yet.

    Raises:
        ValueError: the file holds something else.
    """
    path = folder / NETWORK
    if not path.exists():
        return None
    told = json.loads(path.read_text("utf-8"))
    if not {"minima", "passes", "attempts", "given"} <= set(told):
        raise ValueError(f"{path} is of another version, or something else: move it away, run `eukrates connect`.")
    attempts = [
        Attempt(tuple(one["pair"]), Stretch(**one["stretch"]), one["said"], [tuple(ends) for ends in one["passes"]])
        for one in told["attempts"]
    ]
    return Kept(Network.from_mapping(told), attempts, told["given"])

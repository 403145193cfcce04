"""`Round`: what a round of a search came to, in one file that is there whole or not at all."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from eukrates.files import replacing
from eukrates.landscape.search.explorer import Memory


@dataclass(frozen=True, eq=False)
class Round:
    """Candidates of a round where they came to rest, in the order in which they were proposed."""

    sources: tuple[str, ...]  # names of explorers
    positions: Float[np.ndarray, "candidates atoms 3"]  # Å
    energies: Float[np.ndarray, " candidates"]  # eV
    forces: Float[np.ndarray, " candidates"]  # eV/Å, the largest of each
    objections: tuple[str, ...]  # why it was set aside; "": it was not
    evaluations: int
    seconds: float
    memories: tuple[Memory, ...]  # of the explorers, after it
    rooms: tuple[int, ...]  # for neighbours, which the next round begins with

    def write(self, path: Path) -> None:
        """To a file."""
        memories = {f"memory/{n}/{name}": array for n, one in enumerate(self.memories) for name, array in one.items()}
        with replacing(path) as temporary, open(temporary, "wb") as stream:
            np.savez(
                stream,
                sources=np.array(self.sources, str),
                positions=self.positions,
                energies=self.energies,
                forces=self.forces,
                objections=np.array(self.objections, str),
                evaluations=self.evaluations,
                seconds=self.seconds,
                explorers=len(self.memories),
                rooms=np.array(self.rooms),
                **memories,  # type: ignore[arg-type]
            )

    @classmethod
    def read(cls, path: Path) -> "Round":
        """The inverse of `write`."""
        with np.load(path, allow_pickle=False) as held:
            memories: list[dict[str, np.ndarray]] = [{} for _ in range(int(held["explorers"]))]
            for key in held.files:
                if key.startswith("memory/"):
                    _, n, name = key.split("/", 2)
                    memories[int(n)][name] = held[key]
            return cls(
                sources=tuple(held["sources"].tolist()),
                positions=held["positions"],
                energies=held["energies"],
                forces=held["forces"],
                objections=tuple(held["objections"].tolist()),
                evaluations=int(held["evaluations"]),
                seconds=float(held["seconds"]),
                memories=tuple(memories),
                rooms=tuple(held["rooms"].tolist()),
            )

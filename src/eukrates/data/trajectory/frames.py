"""`Frames`: snapshots of one moving structure; `Trajectory`: frames with the structure they belong to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ase
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.data.atoms import to_atoms
from eukrates.data.sample import Sample
from eukrates.matter import System
from eukrates.units import FS


@dataclass(frozen=True, eq=False)
class Frames:
    """Consecutive snapshots on the host. What was not recorded is None."""

    step: np.ndarray  # [frames]
    time_fs: np.ndarray  # [frames]
    positions: np.ndarray  # Å, [frames, atoms, 3]
    observables: dict[str, np.ndarray]  # [frames] each; the unit is in the name or eV
    velocities: np.ndarray | None = None  # Å/fs, [frames, atoms, 3]
    forces: np.ndarray | None = None  # eV/Å, [frames, atoms, 3]
    cell: np.ndarray | None = None  # Å, [frames, 3, 3]; None: it does not move
    charges: np.ndarray | None = None  # e, [frames, atoms]

    def __len__(self) -> int:
        return len(self.step)

    def __getitem__(self, rows: slice) -> "Frames":
        if not isinstance(rows, slice):
            raise TypeError(f"Expected a slice of frames such as [10:20], got {rows!r}.")
        pick = lambda array: None if array is None else array[rows]
        observables = {name: column[rows] for name, column in self.observables.items()}
        return Frames(
            self.step[rows],
            self.time_fs[rows],
            self.positions[rows],
            observables,
            pick(self.velocities),
            pick(self.forces),
            pick(self.cell),
            pick(self.charges),
        )


def joined(parts: Sequence[Frames]) -> Frames:
    """Frames one after another; all must have recorded the same things."""
    whole = lambda pick: np.concatenate([pick(p) for p in parts])
    first = parts[0]
    return Frames(
        step=whole(lambda p: p.step),
        time_fs=whole(lambda p: p.time_fs),
        positions=whole(lambda p: p.positions),
        observables={name: whole(lambda p, name=name: p.observables[name]) for name in first.observables},
        velocities=None if first.velocities is None else whole(lambda p: p.velocities),
        forces=None if first.forces is None else whole(lambda p: p.forces),
        cell=None if first.cell is None else whole(lambda p: p.cell),
        charges=None if first.charges is None else whole(lambda p: p.charges),
    )


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Frames of one structure: what a file holds."""

    structure: System  # numbers, cell, charge, spin; its positions are those of the first frame
    masses: np.ndarray  # u, [atoms]
    frames: Frames

    def __len__(self) -> int:
        return len(self.frames)

    def atoms(self, index: int) -> ase.Atoms:
        """One frame as `ase.Atoms` with momenta, energy, forces and charges where they were recorded."""
        f, n = self.frames, range(len(self.frames))[index]
        found = to_atoms(self.structure)
        if f.cell is not None:
            found.set_cell(f.cell[n])
        found.positions = f.positions[n]
        found.set_masses(self.masses)  # type: ignore[reportArgumentType]  # ase annotates nothing; its default is a word
        if f.velocities is not None:
            found.set_velocities(f.velocities[n] / FS)  # ASE's unit of time is ours
        found.info.update(step=int(f.step[n]), time_fs=float(f.time_fs[n]))
        results: dict[str, np.ndarray | float] = (
            {} if f.forces is None else {"forces": np.asarray(f.forces[n], np.float64)}
        )
        if "potential_energy" in f.observables:
            results["energy"] = float(f.observables["potential_energy"][n])
        if f.charges is not None:
            results["charges"] = np.asarray(f.charges[n], np.float64)
        if results:
            found.calc = SinglePointCalculator(found, **results)
        return found

    def samples(self) -> Iterator[Sample]:
        """Every frame as a labelled structure."""
        for n in range(len(self)):
            atoms = self.atoms(n)
            results = getattr(atoms.calc, "results", {})
            yield Sample(
                system=self._at(n),
                energy=results.get("energy"),
                forces=results.get("forces"),
                name=f"step {self.frames.step[n]}",
            )

    def _at(self, n: int) -> System:
        s, f = self.structure, self.frames
        cell = s.cell if f.cell is None else np.asarray(f.cell[n], np.float64)[None]
        return System(s.numbers, np.asarray(f.positions[n], np.float64), cell, s.owner, s.real, s.charge, s.spin)

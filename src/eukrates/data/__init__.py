"""Data: samples with labels, reading, writing, checking, splitting."""

from eukrates.data.atomic_energies import AtomicEnergies, atomic_energies, is_isolated_atom, separate
from eukrates.data.atoms import to_atoms, to_system
from eukrates.data.dataset import Dataset, Source, join
from eukrates.data.declared import Units
from eukrates.data.electronic_state import with_state
from eukrates.data.frame import Fault
from eukrates.data.read import read
from eukrates.data.sample import LABELS, Sample
from eukrates.data.split import Split, load_split, split, split_by_file
from eukrates.data.statistics import Statistics, mean_neighbours, statistics
from eukrates.data.write import write

__all__ = [
    "LABELS",
    "AtomicEnergies",
    "Dataset",
    "Fault",
    "Sample",
    "Source",
    "Split",
    "Statistics",
    "Units",
    "atomic_energies",
    "is_isolated_atom",
    "join",
    "load_split",
    "mean_neighbours",
    "read",
    "separate",
    "split",
    "split_by_file",
    "statistics",
    "to_atoms",
    "to_system",
    "with_state",
    "write",
]

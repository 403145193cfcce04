"""Reference data: sample structures, label them with quantum chemistry, keep what was done.

A labeller is a function from ``ase.Atoms`` to `Labels`; `label` runs one over many structures, on several processes,
and can be killed and resumed at any time.
"""

from .ase_calculator import AsCalculator, FromCalculator
from .campaign import Campaign, label
from .labeller import LabelError, Labeller, Labels, charge_and_spin, labelled
from .langevin import langevin_snapshots
from .normal_modes import NormalModes, normal_modes, thermal_displacements
from .pyscf import PySCF
from .tblite import TBLite

__all__ = [
    "AsCalculator",
    "Campaign",
    "FromCalculator",
    "LabelError",
    "Labeller",
    "Labels",
    "NormalModes",
    "PySCF",
    "TBLite",
    "charge_and_spin",
    "label",
    "labelled",
    "langevin_snapshots",
    "normal_modes",
    "thermal_displacements",
]

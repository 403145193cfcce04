"""Reference data: sample structures, label them with quantum chemistry, keep what was done.

A labeller is a function from `ase.Atoms` to `Labels`; `label` runs one over many structures, on several processes,
and can be killed and resumed at any time.
"""

from eukrates.reference.ase_calculator import AsCalculator, FromCalculator
from eukrates.reference.campaign import Campaign, label
from eukrates.reference.coupled_cluster import CoupledCluster
from eukrates.reference.focal_point import FocalPoint
from eukrates.reference.labeller import LabelError, Labeller, Labels, charge_and_spin, labelled
from eukrates.reference.langevin import langevin_snapshots
from eukrates.reference.moller_plesset import MP2
from eukrates.reference.normal_modes import NormalModes, normal_modes, thermal_displacements
from eukrates.reference.pyscf import PySCF
from eukrates.reference.relaxing import Relaxing
from eukrates.reference.tblite import TBLite

__all__ = [
    "MP2",
    "AsCalculator",
    "Campaign",
    "CoupledCluster",
    "FocalPoint",
    "FromCalculator",
    "LabelError",
    "Labeller",
    "Labels",
    "NormalModes",
    "PySCF",
    "Relaxing",
    "TBLite",
    "charge_and_spin",
    "label",
    "labelled",
    "langevin_snapshots",
    "normal_modes",
    "thermal_displacements",
]

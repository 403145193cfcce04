"""Labels from second-order perturbation theory, MP2, through PySCF."""

import dataclasses
from typing import Any

import numpy as np
from ase import Atoms

from eukrates.reference.correlation import Correlated, Space, diagnostics, limit_memory, mp2, mp2_memory, space
from eukrates.reference.labeller import LabelError, Labels
from eukrates.reference.mean_field import FAILURES, converge, hartree_fock, molecule, settle
from eukrates.units import BOHR, HARTREE


@dataclasses.dataclass(frozen=True)
class MP2(Correlated):
    """Møller-Plesset perturbation theory of second order (Møller & Plesset 1934, doi:10.1103/PhysRev.46.618).

    Singlets stand on restricted Hartree-Fock, everything else on the unrestricted solution, followed until it is
    stable. With density fitting, Hartree-Fock and MP2 use the auxiliary bases made for each. The frozen core is that of
    `correlation.space`. Energies alone by default; `forces=True` gives analytic ones, with exact integrals.
    `memory_mb` is what the calculation may take; one that cannot do with it is refused.
    """

    family = "MP2"

    basis: str
    density_fitting: bool = True
    frozen_core: bool = True
    forces: bool = False
    tolerance_hartree: float = 1e-9  # change of energy at which the SCF stops
    max_cycles: int = 100
    memory_mb: int = 4000

    def __call__(self, atoms: Atoms) -> Labels:
        """Label one structure; LabelError when the SCF does not converge."""
        start, orbitals = self._prepared(atoms)
        try:
            field, rounds = converge(start)
            energy, gradient = float(field.e_tot), None
            if orbitals.empty:
                gradient = field.nuc_grad_method().kernel() if self.forces else None
            else:
                solver = mp2(field, orbitals, self.density_fitting, self.forces)
                energy += float(solver.e_corr)
                gradient = solver.nuc_grad_method().kernel() if self.forces else None
        except FAILURES as error:
            raise LabelError(f"PySCF stopped: {type(error).__name__}: {error}") from error
        forces = None if gradient is None else -np.asarray(gradient) * (HARTREE / BOHR)
        return Labels(energy * HARTREE, forces, details=diagnostics(field, rounds, orbitals))

    def _prepared(self, atoms: Atoms) -> tuple[Any, Space]:
        mol = molecule(atoms, self.basis)
        orbitals = space(mol, self.frozen_core)
        limit_memory(mol, mp2_memory(orbitals, self.density_fitting, self.forces), self.memory_mb)
        field = settle(hartree_fock(mol), self.density_fitting, self.tolerance_hartree, self.max_cycles)
        return field, orbitals

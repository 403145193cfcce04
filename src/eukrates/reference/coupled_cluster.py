"""Labels from coupled cluster theory, CCSD and CCSD(T), through PySCF."""

import dataclasses
from typing import Any

import numpy as np
from ase import Atoms

from eukrates.reference.correlation import Correlated, Space, ccsd, ccsd_memory, diagnostics, limit_memory, space
from eukrates.reference.labeller import LabelError, Labels
from eukrates.reference.mean_field import FAILURES, converge, hartree_fock, molecule, settle
from eukrates.units import BOHR, HARTREE


@dataclasses.dataclass(frozen=True)
class CoupledCluster(Correlated):
    """CCSD(T), or CCSD with `triples=False` (Raghavachari et al. 1989, doi:10.1016/S0009-2614(89)87395-6).

    Singlets stand on restricted Hartree-Fock, everything else on the unrestricted solution, followed until it is
    stable: UCCSD(T) separates into fragments correctly, and the (T) of PySCF is derived for canonical orbitals, which
    restricted open-shell ones are not. The frozen core is that of `correlation.space`. Energies alone by default;
    `forces=True` gives analytic ones, with exact integrals, for several times the cost; with triples they are of closed
    shells only. The T1 diagnostic is in `details`. `memory_mb` is what the calculation may take (PySCF takes up to 2 GB
    whatever is said); one that cannot do with it is refused.
    """

    family = "CCSD"

    basis: str
    triples: bool = True
    density_fitting: bool = False
    frozen_core: bool = True
    forces: bool = False
    tolerance_hartree: float = 1e-9  # change of energy at which the SCF stops; CCSD at 100 times that
    max_cycles: int = 100
    memory_mb: int = 4000

    @property
    def method(self) -> str:
        """CCSD(T), or CCSD."""
        return f"CCSD{'(T)' if self.triples else ''}"

    def __call__(self, atoms: Atoms) -> Labels:
        """Label one structure; LabelError when the SCF or CCSD does not converge."""
        start, orbitals = self._prepared(atoms)
        solver, gradient = None, None
        try:
            field, rounds = converge(start)
            energy = float(field.e_tot)
            if not orbitals.empty:
                solver = ccsd(field, orbitals, self.density_fitting, self.tolerance_hartree, self.max_cycles)
                energy += float(solver.e_corr) + (float(solver.ccsd_t()) if self.triples else 0.0)
            if self.forces:
                gradient = self._gradient(field, solver)
        except FAILURES as error:
            raise LabelError(f"PySCF stopped: {type(error).__name__}: {error}") from error
        forces = None if gradient is None else -np.asarray(gradient) * (HARTREE / BOHR)
        return Labels(energy * HARTREE, forces, details=diagnostics(field, rounds, orbitals, solver))

    def _prepared(self, atoms: Atoms) -> tuple[Any, Space]:
        mol = molecule(atoms, self.basis)
        orbitals = space(mol, self.frozen_core)
        if self.forces and self.triples and mol.spin and not orbitals.empty:
            raise ValueError(
                f"{atoms.get_chemical_formula()} has unpaired electrons, and PySCF's forces of UCCSD(T) are not the "
                f"slope of its energy (2.14: 0.01 eV/Å off for H2O+): ask for energies alone, or triples=False."
            )
        limit_memory(mol, ccsd_memory(orbitals, self.forces), self.memory_mb)
        field = settle(hartree_fock(mol), self.density_fitting, self.tolerance_hartree, self.max_cycles)
        return field, orbitals

    def _gradient(self, field: Any, solver: Any) -> Any:
        """∂E/∂r in Hartree/Bohr; the Lambda equations say how amplitudes and triples answer to a move."""
        from pyscf.cc import ccsd_t_lambda
        from pyscf.grad import ccsd_t

        if solver is None:
            return field.nuc_grad_method().kernel()
        if self.triples:
            gradient, integrals = ccsd_t.Gradients(solver), solver.ao2mo()
            settings = {"max_cycle": self.max_cycles, "tol": solver.conv_tol_normt, "verbose": 0}
            converged, l1, l2 = ccsd_t_lambda.kernel(solver, integrals, solver.t1, solver.t2, **settings)
        else:
            gradient, integrals = solver.nuc_grad_method(), None
            l1, l2 = solver.solve_lambda()
            converged = solver.converged_lambda
        if not converged:
            raise LabelError(f"The Lambda equations of the forces did not converge in {self.max_cycles} cycles.")
        return gradient.kernel(solver.t1, solver.t2, l1, l2, eris=integrals)

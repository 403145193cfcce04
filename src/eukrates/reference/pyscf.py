"""Labels from density functional theory and Hartree-Fock, through PySCF."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms

from eukrates.reference.labeller import LabelError, Labeller, Labels
from eukrates.reference.mean_field import (
    FAILURES,
    converge,
    convergence,
    engine,
    first_order,
    hartree_fock,
    molecule,
    settle,
)
from eukrates.units import BOHR, HARTREE

COARSE_GRID = 1


@dataclasses.dataclass(frozen=True)
class PySCF(Labeller):
    """Kohn-Sham DFT or Hartree-Fock for molecules (Sun et al. 2020, doi:10.1063/5.0006074).

    `xc` is a functional as PySCF spells it (`"pbe0"`, `"wb97m-v"`), with the dispersion correction in the
    name where wanted (`"pbe0-d3bj"`, `"b3lyp-d4"`), or `"hf"`. Singlets are restricted, everything else is
    unrestricted, and unrestricted solutions are followed downhill until they are stable, which breaks the
    symmetry of free atoms. Forces include the response of the integration grid and of the density fitting: they
    are the derivatives of the energy that is returned, and add up to zero. Every structure starts from the same
    kind of guess, so that labels do not depend on the order of the work.
    """

    xc: str
    basis: str
    density_fitting: bool = True
    grid: int | Mapping[str, tuple[int, int]] = 4  # PySCF's level, 0 coarse … 9; or element → (radial, angular) points
    tolerance_hartree: float = 1e-9  # change of energy at which the SCF stops
    max_cycles: int = 100

    @property
    def level(self) -> str:
        """For example `PBE0/def2-TZVP, density fitting, grid 4`."""
        fitting = "density fitting" if self.density_fitting else "exact integrals"
        if self.xc.lower() == "hf":
            return f"HF/{self.basis}, {fitting}"
        points = self.grid
        if isinstance(points, Mapping):
            points = " ".join(f"{symbol}({radial},{angular})" for symbol, (radial, angular) in points.items())
        return f"{self.xc.upper()}/{self.basis}, {fitting}, grid {points}"

    def check(self, atoms: Atoms) -> None:
        """Open boundaries only; charge and spin stated; basis and functional known to PySCF."""
        self._mean_field(atoms)

    def __call__(self, atoms: Atoms) -> Labels:
        """Label one structure; LabelError when the SCF does not converge."""
        field = self._mean_field(atoms)
        try:
            field, rounds = converge(field, self._density_on_a_coarse_grid(field))
            gradient = np.asarray(self._gradient(field))
        except FAILURES as error:
            raise LabelError(f"PySCF stopped: {type(error).__name__}: {error}") from error
        return Labels(
            energy=float(field.e_tot) * HARTREE,
            forces=-gradient * (HARTREE / BOHR),
            dipole=np.asarray(field.dip_moment(unit="AU", verbose=0)) * BOHR,
            details=convergence(field, rounds),
        )

    def _mean_field(self, atoms: Atoms) -> Any:
        mol = molecule(atoms, self.basis)
        if self.xc.lower() == "hf":
            field = hartree_fock(mol)
        else:
            dft = engine().dft
            field = dft.UKS(mol) if mol.spin else dft.RKS(mol)
            self._choose_functional(field)
            self._choose_grid(field)
        return settle(field, self.density_fitting, self.tolerance_hartree, self.max_cycles)

    def _choose_functional(self, field: Any) -> None:
        from pyscf.dft import libxc
        from pyscf.scf import dispersion

        try:
            libxc.parse_xc(dispersion.parse_dft(self.xc)[0])
            field.xc = self.xc
            corrected = dispersion.check_disp(field)
        except (KeyError, ValueError, NotImplementedError) as error:
            raise ValueError(f"PySCF does not know the functional {self.xc!r}: {error}") from error
        if corrected and (dispersion.dftd3 is None or dispersion.dftd4 is None):
            raise ImportError(
                f"The dispersion correction in {self.xc!r} needs a package that is not installed: "
                f"pip install pyscf-dispersion, or choose a functional without the correction."
            )

    def _choose_grid(self, field: Any) -> None:
        if not isinstance(self.grid, Mapping):
            field.grids.level = self.grid
            return
        missing = sorted(set(field.mol.elements) - set(self.grid))
        if missing:
            raise ValueError(f"The integration grid names no points for {', '.join(missing)}: add them to grid={{…}}.")
        field.grids.atom_grid = dict(self.grid)

    def _density_on_a_coarse_grid(self, field: Any) -> Any:
        """A start that leaves the fine grid only a few cycles to do; None, PySCF's own guess, where it is no gain."""
        if self.xc.lower() == "hf" or self.grid in range(COARSE_GRID + 1):
            return None
        coarse = field.copy()
        coarse.grids = type(field.grids)(field.mol)
        coarse.grids.level = COARSE_GRID
        coarse.kernel()
        return coarse.make_rdm1() if coarse.converged else None

    def _gradient(self, field: Any) -> Any:
        """∂E/∂r in Hartree/Bohr, with the response of the grid."""
        gradient = first_order(field).nuc_grad_method()
        gradient.verbose = 0
        if self.xc.lower() != "hf":
            gradient.grid_response = True
        return gradient.kernel()

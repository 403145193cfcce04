"""Labels from density functional theory and Hartree-Fock, through PySCF."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms

from eukrates.reference.labeller import LabelError, Labeller, Labels, charge_and_spin
from eukrates.units import BOHR, HARTREE

FIRST_WITH_ECP = 37  # Rb: from here on the def2 bases are meant for effective core potentials
STABILITY_ROUNDS = 4
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
            field, rounds = self._converge(field)
            gradient = np.asarray(self._gradient(field))
        except (RuntimeError, np.linalg.LinAlgError, AssertionError) as error:
            raise LabelError(f"PySCF stopped: {type(error).__name__}: {error}") from error
        details = {"converged": True, "cycles": int(field.cycles), "stability_rounds": rounds}
        if field.mol.spin:
            details["spin_square"] = float(field.spin_square()[0])
        return Labels(
            energy=float(field.e_tot) * HARTREE,
            forces=-gradient * (HARTREE / BOHR),
            dipole=np.asarray(field.dip_moment(unit="AU", verbose=0)) * BOHR,
            details=details,
        )

    def _mean_field(self, atoms: Atoms) -> Any:
        charge, spin = charge_and_spin(atoms)
        if atoms.pbc.any():
            raise ValueError(
                f"This PySCF labeller computes molecules, and {atoms.get_chemical_formula()} is periodic. If it is a "
                f"molecule in a box, set atoms.pbc = False; for crystals use another labeller."
            )
        pyscf = _pyscf()
        geometry = list(zip(atoms.get_chemical_symbols(), atoms.positions / BOHR, strict=True))
        heavy = {symbol for symbol, number in zip(*_elements(atoms), strict=True) if number >= FIRST_WITH_ECP}
        cores = dict.fromkeys(heavy, self.basis) if self.basis.lower().startswith("def2") else {}
        try:
            molecule = pyscf.gto.M(
                atom=geometry, unit="Bohr", basis=self.basis, ecp=cores, charge=charge, spin=spin, verbose=0
            )
        except (KeyError, RuntimeError) as error:
            raise ValueError(
                f"PySCF has no basis {self.basis!r} for every element of {atoms.get_chemical_formula()}: {error}"
            ) from error
        if self.xc.lower() == "hf":
            field = pyscf.scf.UHF(molecule) if spin else pyscf.scf.RHF(molecule)
        else:
            field = pyscf.dft.UKS(molecule) if spin else pyscf.dft.RKS(molecule)
            self._choose_functional(field)
            self._choose_grid(field)
        if self.density_fitting:
            field = field.density_fit()
        field.conv_tol, field.max_cycle, field.conv_check = self.tolerance_hartree, self.max_cycles, False
        return field

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

    def _converge(self, field: Any) -> tuple[Any, int]:
        """Converge, by second-order steps if need be; then leave saddle points of unrestricted solutions."""
        field.kernel(self._density_on_a_coarse_grid(field))
        if not field.converged:
            field = field.newton()
            field.kernel()
        rounds = 0
        while field.converged and field.mol.spin and field.mol.nelectron > 1:
            orbitals, _, stable, _ = field.stability(return_status=True)
            if stable:
                break
            if rounds == STABILITY_ROUNDS:
                raise LabelError(f"The SCF solution is still a saddle point after {rounds} rounds of following it.")
            rounds += 1
            field = _first_order(field).newton()
            field.kernel(orbitals, field.mo_occ)
        if not field.converged:
            raise LabelError(
                f"The SCF did not converge to {self.tolerance_hartree:g} Hartree, in {self.max_cycles} cycles of "
                f"DIIS and then by second-order steps. Check geometry, charge and spin, or raise max_cycles."
            )
        return field, rounds

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
        gradient = _first_order(field).nuc_grad_method()
        gradient.verbose = 0
        if self.xc.lower() != "hf":
            gradient.grid_response = True
        return gradient.kernel()


def _first_order(field: Any) -> Any:
    from pyscf.soscf import newton_ah

    return field.undo_soscf() if isinstance(field, newton_ah._CIAH_SOSCF) else field


def _elements(atoms: Atoms) -> tuple[list[str], list[int]]:
    return atoms.get_chemical_symbols(), atoms.numbers.tolist()


def _pyscf() -> Any:
    try:
        import pyscf
        import pyscf.dft
        import pyscf.scf
    except ImportError as error:
        raise ImportError(
            "Labelling with DFT needs PySCF, which is not installed: pip install 'eukrates[reference]'."
        ) from error
    return pyscf

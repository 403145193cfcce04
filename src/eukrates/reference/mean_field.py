"""The ground that all PySCF labellers stand on: the molecule, and a converged, stable Hartree-Fock or Kohn-Sham field.

PySCF: Sun et al. 2020, doi:10.1063/5.0006074.
"""

import contextlib
import io
import warnings
from typing import Any

import numpy as np
from ase import Atoms

from eukrates.reference.labeller import LabelError, charge_and_spin
from eukrates.units import BOHR

FIRST_WITH_ECP = 37  # Rb: from here on the def2 bases are meant for effective core potentials
STABILITY_ROUNDS = 4
FAILURES = (RuntimeError, np.linalg.LinAlgError, AssertionError, MemoryError)  # what PySCF raises when it gives up


def engine() -> Any:
    """The package `pyscf`, with what the labellers use of it.

    Raises:
        ImportError: it is not installed; names the extra.
    """
    try:
        import pyscf
        import pyscf.dft
        import pyscf.scf
    except ImportError as error:
        raise ImportError(
            "This labeller needs PySCF, which is not installed: pip install 'eukrates[reference]'."
        ) from error
    return pyscf


def molecule(atoms: Atoms, basis: str) -> Any:
    """PySCF's molecule, charge and spin included; bases of the def2 family bring their effective core potentials.

    Raises:
        ValueError: charge or spin missing or impossible, periodic boundaries, a basis that PySCF does not have.
    """
    charge, spin = charge_and_spin(atoms)
    if atoms.pbc.any():
        raise ValueError(
            f"This PySCF labeller computes molecules, and {atoms.get_chemical_formula()} is periodic. If it is a "
            f"molecule in a box, set atoms.pbc = False; for crystals use another labeller."
        )
    pyscf = engine()
    symbols = atoms.get_chemical_symbols()
    geometry = list(zip(symbols, atoms.positions / BOHR, strict=True))
    heavy = {symbol for symbol, number in zip(symbols, atoms.numbers, strict=True) if number >= FIRST_WITH_ECP}
    cores = dict.fromkeys(heavy, basis) if basis.lower().startswith("def2") else {}
    try:
        return pyscf.gto.M(atom=geometry, unit="Bohr", basis=basis, ecp=cores, charge=charge, spin=spin, verbose=0)
    except (KeyError, RuntimeError) as error:
        raise ValueError(
            f"PySCF has no basis {basis!r} for every element of {atoms.get_chemical_formula()}: {error}"
        ) from error


def hartree_fock(mol: Any) -> Any:
    """A field that is still to be converged: restricted for singlets, unrestricted for everything else."""
    scf = engine().scf
    return scf.UHF(mol) if mol.spin else scf.RHF(mol)


def settle(field: Any, density_fitting: bool, tolerance_hartree: float, max_cycles: int) -> Any:
    """The field with the way it is to be converged. ValueError when there is no basis to fit densities in."""
    if density_fitting:
        field = field.density_fit()
        _check_fitting_basis(field)
    field.conv_tol, field.max_cycle, field.conv_check = tolerance_hartree, max_cycles, False
    return field


def _check_fitting_basis(field: Any) -> None:
    from pyscf import df

    try:
        with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
            df.addons.make_auxmol(field.mol, field.with_df.auxbasis)
    except (KeyError, RuntimeError) as error:
        raise ValueError(
            f"PySCF cannot fit densities here ({error}): use exact integrals (density_fitting=False), or another basis."
        ) from error


def converge(field: Any, guess: Any = None) -> tuple[Any, int]:
    """Converge, by second-order steps if need be; then leave saddle points of unrestricted solutions.

    Returns the field and how many times a saddle point was left. Raises LabelError when it does not converge.
    """
    tolerance, cycles = field.conv_tol, field.max_cycle
    field.kernel(guess)
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
        field = first_order(field).newton()
        field.kernel(orbitals, field.mo_occ)
    if not field.converged:
        raise LabelError(
            f"The SCF did not converge to {tolerance:g} Hartree, in {cycles} cycles of "
            f"DIIS and then by second-order steps. Check geometry, charge and spin, or raise max_cycles."
        )
    return field, rounds


def first_order(field: Any) -> Any:
    """The field without the second-order solver around it, orbitals kept."""
    from pyscf.soscf import newton_ah

    return field.undo_soscf() if isinstance(field, newton_ah._CIAH_SOSCF) else field


def convergence(field: Any, rounds: int) -> dict[str, Any]:
    """What the journal keeps of how the field converged."""
    details: dict[str, Any] = {"converged": True, "cycles": int(field.cycles), "stability_rounds": rounds}
    if field.mol.spin:
        details["spin_square"] = float(field.spin_square()[0])
    return details

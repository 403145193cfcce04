"""Electron correlation on top of a converged Hartree-Fock field: MP2 and CCSD(T), closed and open shells."""

import abc
import dataclasses
import math
from typing import Any

from ase import Atoms

from eukrates.reference.labeller import LabelError, Labeller
from eukrates.reference.mean_field import convergence, first_order

DOUBLE = 8e-6  # MB for one number


@dataclasses.dataclass(frozen=True)
class Space:
    """Which orbitals are correlated; pairs are of the two spins."""

    core: int  # doubly occupied orbitals left out
    occupied: tuple[int, int]
    virtual: tuple[int, int]

    @property
    def electrons(self) -> int:
        """Correlated electrons."""
        return sum(self.occupied)

    @property
    def empty(self) -> bool:
        """Nothing to correlate: fewer than two electrons, or nowhere to excite them to."""
        return min(self.occupied) < 0 or self.electrons < 2 or max(self.virtual) == 0

    def pairs(self) -> int:
        """Numbers in the amplitudes of double excitations, Σ o o' v v' over the spin blocks that are stored."""
        (oa, ob), (va, vb) = self.occupied, self.virtual
        if self.occupied == self.virtual or oa == ob:
            return oa * oa * va * va
        return oa * oa * va * va + oa * ob * va * vb + ob * ob * vb * vb


class Correlated(Labeller):
    """What labellers of correlated methods share: how they are named, checked, and whether they give forces."""

    family: str  # the method, without what it may be extended by
    basis: str
    density_fitting: bool
    frozen_core: bool
    forces: bool

    def __post_init__(self):
        if self.forces and self.density_fitting:
            raise ValueError(
                f"PySCF has no forces of {self.family} with density fitting: drop density_fitting or forces."
            )

    @property
    def method(self) -> str:
        """The method as a level of theory has it."""
        return self.family

    @property
    def level(self) -> str:
        """For example `MP2/cc-pVTZ, frozen core, density fitting`."""
        core = "frozen core" if self.frozen_core else "all electrons"
        integrals = "density fitting" if self.density_fitting else "exact integrals"
        return f"{self.method}/{self.basis}, {core}, {integrals}"

    @property
    def gives_forces(self) -> bool:
        """As asked for by `forces`."""
        return self.forces

    def check(self, atoms: Atoms) -> None:
        """Open boundaries only; charge and spin stated; basis known to PySCF; memory enough."""
        self._prepared(atoms)

    @abc.abstractmethod
    def _prepared(self, atoms: Atoms) -> tuple[Any, Space]:
        """A field that is still to be converged, and the orbitals that are correlated on top of it."""


def space(mol: Any, frozen_core: bool) -> Space:
    """The orbitals of a molecule. The frozen core is PySCF's chemical core by element: none for H, He, Li, Be; 1s for
    B to Ne, Na, Mg; 1s2s2p for Al to Zn; and so on; orbitals that a core potential replaces are not counted twice."""
    from pyscf.data.elements import chemcore

    core = int(chemcore(mol)) if frozen_core else 0
    alpha, beta = mol.nelec
    return Space(core, (alpha - core, beta - core), (mol.nao - alpha, mol.nao - beta))


def limit_memory(mol: Any, needed_mb: float, memory_mb: int) -> None:
    """Give PySCF its limit, on top of what the process has now; larger arrays then go to disk.

    Raises:
        ValueError: what cannot go to disk is larger than the limit.
    """
    from pyscf.lib import current_memory

    if needed_mb > memory_mb:
        raise ValueError(
            f"{mol.natm} atoms with {mol.nao} basis functions need at least {needed_mb:.0f} MB, and memory_mb is "
            f"{memory_mb}. Raise it if the machine has that much, or choose a smaller basis or a cheaper level."
        )
    mol.max_memory = current_memory()[0] + memory_mb


def mp2_memory(orbitals: Space, density_fitting: bool, amplitudes: bool) -> float:
    """MB of what MP2 cannot leave on disk: the integrals (ia|jb) unless fitted, and the amplitudes where wanted."""
    return DOUBLE * orbitals.pairs() * ((not density_fitting) + 3 * amplitudes)


def ccsd_memory(orbitals: Space, forces: bool) -> float:
    """MB of what CCSD(T) cannot leave on disk: amplitudes old and new with intermediates (about eight arrays of their
    size; twice that with the Lambda equations of the forces) and three blocks of v³ for the triples."""
    return DOUBLE * (orbitals.pairs() * (16 if forces else 8) + 3 * max(orbitals.virtual) ** 3)


def mp2(field: Any, orbitals: Space, density_fitting: bool, amplitudes: bool = False) -> Any:
    """PySCF's MP2, done: `.e_corr` in Hartree. Fitted integrals use the auxiliary basis made for MP2 (RI)."""
    from pyscf import df, mp
    from pyscf.mp import dfmp2, dfump2, ump2

    field = first_order(field)
    solver: Any
    if density_fitting:
        solver = (dfump2.DFUMP2 if field.mol.spin else dfmp2.DFMP2)(field, frozen=orbitals.core)
        solver.with_df = df.DF(field.mol, auxbasis=df.make_auxbasis(field.mol, mp2fit=True))
        solver.with_df.max_memory = field.mol.max_memory
    else:
        solver = (ump2.UMP2 if field.mol.spin else mp.mp2.RMP2)(field, frozen=orbitals.core)
    solver.kernel(with_t2=amplitudes)
    return solver


def ccsd(field: Any, orbitals: Space, density_fitting: bool, tolerance_hartree: float, max_cycles: int) -> Any:
    """PySCF's CCSD, converged: `.e_corr` and `.emp2` (MP2 with the same integrals) in Hartree, `.ccsd_t()`.

    It stops when the energy changes by less than 100 times the tolerance of the SCF and the amplitudes by less than 10⁴
    times as much. Raises LabelError when it does not get there.
    """
    from pyscf import df
    from pyscf.cc import ccsd as restricted
    from pyscf.cc import dfccsd, dfuccsd, uccsd

    field, open_shell = first_order(field), bool(field.mol.spin)
    solver: Any
    if density_fitting:
        solver = (dfuccsd.UCCSD if open_shell else dfccsd.RCCSD)(field, frozen=orbitals.core)
        solver.with_df = df.DF(field.mol, auxbasis=df.make_auxbasis(field.mol, mp2fit=True))
        solver.with_df.max_memory = field.mol.max_memory
    else:
        solver = (uccsd.UCCSD if open_shell else restricted.CCSD)(field, frozen=orbitals.core)
    solver.conv_tol, solver.conv_tol_normt = 100 * tolerance_hartree, 1e4 * tolerance_hartree
    solver.max_cycle = max_cycles
    solver.kernel()
    if not solver.converged:
        raise LabelError(
            f"CCSD did not converge in {max_cycles} cycles: the structure may be near a broken bond, where one "
            f"determinant is no good start. Raise max_cycles, or leave it out."
        )
    return solver


def t1_diagnostic(solver: Any, orbitals: Space) -> float:
    """‖t₁‖ / √N of the N correlated electrons (Lee & Taylor 1989, doi:10.1002/qua.560360824).

    Above about 0.02 one determinant is a doubtful start. Open shells: √((‖t₁α‖² + ‖t₁β‖²) / 2N), which is the same
    for a closed shell.
    """
    blocks = solver.t1 if isinstance(solver.t1, tuple) else (solver.t1, solver.t1)
    return math.sqrt(sum(float((block**2).sum()) for block in blocks) / (2 * orbitals.electrons))


def diagnostics(field: Any, rounds: int, orbitals: Space, solver: Any = None) -> dict[str, Any]:
    """What the journal keeps: of the field, the frozen orbitals, and of CCSD where there was one."""
    details = convergence(field, rounds) | {"frozen_orbitals": orbitals.core}
    return details if solver is None else details | {"t1_diagnostic": t1_diagnostic(solver, orbitals)}

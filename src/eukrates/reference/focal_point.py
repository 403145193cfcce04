"""Labels near the CCSD(T) limit at the cost of MP2: what a large basis adds, from MP2, and what CCSD(T) adds, from a
small one."""

import dataclasses
import math
import re
from typing import Any

from ase import Atoms

from eukrates.reference.correlation import ccsd, ccsd_memory, diagnostics, limit_memory, mp2, space
from eukrates.reference.labeller import LabelError, Labeller, Labels
from eukrates.reference.mean_field import FAILURES, converge, hartree_fock, molecule, settle
from eukrates.units import HARTREE

ALPHA = 1.63  # of (2)
CARDINAL = {"d": 2, "t": 3, "q": 4, "5": 5, "6": 6}


@dataclasses.dataclass(frozen=True)
class FocalPoint(Labeller):
    """A composite of CCSD(T) and MP2, energies alone:

        E = E_HF/large + E_MP2/large + (E_CCSD(T) - E_MP2)/small                                    (1)

    where E_HF is a total energy and the others are correlation energies, as ANI-1ccx was labelled (Smith et al. 2019,
    doi:10.1038/s41467-019-10827-4, there with DLPNO-CCSD(T) in the small basis). `large` is a basis, or two of
    neighbouring cardinal numbers X < Y, `("cc-pVTZ", "cc-pVQZ")`, extrapolated to a complete one:

        E_HF   = (E_Y - E_X e^(-α(Y-X))) / (1 - e^(-α(Y-X))),  α = 1.63                             (2)
        E_corr = (Y³ E_Y - X³ E_X) / (Y³ - X³)                                                      (3)

    (2): Halkier et al. 1999, doi:10.1016/S0009-2614(99)00179-7; (3): Helgaker et al. 1997, doi:10.1063/1.473863. The
    large bases use density fitting, the small one exact integrals. Reference, frozen core and memory are as
    for `CoupledCluster`.
    """

    large: str | tuple[str, str]
    small: str
    frozen_core: bool = True
    tolerance_hartree: float = 1e-9  # change of energy at which the SCF stops; CCSD at 100 times that
    max_cycles: int = 100
    memory_mb: int = 4000

    def __post_init__(self):
        if not isinstance(self.large, str):
            _neighbours(*self.large)

    @property
    def level(self) -> str:
        """For example `MP2/cc-pVTZ + [CCSD(T) - MP2]/cc-pVDZ, frozen core, density fitting in cc-pVTZ`."""
        core = "frozen core" if self.frozen_core else "all electrons"
        large = self.large if isinstance(self.large, str) else f"CBS({', '.join(self.large)})"
        return f"MP2/{large} + [CCSD(T) - MP2]/{self.small}, {core}, density fitting in {large}"

    @property
    def gives_forces(self) -> bool:
        """Never."""
        return False

    def check(self, atoms: Atoms) -> None:
        """Open boundaries only; charge and spin stated; bases known to PySCF; memory enough."""
        self._small(atoms)
        for basis in (self.large,) if isinstance(self.large, str) else self.large:
            self._large(atoms, basis)

    def __call__(self, atoms: Atoms) -> Labels:
        """Label one structure; LabelError when a calculation does not converge."""
        try:
            if isinstance(self.large, str):
                energy = sum(self._energies(atoms, self.large))
            else:
                energy = _extrapolated(*self.large, *(self._energies(atoms, basis) for basis in self.large))
            added, details = self._beyond_mp2(atoms)
        except FAILURES as error:
            raise LabelError(f"PySCF stopped: {type(error).__name__}: {error}") from error
        return Labels((energy + added) * HARTREE, details=details | {"beyond_mp2": added * HARTREE})  # (1)

    def _energies(self, atoms: Atoms, basis: str) -> tuple[float, float]:
        """Hartree-Fock and MP2 correlation energy in a large basis, Hartree."""
        start, orbitals = self._large(atoms, basis)
        field, _ = converge(start)
        return float(field.e_tot), 0.0 if orbitals.empty else float(mp2(field, orbitals, True).e_corr)

    def _beyond_mp2(self, atoms: Atoms) -> tuple[float, dict[str, Any]]:
        """CCSD(T) minus MP2 in the small basis, Hartree, and the diagnostics."""
        start, orbitals = self._small(atoms)
        field, rounds = converge(start)
        if orbitals.empty:
            return 0.0, diagnostics(field, rounds, orbitals)
        solver = ccsd(field, orbitals, False, self.tolerance_hartree, self.max_cycles)
        added = float(solver.e_corr) + float(solver.ccsd_t()) - float(solver.emp2)
        return added, diagnostics(field, rounds, orbitals, solver)

    def _field(self, mol: Any, density_fitting: bool) -> Any:
        return settle(hartree_fock(mol), density_fitting, self.tolerance_hartree, self.max_cycles)

    def _large(self, atoms: Atoms, basis: str) -> tuple[Any, Any]:
        mol = molecule(atoms, basis)
        limit_memory(mol, 0.0, self.memory_mb)
        return self._field(mol, True), space(mol, self.frozen_core)

    def _small(self, atoms: Atoms) -> tuple[Any, Any]:
        mol = molecule(atoms, self.small)
        orbitals = space(mol, self.frozen_core)
        limit_memory(mol, ccsd_memory(orbitals, False), self.memory_mb)
        return self._field(mol, False), orbitals


def _extrapolated(smaller: str, larger: str, in_smaller: tuple[float, float], in_larger: tuple[float, float]) -> float:
    """The energy in a complete basis from (Hartree-Fock, correlation) in two."""
    x, y = _neighbours(smaller, larger)
    decay = math.exp(-ALPHA * (y - x))
    mean_field = (in_larger[0] - in_smaller[0] * decay) / (1 - decay)  # (2)
    correlation = (y**3 * in_larger[1] - x**3 * in_smaller[1]) / (y**3 - x**3)  # (3)
    return mean_field + correlation


def _neighbours(*bases: str) -> tuple[int, int]:
    """The cardinal numbers X, Y of two bases of one family."""
    found = [re.search(r"v([dtq56])z", basis.lower()) for basis in bases]
    numbers = [CARDINAL[match[1]] for match in found if match]
    families = {re.sub(r"v[dtq56]z", "vxz", basis.lower()) for basis in bases}
    if len(bases) != 2 or len(numbers) != 2 or len(families) != 1 or numbers[1] != numbers[0] + 1:
        raise ValueError(
            f"Extrapolation needs two correlation-consistent bases of one family and neighbouring sizes, the smaller "
            f"first, for example ('cc-pVTZ', 'cc-pVQZ'); it got {bases}."
        )
    return numbers[0], numbers[1]

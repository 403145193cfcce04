"""`Evidence`: all that data say about their units by themselves, each number relative to the declared units."""

from dataclasses import dataclass

from eukrates.data.check.lengths import Lengths
from eukrates.data.check.temperature import HOTTEST, STIFFEST
from eukrates.data.declared import Units
from eukrates.units import length_unit

BADGER = 8.0  # force constants farther than this factor from the rule are a fault by themselves
BELONG = (0.65, 1.5)  # slopes of energies against work that are taken as 1
BEYOND = 1.06  # times the energy of all electrons: nothing binds so much
SAME_TOTAL = 0.025  # how near to the energy of all electrons a total energy is, relative


@dataclass(frozen=True)
class Evidence:
    """Where the units are as declared, every ratio is about 1; None is not known.

    All but `lengths` are measured on geometries in Å, after `lengths` has been corrected.
    """

    declared: Units
    lengths: Lengths | None = None  # only if the unit of lengths is wrong
    total: float | None = None  # energies over those of all electrons
    slope: float | None = None  # energy differences over the work of forces, without sign
    correlation: float = 0.0  # of `slope`
    stiffness: float | None = None  # force constants over Badger's rule, without sign
    hydrogen: bool = False  # bonds to hydrogen are among them: the rule is then good to 30 %
    hot: tuple[float, float] | None = None  # stiffness in eV/Å², configurational temperature in K; where no bond is
    stress: float | None = None  # stress over what energies say of strained cells, without sign
    stress_far: float = 2.0  # `stress` within this factor of 1 is right
    stress_words: str = ""
    has_energy: bool = True
    has_forces: bool = True
    virial: bool = False  # stress is read as a virial
    words: tuple[str, ...] = ()  # the same for people

    @property
    def tolerance(self) -> float:
        """How far the slope may be from that of the right units, relative."""
        return 0.12 if self.correlation > 0.99 else 0.3

    @property
    def length_change(self) -> float:
        """The unit of lengths over the declared one."""
        return 1.0 if self.lengths is None else length_unit(self.lengths.unit) / self.declared.length_factor

    @property
    def apart(self) -> bool:
        """Energies and forces do not belong together as declared."""
        return self.slope is not None and not BELONG[0] < self.slope < BELONG[1]

    @property
    def odd_stiffness(self) -> bool:
        """Force constants, or stiffness and temperature, are impossible."""
        if self.hot is not None and not (self.hot[0] < STIFFEST and self.hot[1] < HOTTEST):
            return True
        return self.stiffness is not None and not 1 / BADGER < self.stiffness < BADGER

    @property
    def too_deep(self) -> bool:
        """Energies below what all electrons can give."""
        return self.total is not None and self.total > BEYOND

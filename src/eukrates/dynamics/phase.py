"""`Phase`: a point of phase space with the force already felt there."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from eukrates.matter import System
from eukrates.matter.system import volumes
from eukrates.numerics import sum_by
from eukrates.shapes import AnyArray
from eukrates.units import KELVIN


class Phase(eqx.Module):
    """Where atoms are and how they move; all that changes from step to step, randomness included.

    Momenta are in √(u eV), that is u Å / (Å √(u/eV)), the momenta of ASE. Padding atoms have no mass and never move.
    """

    positions: Float[AnyArray, "atoms 3"]  # Å
    momenta: Float[AnyArray, "atoms 3"]  # √(u eV)
    forces: Float[AnyArray, "atoms 3"]  # eV/Å
    charges: Float[AnyArray, " charged"]  # e; of all atoms, or of none where they are not recorded
    masses: Float[AnyArray, " atoms"]  # u; 0 marks padding
    owner: Int[AnyArray, " atoms"]
    energy: Float[AnyArray, " systems"]  # eV, potential
    spread: Float[AnyArray, " systems"]  # eV, the deviation of the energies of members; 0 of what is no ensemble
    heat: Float[AnyArray, " systems"]  # eV, given by the thermostat since the start
    cell: Float[AnyArray, "systems 3 3"]  # Å
    virial: Float[AnyArray, "systems 3 3"]  # eV, ∂E/∂ε; zero where the ensemble does not ask for it
    extra: dict[str, AnyArray]  # variables of the bath, by name; the first axis is that of the systems
    moved: Float[AnyArray, " systems"]  # Å; the farthest that an atom has been from where it was listed as a neighbour
    keys: Key[Array, " systems"]  # of the random numbers still to come

    def but(self, **changes) -> "Phase":
        """The same point with some fields changed."""
        return dataclasses.replace(self, **changes)

    def where(self, chosen: Bool[Array, " systems"], other: "Phase") -> "Phase":
        """This point for the chosen systems, the `other` for the rest."""
        atoms, places = chosen[self.owner][:, None], ("positions", "momenta", "forces")
        pick = lambda new, old: jnp.where(chosen.reshape(-1, *(1,) * (new.ndim - 1)), new, old)
        changed = {name: jnp.where(atoms, getattr(self, name), getattr(other, name)) for name in places}
        if self.charges.shape[0]:
            changed["charges"] = jnp.where(atoms[:, 0], self.charges, other.charges)
        rest = ("energy", "spread", "heat", "cell", "virial", "moved", "keys")
        changed |= {name: pick(getattr(self, name), getattr(other, name)) for name in rest}
        return self.but(**changed, extra={name: pick(new, other.extra[name]) for name, new in self.extra.items()})

    @property
    def velocities(self) -> Float[AnyArray, "atoms 3"]:
        """p / m in Å per internal time; 0 for padding."""
        mass = self.masses[:, None]
        return jnp.where(mass > 0, self.momenta / jnp.where(mass > 0, mass, 1.0), 0.0)

    @property
    def kinetic_energies(self) -> Float[AnyArray, " atoms"]:
        """p² / 2m of every atom in eV."""
        return jnp.sum(self.momenta * self.velocities, axis=1) / 2

    @property
    def kinetic_energy(self) -> Float[AnyArray, " systems"]:
        """Σ p² / 2m of every system in eV."""
        return sum_by(self.kinetic_energies, self.owner, self.energy.shape[0])

    @property
    def volume(self) -> Float[AnyArray, " systems"]:
        """Å³; 0 where a system is not periodic along three axes."""
        return volumes(self.cell)

    @property
    def pressure(self) -> Float[AnyArray, " systems"]:
        """(2K - tr ∂E/∂ε) / 3V in eV/Å³; 0 without a volume, and without meaning where the virial is not asked for."""
        boxed = self.volume > 0
        inside = 2 * self.kinetic_energy - jnp.trace(self.virial, axis1=1, axis2=2)
        return jnp.where(boxed, inside / (3 * jnp.where(boxed, self.volume, 1.0)), 0.0)


def temperature(
    kinetic: Float[AnyArray, "*rows"], freedom: Float[AnyArray, "*rows"] | Int[AnyArray, "*rows"] | int
) -> Float[AnyArray, "*rows"]:
    """T = 2 K / (f k_B) in K, of kinetic energies in eV; 0 where nothing is free to move."""
    return 2 * kinetic * (freedom > 0) / (KELVIN * freedom + (freedom == 0))


def at_rest(
    structure: System,
    masses: Float[np.ndarray, " atoms"],
    keys: Key[Array, " systems"],
    extra: dict[str, AnyArray],
    charged: bool = False,
) -> Phase:
    """The phase of a structure (padding included) without motion. Its forces and energy are not known yet and zero: a
    step that takes no time makes them known, and charges of the atoms too if the phase is to be `charged`."""
    atoms, systems = structure.atoms, structure.systems
    return Phase(
        positions=np.asarray(structure.positions, np.float64),
        momenta=np.zeros((atoms, 3)),
        forces=np.zeros((atoms, 3)),
        charges=np.zeros(atoms if charged else 0),
        masses=np.where(structure.real, np.pad(masses, (0, atoms - masses.size)), 0.0),
        owner=structure.owner,
        energy=np.zeros(systems),
        spread=np.zeros(systems),
        heat=np.zeros(systems),
        cell=np.asarray(structure.cell, np.float64),
        virial=np.zeros((systems, 3, 3)),
        extra=extra,
        moved=np.zeros(systems),
        keys=keys,
    )

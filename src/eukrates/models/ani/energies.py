"""What ANI says of structures, from what its networks say of atoms."""

from collections.abc import Mapping

import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter import System
from eukrates.numerics import sum_by
from eukrates.potential import Prediction
from eukrates.potential.free_atoms import of_free_atoms
from eukrates.shapes import AnyArray


def summed(
    mean: Float[AnyArray, " atoms"],
    every: Float[AnyArray, "atoms members"],
    scale: float,
    e0: Mapping[str, float],
    system: System,
) -> Prediction:
    """(2) and (3) of `ANI`, added up in the precision of the positions.

    Args:
        mean: of the networks of each atom over the members; zero for padding.
        every: those of the members.
        scale: eV, of one unit of either.
        e0: energies of free atoms by symbol, eV.
        system: the atoms.
    """
    totals, s = system.positions.dtype, system
    shares = {"network": scale * mean.astype(totals), "atoms": of_free_atoms(e0, s)}
    terms = {name: sum_by(share, s.owner, s.systems) for name, share in shares.items()}
    by_member = scale * sum_by(every.astype(totals), s.owner, s.systems) + terms["atoms"][:, None]  # (2)
    return Prediction(
        energy=terms["network"] + terms["atoms"],  # (3)
        terms=terms,
        energies=shares["network"] + jnp.asarray(shares["atoms"]),
        energy_by_member=by_member if every.shape[1] > 1 else None,
    )

"""What D4 dispersion knows of elements: reference systems, their polarisabilities, and the parameters of a fit."""

from importlib.resources import files

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.numerics import inverse_softplus
from eukrates.potential import Constants
from eukrates.shapes import AnyArray

GA, GC = 3.0, 2.0  # of (4) in `d4`
HARTREE_FOCK = {"s8": 1.61679827, "a1": 0.44959224, "a2": 3.35743605}


class D4Tables(Constants):
    """By atomic number Z (row 0 is padding), reference system a = 0..6 and imaginary frequency w, in atomic units.

    All arrays hold floats, so that a model file keeps them; `refsys` is a whole number.
    """

    zeff: Float[AnyArray, " species"]  # effective nuclear charge
    gam: Float[AnyArray, " species"]  # chemical hardness
    rcov: Float[AnyArray, " species"]  # covalent radius, before (1) of `d4` stretches it
    en: Float[AnyArray, " species"]  # electronegativity (Pauling)
    sqrt_r4r2: Float[AnyArray, " species"]  # (½ √Z ⟨r⁴⟩/⟨r²⟩)^¼
    refsys: Float[AnyArray, "species references"]  # the other element of the reference system, 0: none
    refh: Float[AnyArray, "species references"]  # charge of that other element
    refq: Float[AnyArray, "species references"]  # charge of Z in the reference system
    ascale: Float[AnyArray, "species references"]  # share of the polarisability of the system
    hcount: Float[AnyArray, "species references"]  # how many of the other element
    fixgweights: Float[AnyArray, "species references"]  # weights where no reference is near
    ncount_mask: Float[AnyArray, "species references gaussians"]
    ncount_weight: Float[AnyArray, "species references gaussians"]
    cn: Float[AnyArray, "species references gaussians"]  # coordination number of Z in the reference system
    alphaiw: Float[AnyArray, "species references frequencies"]  # of the reference system
    sscale: Float[AnyArray, " others"]
    secaiw: Float[AnyArray, "others frequencies"]  # of the other elements
    casimir_polder_weights: Float[AnyArray, " frequencies"]

    def polarizabilities(
        self, scaleq: Float[AnyArray, ""] | float
    ) -> Float[AnyArray, "species references frequencies"]:
        """α of Z alone in its reference systems, bohr³: (5) of `d4`."""
        other = jnp.asarray(self.refsys).astype(jnp.int32)
        zeff = jnp.asarray(self.zeff)[other]
        h = charge_scale(zeff + scaleq * self.refh, zeff, jnp.asarray(self.gam)[other])
        of_others = jnp.asarray(self.sscale)[other][..., None] * jnp.asarray(self.secaiw)[other]
        rest = self.alphaiw - (self.hcount * h)[..., None] * of_others
        return jnp.maximum(self.ascale[..., None] * rest, 0.0)


def charge_scale(
    charge: Float[AnyArray, "..."], reference: Float[AnyArray, "..."], gam: Float[AnyArray, "..."]
) -> Float[AnyArray, "..."]:
    """ζ of (4) in `d4`: how a polarisability follows the effective charge of its nucleus, z + q against a reference."""
    positive = charge > 1e-8
    inner = jnp.exp(GC * gam * (1 - reference / jnp.where(positive, charge, 1.0)))
    return jnp.exp(GA * (1 - jnp.where(positive, inner, 0.0)))


def standard_tables() -> D4Tables:
    """Of D4 with charges by electronegativity equilibration, hydrogen to radon; see `d4_reference.md`. In float32."""
    with np.load(str(files("eukrates.physics") / "d4_reference.npz")) as file:
        return D4Tables(**{name: np.asarray(file[name], np.float32) for name in file.files})


class D4Parameters(eqx.Module):
    """s6, s8, a1 and a2 of rational damping and the scale of charges, positive: softplus of what is stored.

    s6 is not trained. The defaults are those of Hartree-Fock (Caldeweyher et al., J. Chem. Phys. 150, 154122 (2019)).
    """

    s6: Float[AnyArray, ""]
    s8: Float[AnyArray, ""]
    a1: Float[AnyArray, ""]
    a2: Float[AnyArray, ""]  # bohr
    scaleq: Float[AnyArray, ""]

    def __init__(
        self,
        s6: float = 1.0,
        s8: float = HARTREE_FOCK["s8"],
        a1: float = HARTREE_FOCK["a1"],
        a2: float = HARTREE_FOCK["a2"],
        scaleq: float = 1.0,
    ):
        if not min(s6, s8, a1, a2, scaleq) > 0:
            raise ValueError(f"Expected positive parameters of D4, got {(s6, s8, a1, a2, scaleq)}.")
        self.s6, self.s8, self.a1, self.a2 = (inverse_softplus(value) for value in (s6, s8, a1, a2))
        self.scaleq = inverse_softplus(scaleq)

    def positive(self, dtype) -> tuple[jax.Array, ...]:
        """s6, s8, a1, a2 and the scale of charges."""
        raw = (jax.lax.stop_gradient(self.s6), self.s8, self.a1, self.a2, self.scaleq)
        s6, s8, a1, a2, scaleq = (jax.nn.softplus(jnp.asarray(x)).astype(dtype) for x in raw)
        return s6, s8, a1, a2, scaleq

"""One layer of SpookyNet, which its authors call an interaction module."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.matter import System
from eukrates.models.spookynet.attention import NonlocalInteraction
from eukrates.models.spookynet.dense import ResidualMLP, Stack
from eukrates.models.spookynet.local import LocalInteraction
from eukrates.models.spookynet.messages import Pairs
from eukrates.models.spookynet.perceptrons import Perceptron


class Layer(eqx.Module):
    """Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0, eq. 7.

    x ← blocks(x);   x ← blocks(x + l(x) + n(x));   y = MLP(x)      (1)

    l is the local, n the nonlocal interaction; x goes on to the next layer, y to the sum that is read out.
    """

    before: Stack | Perceptron
    local: LocalInteraction
    distant: NonlocalInteraction | None
    after: Stack | Perceptron
    out: ResidualMLP | Perceptron

    def __init__(
        self,
        features: int,
        basis: int,
        residuals: dict[str, int],
        *,
        activation: str,
        attention: str,
        key: PRNGKeyArray,
    ):
        one, two, three, four, five = jax.random.split(key, 5)
        self.before = Stack(residuals["pre"], features, activation, key=one)
        self.local = LocalInteraction(features, basis, residuals, activation, key=two)
        if attention == "none":
            self.distant = None
        else:
            self.distant = NonlocalInteraction(features, residuals, activation, attention, key=three)
        self.after = Stack(residuals["post"], features, activation, key=four)
        self.out = ResidualMLP(residuals["output"], features, activation, key=five)

    def __call__(
        self, x: Float[Array, "atoms channels"], pairs: Pairs, system: System
    ) -> tuple[Float[Array, "atoms channels"], Float[Array, "atoms channels"]]:
        """x and y of (1)."""
        x = self.before(x)
        seen = self.local(x, pairs)
        x = self.after(x + seen if self.distant is None else x + seen + self.distant(x, system))
        return x, self.out(x)


def kept(
    key: PRNGKeyArray, systems: int, layers: int, probability: float, dtype=jnp.float32
) -> Float[Array, "layers systems"]:
    """Which layers' y count, for each structure: 1 or 0; in training, y of the later layers are left out at times.

    Once a layer is left out, so are all later ones; the first always counts, the last with `probability`.
    Huang et al., ECCV 2016 (arXiv:1603.09382), in the form of Unke et al., Nat. Commun. 12, 7273 (2021).
    """
    each = probability ** (1 / max(layers - 1, 1))
    draws = jax.random.bernoulli(key, each, (layers, systems)).at[0].set(True)
    return jnp.cumprod(draws.astype(dtype), axis=0)

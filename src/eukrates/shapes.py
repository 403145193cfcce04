"""The vocabulary of shapes: every public array in Eukrates is annotated with these axes.

`atoms`, `pairs`, `systems` are the padded sizes of a batch; `channels` features, `degrees` and `orders` of spherical
harmonics, `basis` radial functions, `species` rows of a table indexed by atomic number.
An array may live on the host (NumPy) or on a device (JAX): `Float[AnyArray, "atoms 3"]` accepts both.
"""

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

# Static checkers see Any: that an array is of the right kind, type and shape is checked where it can be, in running
# tests, by jaxtyping and beartype.
if TYPE_CHECKING:
    AnyArray = Any
else:
    AnyArray = jax.Array | np.ndarray

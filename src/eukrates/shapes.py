"""The vocabulary of shapes: every public array in Eukrates is annotated with these axes.

`atoms`, `pairs`, `systems` are the padded sizes of a batch; `channels` features, `degrees` and `orders` of spherical
harmonics, `basis` radial functions, `species` rows of a table indexed by atomic number.
An array may live on the host (NumPy) or on a device (JAX): `Float[AnyArray, "atoms 3"]` accepts both.
"""

import jax
import numpy as np

AnyArray = jax.Array | np.ndarray

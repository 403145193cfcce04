"""Random rotations and reflections of space."""

import numpy as np
from jaxtyping import Float


def orthogonal(rng: np.random.Generator, proper: bool = True) -> Float[np.ndarray, "3 3"]:
    """A random rotation (`proper`), or a rotation after inversion; uniform over directions."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if (np.linalg.det(q) > 0) == proper else -q

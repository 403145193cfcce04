"""Laying a set of points over another one."""

import numpy as np
from jaxtyping import Float


def turns_onto(moving: Float[np.ndarray, "*many n 3"], onto: Float[np.ndarray, "*many n 3"]) -> np.ndarray:
    """Proper rotations Q, [*many, 3, 3], about the origin for which `moving @ Q` is nearest to `onto`.

    Q = U diag(1, 1, det UV) V,   U S V = movingᵀ onto                                                          (1)

    Least sum of squared distances (Kabsch, Acta Cryst. A32, 922 (1976), doi:10.1107/S0567739476001873, with the sign of
    Acta Cryst. A34, 827 (1978), doi:10.1107/S0567739478001680). Centre both before, where a shift is free.
    """
    u, _, v = np.linalg.svd(np.swapaxes(moving, -1, -2) @ onto)
    u[..., :, 2] *= np.sign(np.linalg.det(u @ v))[..., None]
    return u @ v  # (1)


def superposed(frame: Float[np.ndarray, "atoms 3"], onto: Float[np.ndarray, "atoms 3"]) -> Float[np.ndarray, "atoms 3"]:
    """`frame` moved and turned onto `onto` with the least squared distance."""
    a, middle = frame - frame.mean(axis=0), onto.mean(axis=0)
    return a @ turns_onto(a, onto - middle) + middle

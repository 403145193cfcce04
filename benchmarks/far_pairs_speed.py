"""Time of repulsion, damped Coulomb's law and D4 with their gradients: 60 atoms, all 1770 pairs, one core.

    OMP_NUM_THREADS=1 XLA_FLAGS=--xla_cpu_multi_thread_eigen=false taskset -c 0 python benchmarks/far_pairs_speed.py

Minimum and median of 200 calls in ms, in float32 and float64, of each law and of all.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np

import eukrates
from eukrates.numerics import cast, to_device
from eukrates.physics.d4 import d4
from eukrates.physics.d4_tables import D4Parameters, standard_tables
from eukrates.physics.damped_coulomb import damped_coulomb
from eukrates.physics.zbl import ZBL

CUTOFF = 5.29


def water(molecules: int = 20, seed: int = 0):
    """A drop of water."""
    rng = np.random.default_rng(seed)
    one = np.array([[0.0, 0, 0.1173], [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]])
    places = 3.1 * np.stack(np.unravel_index(np.arange(molecules), (3, 3, 3)), axis=1)
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in places]
    positions = np.concatenate([one @ turn + place for turn, place in zip(turns, places, strict=True)])
    return eukrates.system(np.tile([8, 1, 1], molecules), positions), np.tile([-0.7, 0.35, 0.35], molecules)


def energies(law: str, tables, parameters, repulsion):
    """A function of charges and graph: energies of atoms under a law, or under all."""
    laws = {
        "repulsion": lambda q, g: repulsion(g).energies,
        "coulomb": lambda q, g: damped_coulomb(q, g, CUTOFF / 4, 3 * CUTOFF / 4),
        "d4": lambda q, g: d4(q, g, tables, parameters).energies,
    }
    chosen = laws.values() if law == "all" else [laws[law]]
    return lambda q, g: sum(one(q, g) for one in chosen)


def timed(law: str, dtype: str, calls: int = 200) -> tuple[float, float]:
    """Minimum and median in ms of energy, forces, and gradient by charges."""
    structure, charges = water()
    graph = to_device(cast(eukrates.graph(structure, CUTOFF, np.inf), dtype))
    parts = cast((standard_tables(), D4Parameters(), ZBL(CUTOFF, None, "exponential")), dtype)

    @jax.jit
    def both(q, r, system, parts):
        moved = lambda r: eukrates.matter.Graph(
            eukrates.System(**(vars(system) | {"positions": r})), graph.near, graph.far
        )
        return jax.value_and_grad(lambda q, r: jnp.sum(energies(law, *parts)(q, moved(r))), argnums=(0, 1))(q, r)

    given = (jnp.asarray(charges, dtype), graph.system.positions, graph.system, parts)
    jax.block_until_ready(both(*given))
    spent = []
    for _ in range(calls):
        begin = time.perf_counter()
        jax.block_until_ready(both(*given))
        spent.append(1e3 * (time.perf_counter() - begin))
    return min(spent), float(np.median(spent))


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    for dtype in ("float32", "float64"):
        for law in ("repulsion", "coulomb", "d4", "all"):
            print(dtype, law, "  min {:.3f}  median {:.3f} ms".format(*timed(law, dtype)))

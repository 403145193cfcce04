"""Neighbour lists inside compiled code, beside those of the host.

    python benchmarks/neighbour_search.py [--repeats 5] [--atoms 192 1536 12288] [--cutoffs 5.0 12.5] [--jax-up-to 2000]

Cubic boxes as dense as water: one random box of 192 atoms (12.4 Å), and 2 × 2 × 2 and 4 × 4 × 4 of it, every atom moved
by up to 0.2 Å. Three things are timed in turn, `repeats` times; medians are printed in milliseconds:

    host    eukrates.matter.neighbours: vesin, then sorted into halves
    kernel  eukrates.matter.search.search in C++, again and again inside one compiled loop
    jax     the same without the kernel, as GPUs do it; boxes of up to --jax-up-to atoms where JAX computes on a CPU
"""

import argparse
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np

from eukrates.matter import Edges, neighbours, system
from eukrates.matter.search import search, search_plan
from eukrates.matter.search_kernel import available

BOX, ATOMS = 12.4, 192  # Å; of the box that is repeated
ENOUGH = 100  # ms to measure at a time


def water(atoms):
    """A box of 192, 1536, 12288, … atoms."""
    times = round((atoms / ATOMS) ** (1 / 3))
    if ATOMS * times**3 != atoms:
        raise SystemExit(f"Expected {ATOMS} atoms times a cube, got {atoms}.")
    rng = np.random.default_rng(0)
    images = np.stack(np.meshgrid(*[range(times)] * 3), axis=-1).reshape(-1, 1, 3)
    positions = (rng.uniform(0, BOX, (1, ATOMS, 3)) + BOX * images).reshape(-1, 3)
    return system(np.ones(atoms, int), positions + rng.uniform(-0.2, 0.2, positions.shape), np.eye(3) * BOX * times)


def compiled(structure, plan):
    """A function that makes a list so many times, each from positions that depend on the list before."""

    @jax.jit
    def repeated(positions, cell, times):
        rows = jax.eval_shape(lambda: search(positions, cell, structure, plan))
        blank = jax.tree.map(lambda row: jnp.zeros(row.shape, row.dtype), rows)

        def once(_, state: tuple[Edges, jax.Array]):
            edges, needed = state
            return search(positions + 1e-9 * edges.i[0] + 1e-12 * needed, cell, structure, plan)

        return jax.lax.fori_loop(0, times, once, blank)

    return lambda times: jax.block_until_ready(repeated(structure.positions, structure.cell, times))


def milliseconds(work, times=1):
    clock = time.perf_counter()
    work(times)
    return (time.perf_counter() - clock) / times * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--atoms", type=int, nargs="+", default=[192, 1536, 12288])
    parser.add_argument("--cutoffs", type=float, nargs="+", default=[5.0, 12.5])
    parser.add_argument("--jax-up-to", type=int, default=2000)
    options = parser.parse_args()
    host = jax.default_backend() == "cpu"
    print(f"{jax.devices()[0].device_kind}, JAX {jax.__version__}, kernel: {'yes' if available() else 'no'}")
    heads = ("host", "kernel", "jax", "host/kernel", "host/jax")
    print(f"{'atoms':>6} {'cutoff':>6} {'pairs':>9}", *(f"{head:>11}" for head in heads))
    for atoms in options.atoms:
        for cutoff in options.cutoffs:
            row(water(atoms), cutoff, options.repeats, not host or atoms <= options.jax_up_to)


def row(structure, cutoff, repeats, with_jax):
    """Measure and print one line."""
    works = {"host": lambda times: [neighbours(structure, cutoff) for _ in range(times)]}
    half = neighbours(structure, cutoff).half
    for name, wanted in (("kernel", available()), ("jax", with_jax)):
        if wanted:
            plan = search_plan(structure, cutoff, int(1.05 * half), kernel=name == "kernel")
            works[name] = compiled(structure, plan)
            edges, needed = works[name](1)
            if int(needed) != half or int(edges.real.sum()) != 2 * half:
                raise SystemExit(f"{name} found {int(needed)} pairs, the host {half}.")
    times = {name: max(1, round(ENOUGH / milliseconds(work))) for name, work in works.items()}
    taken = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            taken[name].append(milliseconds(work, times[name]))
    host, kernel, plain = (statistics.median(taken.get(name, [np.nan])) for name in ("host", "kernel", "jax"))
    shown = (f"{number:11.2f}" for number in (host, kernel, plain, host / kernel, host / plain))
    print(f"{structure.atoms:6d} {cutoff:6.1f} {half:9d}", *shown, flush=True)


if __name__ == "__main__":
    with jax.enable_x64(True):
        main()

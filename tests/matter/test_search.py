"""Neighbour lists built inside compiled code against exhaustive search, by the kernel and in JAX."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brute_force import pairs
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from worlds import structures

from eukrates.matter import Graph, Size, System, batch, neighbours, pad, system
from eukrates.matter.bins import Bins
from eukrates.matter.lattice import completed, heights, reciprocal
from eukrates.matter.neighbours import complete
from eukrates.matter.search import SearchPlan, search, search_plan
from eukrates.matter.search_kernel import available

CUTOFF = 4.0
HALF = 192  # sometimes enough
ROOM = Size(atoms=10, pairs=0, systems=4)
PLANS = {
    "kernel": SearchPlan(CUTOFF, HALF, None),
    "images": SearchPlan(CUTOFF, HALF, Bins((1, 1, 1), (3, 2, 2), 3)),
    "bins": SearchPlan(CUTOFF, HALF, Bins((4, 1, 2), (4, 1, 3), 2)),
}
plans = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def needs_compiler(plan):
    if plan.bins is None and not available():
        pytest.skip("there is no C++ compiler for kernels, or JAX does not compute on a CPU")


@functools.partial(jax.jit, static_argnums=4)
def compiled(positions, cell, owner, real, plan):
    numbers = jnp.zeros(owner.shape, jnp.int32)
    return search(positions, cell, System(numbers, positions, cell, owner, real), plan)


def searched(s, plan):
    """Edges on the host, and how many were needed."""
    edges, needed = compiled(*map(jnp.asarray, (s.positions, s.cell, s.owner, s.real)), plan)
    return jax.tree.map(np.asarray, edges), int(needed)


def rows(edges, half):
    part = slice(half * edges.half, half * edges.half + edges.half)
    real = edges.real[part]
    return np.column_stack([edges.i[part], edges.j[part], edges.image[part]])[real].tolist()


def check_form(edges, needed, s):
    """Halves mirror each other, the first is sorted by i and keeps each pair once, padding is as `pad` makes it."""
    h, there = edges.half, min(needed, edges.half)
    first, second = rows(edges, 0), rows(edges, 1)
    assert len(first) == there
    assert np.all(edges.real[:there])
    assert second == [[j, i, *(-n for n in image)] for i, j, *image in first]
    assert np.all(np.diff([row[0] for row in first]) >= 0)
    assert all(i < j or (i == j and image > [0, 0, 0]) for i, j, *image in first)
    assert len({tuple(row) for row in first}) == there
    for part in (slice(there, h), slice(h + there, 2 * h)):
        assert np.all(edges.i[part] == s.atoms - 1)
        assert np.all(edges.j[part] == s.atoms - 1)
        assert not edges.image[part].any()
    assert {edges.i.dtype, edges.j.dtype, edges.image.dtype} == {np.dtype(np.int32)}
    assert edges.cutoff == CUTOFF


def expected(s, cutoff):
    """The pairs of every system by exhaustive search, each kept once, and their distances."""
    found = {}
    for n in range(s.systems):
        members = np.flatnonzero((s.owner == n) & s.real)
        for (i, j, *image), distance in pairs(s.positions[members], s.cell[n], cutoff).items():
            if i < j or (i == j and image > [0, 0, 0]):
                found[(int(members[i]), int(members[j]), *image)] = distance
    return found


def served(s, bins, margin):
    """Whether bins reach across the cutoff in every cell, and have room."""
    h = heights(reciprocal(completed(s.cell)))
    reach = h * np.array(bins.reach) / np.array(bins.shape)
    return np.all((reach >= CUTOFF * margin) | ~np.any(s.cell != 0, axis=2))


@st.composite
def worlds(draw):
    """A few structures, none with more pairs than exhaustive search has time for."""
    parts = draw(st.lists(structures(most=3), min_size=1, max_size=3))
    for s in parts:
        volume = abs(np.linalg.det(completed(s.cell)[0]))
        assume(s.atoms**2 * CUTOFF**3 / volume < 150)
    return parts


def padded(*parts):
    """Structures as one batch with padding."""
    return pad(batch([Graph(s, complete(1)) for s in parts]), ROOM).system


@plans
@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(parts=worlds())
def test_every_pair_within_the_cutoff_is_found_once_or_the_plan_does_not_hold(plan, parts):
    needs_compiler(plan)
    s = padded(*parts)
    edges, needed = searched(s, plan)
    if needed < 0:
        assert plan.bins is not None
        crowded = plan.bins.shape != (1, 1, 1)  # three atoms in a system always fit a single bin
        assert crowded or not served(s, plan.bins, 1 + 1e-6)
        return
    assert plan.bins is None or served(s, plan.bins, 1)
    perhaps = expected(s, CUTOFF + 1e-9)
    surely = {pair for pair, distance in perhaps.items() if distance < CUTOFF - 1e-9}
    assert len(surely) <= needed <= len(perhaps)
    found = {tuple(row) for row in rows(edges, 0)}
    assert found <= set(perhaps)
    assert bool(plan.holds(needed)) == (needed <= HALF)
    assert needed > HALF or surely <= found
    check_form(edges, needed, s)


def liquid(atoms=300, shear=0.2, seed=0):
    """Atoms of a skewed box, many of them outside of it, and the box."""
    rng = np.random.default_rng(seed)
    cell = (atoms / 0.03) ** (1 / 3) * (np.eye(3) + shear * rng.uniform(-1, 1, (3, 3)))
    return rng.uniform(-2, 3, (atoms, 3)) @ cell, cell


def agree(s, edges, needed):
    check_form(edges, needed, s)
    known = neighbours(s, CUTOFF)
    assert needed == known.half
    assert sorted(rows(edges, 0)) == sorted(rows(known, 0))


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "bins"])
def test_a_box_that_shrinks_to_half_and_what_flies_apart(kernel):
    """One compiled program; a plan that no longer holds says so, and a new one finds what the host finds."""
    positions, cell = liquid()
    numbers, half = np.ones(300, int), 9000
    needs_compiler(SearchPlan(CUTOFF, half, None) if kernel else PLANS["bins"])
    plan = search_plan(system(numbers, positions, cell), CUTOFF, half, spare=0.1, kernel=kernel)
    assert kernel or plan.bins.shape != (1, 1, 1)
    for scale, holds in ((1.0, True), (0.95, True), (1.2, True), (0.7, kernel), (0.5, kernel)):
        s = system(numbers, positions * scale, cell * scale)
        edges, needed = searched(s, plan)
        assert bool(plan.holds(needed)) == holds
        if holds:
            agree(s, edges, needed)
        else:
            assert needed == -1
    if kernel:  # also open along any axes, in vacuum, and far apart
        for box in (np.eye(3) * 5e3, cell * [[1], [0], [1]], cell * [[0], [0], [1]], np.zeros((3, 3))):
            s = system(numbers, positions - cell.sum(axis=0) * 40, box)
            agree(s, *searched(s, plan))
        scattered = positions * np.where(np.arange(300) % 7 == 0, 1e4, 1.0)[:, None]
        s = system(numbers, scattered)
        agree(s, *searched(s, plan))


def test_a_cluster_in_jax_whose_atoms_fly_apart():
    """Along open axes bins widen with the cluster, until one is crowded."""
    positions = np.random.default_rng(3).uniform(0, 30, (300, 3))
    s = system(np.ones(300, int), positions)
    plan = search_plan(s, CUTOFF, 9000, kernel=False)
    assert plan.bins.shape != (1, 1, 1)
    agree(s, *searched(s, plan))
    away = system(s.numbers, s.positions + np.array([1e4, 0, -1e3]))
    agree(away, *searched(away, plan))
    for far in (1.3, 3.0):
        gone = system(s.numbers, s.positions * np.where(np.arange(300) == 7, far, 1.0)[:, None])
        edges, needed = searched(gone, plan)
        if plan.holds(needed):
            agree(gone, edges, needed)
    crowd = system(s.numbers, s.positions * np.where(np.arange(300) == 7, 1e3, 1.0)[:, None])
    assert searched(crowd, plan)[1] == -1


@pytest.mark.parametrize("plan", [PLANS["kernel"], PLANS["images"]], ids=["kernel", "images"])
def test_what_is_not_finite_or_has_no_volume_is_never_a_short_list(plan):
    needs_compiler(plan)
    fine = padded(system([1] * 3, np.eye(3), np.diag([9.0, 9, 9])))
    assert searched(fine, plan)[1] == 3
    for bad in (np.nan, np.inf, 1e300):
        positions = fine.positions.copy()
        positions[1, 2] = bad
        assert searched(System(fine.numbers, positions, fine.cell, fine.owner, fine.real), plan)[1] == -1
        cell = fine.cell.copy()
        cell[0, 1, 1] = bad
        if not np.isfinite(bad):
            assert searched(System(fine.numbers, fine.positions, cell, fine.owner, fine.real), plan)[1] == -1
    flat = fine.cell.copy()
    flat[0, 2] = flat[0, 0] + flat[0, 1]
    assert searched(System(fine.numbers, fine.positions, flat, fine.owner, fine.real), plan)[1] == -1
    padding = fine.positions.copy()
    padding[5:] = np.nan  # whatever stands in padding rows
    assert searched(System(fine.numbers, padding, fine.cell, fine.owner, fine.real), plan)[1] == 3


@pytest.mark.parametrize("plan", [PLANS["kernel"], PLANS["images"]], ids=["kernel", "images"])
def test_a_loop_renews_its_list_and_repeats_to_the_bit(plan):
    needs_compiler(plan)
    s = padded(system([1] * 3, np.eye(3), np.diag([9.0, 9, 9])))
    numbers, owner, real = (jnp.asarray(x) for x in (s.numbers, s.owner, s.real))

    @jax.jit
    def run(positions, cell, edges, needed):
        def once(n, state):
            positions, edges, needed = state
            positions = positions * 1.2
            find = lambda r: search(r, cell, System(numbers, r, cell, owner, real), plan)
            edges, needed = jax.lax.cond(n % 2 == 0, find, lambda _: (edges, needed), positions)
            return positions, edges, needed

        return jax.lax.fori_loop(0, 9, once, (positions, edges, needed))

    edges, needed = jax.tree.map(jnp.asarray, searched(s, plan))
    positions, edges, needed = run(jnp.asarray(s.positions), jnp.asarray(s.cell), edges, needed)
    last = System(s.numbers, np.asarray(positions), s.cell, s.owner, s.real)
    again, count = searched(last, plan)
    assert int(needed) == count
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(edges), jax.tree.leaves(again), strict=True))


def test_a_list_has_no_derivative():
    needs_compiler(plan := PLANS["kernel"])
    s = padded(system([1] * 3, np.eye(3)))
    count = lambda r: r[0, 0] * search(r, jnp.asarray(s.cell), s, plan)[0].real.sum()
    assert jax.grad(count)(jnp.asarray(s.positions))[0, 0] == 6


def test_plans_have_room_for_what_is_there():
    needs_compiler(PLANS["kernel"])
    positions, cell = liquid(100)
    s = system(np.ones(100, int), positions, cell)
    have = neighbours(s, CUTOFF).half
    assert have < search_plan(s, CUTOFF).half < 1.25 * have
    assert search_plan(system([1], [[0.0, 0, 0]]), CUTOFF).half == 1
    assert search_plan(s, CUTOFF) == search_plan(s, CUTOFF)
    both = search_plan(system([1, 1], [[0.0, 0, 0], [5e3, 0, 0]]), np.inf)
    assert searched(system([1, 1], [[0.0, 0, 0], [5e3, 0, 0]]), both)[1] == 1


def test_senseless_plans_are_refused():
    s = system([1, 1], np.eye(3)[:2], np.eye(3) * 5)
    for cutoff in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="cutoff above 0"):
            search_plan(s, cutoff)
    with pytest.raises(ValueError, match="never end"):
        search_plan(s, np.inf)
    with pytest.raises(ValueError, match="at least one pair"):
        search_plan(s, 1.0, half=0)
    with pytest.raises(ValueError, match="spare share"):
        search_plan(s, 1.0, spare=1.0)
    with pytest.raises(ValueError, match="not finite"):
        search_plan(System(s.numbers, s.positions * np.nan, s.cell, s.owner, s.real), 1.0)
    for kernel in (None, False):
        with pytest.raises(ValueError, match="no volume"):
            search_plan(System(s.numbers, s.positions, np.ones((1, 3, 3)), s.owner, s.real), 1.0, kernel=kernel)
        with pytest.raises(ValueError, match="outside of"):
            search_plan(system([1, 1], [[0, 0, 0], [1e300, 0, 0]], np.eye(3) * 5), 1.0, kernel=kernel)
    two = batch([Graph(s, complete(1))] * 2).system
    with pytest.raises(ValueError, match="mixed"):
        search_plan(System(two.numbers, two.positions, two.cell, two.owner[::-1], two.real), 1.0)
    with pytest.raises(TypeError, match="float64"):
        search(jnp.zeros((2, 3), jnp.float32), jnp.zeros((1, 3, 3)), s, PLANS["images"])

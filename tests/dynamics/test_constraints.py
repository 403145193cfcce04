"""Rigid bonds and fixed atoms inside the step: lengths, energy, reversal, distributions of statistical mechanics."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import molecule

from eukrates.analysis.statistics import mean_and_error
from eukrates.data.atoms import to_system
from eukrates.dynamics.clusters import along, hold, onto, together
from eukrates.dynamics.constraints import constrained, solve
from eukrates.dynamics.integrators import Alphabet, velocity_verlet
from eukrates.dynamics.momenta import degrees_of_freedom, maxwell_boltzmann
from eukrates.dynamics.phase import at_rest
from eukrates.dynamics.thermostats import baoab, ornstein_uhlenbeck
from eukrates.matter import system
from eukrates.matter.bonds import find_bonds
from eukrates.units import FS, KELVIN

ROOM = 300.0  # K
THERMAL = KELVIN * ROOM


def held(structure, masses, pairs, fixed=()):
    """Constraints that keep pairs as long as they are."""
    mask, pairs = np.isin(np.arange(structure.atoms), fixed), np.array(pairs, int).reshape(-1, 2)
    lengths = np.linalg.norm(structure.positions[pairs[:, 0]] - structure.positions[pairs[:, 1]], axis=1)
    return hold(structure, masses, mask, pairs, lengths)


def beginning(structure, masses, constraints, momenta, seed=0):
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(seed), 1)
        phase = at_rest(structure, masses, keys, {}).but(momenta=along(constraints, structure, masses, momenta))
        return jax.tree.map(jnp.asarray, phase)


def walker(feel, constraints, word):
    """A compiled function of phase, time step (internal units), steps and frames: the end, and frames on the way."""

    @jax.jit
    def walk(phase, dt, each, rows):
        step = word(constrained(Alphabet(feel), jax.tree.map(jnp.asarray, constraints)))
        many = lambda now: jax.lax.fori_loop(0, each, lambda _, here: step(here, dt), now)

        def frame(now, _):
            after = many(now)
            return after, (after.positions, after.kinetic_energy[0], after.energy[0] - after.heat[0])

        return jax.lax.scan(frame, phase, rows)

    def go(phase, dt, each, frames):
        with jax.enable_x64(True):
            end, path = walk(phase, jnp.asarray(dt), jnp.asarray(each), jnp.zeros(frames))
            last = {name: np.asarray(getattr(end, name)) for name in ("positions", "momenta", "forces", "masses")}
            return end.but(**last), jax.tree.map(np.asarray, path)

    return go


def langevin(letters):
    return baoab(letters, ornstein_uhlenbeck(ROOM, 30.0, letters.project))


def free(phase, dt):
    return phase


@cache
def droplet():
    """Three rigid waters, and ethanol with rigid bonds to hydrogen, of which one carbon is fixed."""
    water, alcohol = molecule("H2O").positions, molecule("CH3CH2OH")
    positions = np.concatenate(
        [water, water + np.array([3, 0, 0]), water + np.array([0, 3, 0]), alcohol.positions + np.array([3, 3, 0])]
    )
    numbers = np.array([8, 1, 1] * 3 + alcohol.numbers.tolist())
    structure = system(numbers, positions)
    masses = np.where(numbers == 1, 1.008, np.where(numbers == 8, 15.999, 12.011))
    waters = [(3 * n + a, 3 * n + b) for n in range(3) for a, b in ((0, 1), (0, 2), (1, 2))]
    bonds = [(9 + a, 9 + b) for a, b in find_bonds(to_system(alcohol)).tolist() if 1 in alcohol.numbers[[a, b]]]
    assert len(bonds) == 6
    return structure, masses, held(structure, masses, waters + bonds, fixed=[9])


def springs(phase, dt):
    """1.5 eV/Å² to home, and an anharmonic pull between all pairs."""
    structure, _, _ = droplet()
    away = phase.positions - jnp.asarray(structure.positions)
    between = phase.positions[:, None] - phase.positions[None]
    squared = jnp.sum(between**2, axis=-1)
    energy = 0.75 * jnp.sum(away**2) - 0.5 * jnp.sum(jnp.exp(-squared / 2))
    forces = -1.5 * away - jnp.sum(jnp.exp(-squared / 2)[..., None] * between, axis=1)
    return phase.but(energy=energy[None], forces=forces)


@cache
def moving():
    structure, masses, constraints = droplet()
    with jax.enable_x64(True):
        momenta = maxwell_boltzmann(masses, ROOM, jax.random.key(3))
        return springs(beginning(structure, masses, constraints, momenta), 0.0)


@cache
def rattle_walk():
    return walker(springs, droplet()[2], velocity_verlet)


def lengths(constraints, positions):
    real = constraints.real
    i, j = constraints.i[real], constraints.j[real]
    return np.linalg.norm(positions[..., i, :] - positions[..., j, :] + constraints.shift[real], axis=-1)


def test_bonds_keep_their_lengths_and_fixed_atoms_their_places():
    structure, _, constraints = droplet()
    end, (positions, _, _) = rattle_walk()(moving(), 1.0 * FS, 50, 100)
    assert np.abs(positions[-1] - structure.positions).max() > 0.2  # something happened
    np.testing.assert_allclose(
        lengths(constraints, positions), np.tile(constraints.lengths[constraints.real], (100, 1)), rtol=1e-10
    )
    np.testing.assert_array_equal(positions[:, 9], np.tile(structure.positions[9], (100, 1)))
    np.testing.assert_array_equal(np.asarray(end.momenta)[9], 0)
    i, j, v = constraints.i, constraints.j, end.momenta / end.masses[:, None]
    along_bonds = np.sum((end.positions[i] - end.positions[j]) * (v[i] - v[j]), axis=-1)
    np.testing.assert_allclose(along_bonds, 0, atol=1e-13)


def test_time_can_be_reversed():
    start = moving()
    there, (path, _, _) = rattle_walk()(start, 1.0 * FS, 2, 100)
    assert np.abs(path[-1] - np.asarray(start.positions)).max() > 0.2
    back, _ = rattle_walk()(there.but(momenta=-there.momenta), 1.0 * FS, 2, 100)
    np.testing.assert_allclose(back.positions, start.positions, atol=1e-9)
    np.testing.assert_allclose(-back.momenta, start.momenta, atol=1e-8)


def test_the_error_of_the_energy_falls_with_the_square_of_the_step():
    errors = []
    for each in (8, 16, 32):
        _, (_, kinetic, potential) = rattle_walk()(moving(), 4 / each * FS, each, 25)
        errors.append(np.std(kinetic + potential))
    assert 3.8 < errors[0] / errors[1] < 4.2
    assert 3.8 < errors[1] / errors[2] < 4.2


def test_the_kinetic_energy_is_half_a_thermal_energy_for_each_degree_of_freedom():
    """Of momenta drawn and projected, and of g-BAOAB; the latter's heat is accounted for."""
    structure, masses, constraints = droplet()
    freedom = degrees_of_freedom(structure, free=False, constraints=constraints)
    assert freedom == 3 * 18 - 15 - 3
    assert degrees_of_freedom(structure, free=True, constraints=constraints) == freedom  # a fixed atom holds the rest
    drawn = [maxwell_boltzmann(masses, ROOM, jax.random.key(n)) for n in range(300)]
    kinetic = [np.sum(along(constraints, structure, masses, p) ** 2 / masses[:, None]) / 2 for p in drawn]
    expected = freedom * THERMAL / 2
    assert abs(np.mean(kinetic) - expected) < 4 * expected * np.sqrt(2 / freedom / 300)
    end, (_, kinetic, conserved) = walker(springs, constraints, langevin)(moving(), 1.0 * FS, 10, 4000)
    mean, error = mean_and_error(kinetic[200:])
    assert error < 0.01 * expected
    assert abs(mean - expected) < 4 * error + 0.002 * expected  # and the error of the step
    assert np.std(kinetic + conserved) < 0.02 * np.std(kinetic)
    np.testing.assert_allclose(
        lengths(constraints, np.asarray(end.positions)), constraints.lengths[constraints.real], rtol=1e-10
    )


def test_a_jointed_chain_has_the_angles_of_its_metric():
    """Two rigid bonds and no potential: ρ(c) ∝ √(det M), with c the cosine between the bonds and
    det M = (1/m₁ + 1/m₂)(1/m₂ + 1/m₃) - c²/m₂² (Fixman, Proc. Natl. Acad. Sci. 71, 3050 (1974))."""
    chains, trio = 48, np.array([16.0, 1.0, 16.0])
    rng = np.random.default_rng(0)
    bends = rng.normal(size=(chains, 2, 3))
    bends /= np.linalg.norm(bends, axis=-1, keepdims=True)
    positions = np.stack([bends[:, 0], 0 * bends[:, 0], 1.2 * bends[:, 1]], axis=1).reshape(-1, 3)
    structure, masses = system(np.full(3 * chains, 6), positions), np.tile(trio, chains)
    first = 3 * np.arange(chains)
    pairs = np.concatenate([np.stack([first, first + 1], 1), np.stack([first + 1, first + 2], 1)])
    constraints = held(structure, masses, pairs)
    assert constraints.i.shape == (chains, 2)
    momenta = maxwell_boltzmann(masses, ROOM, jax.random.key(1))
    phase = beginning(structure, masses, constraints, momenta, seed=2)
    _, (path, kinetic, _) = walker(free, constraints, langevin)(phase, 1.5 * FS, 10, 6000)
    path = path.reshape(len(path), chains, 3, 3)
    a, b = path[:, :, 0] - path[:, :, 1], path[:, :, 2] - path[:, :, 1]
    c = np.sum(a * b, axis=-1) / 1.2
    grid = np.linspace(-1, 1, 20001)
    weight = np.sqrt((1 / 16 + 1) ** 2 - grid**2)
    for power in (2, 4):
        exact = np.average(grid**power, weights=weight)
        mean, error = mean_and_error(np.mean(c[200:] ** power, axis=1))
        assert abs(mean - exact) < 4 * error
        assert error < 0.015 * exact
        assert abs(exact - 1 / (power + 1)) > 10 * error  # it is not that of a chain of springs
    mean, error = mean_and_error(kinetic[200:])
    assert abs(mean - 7 * chains * THERMAL / 2) < 4 * error + 0.002 * mean


def test_a_batch_does_to_each_what_it_does_alone():
    """Two structures laid end to end with two rows of padding; the second has wider clusters and fixed atoms."""
    structure, masses, constraints = droplet()
    water = to_system(molecule("H2O"))
    light = np.array([15.999, 1.008, 1.008])
    small = held(water, light, [(0, 1), (0, 2)])
    both = together([small, None, constraints], [3, 0, 18], 23)
    assert both.fixed.tolist() == [False] * 12 + [True] + [False] * 10
    assert both.i.shape[1] == 3
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(3, 3)), rng.normal(size=(18, 3))
    world = system(np.ones(23, int), np.concatenate([water.positions, structure.positions, np.zeros((2, 3))]))
    padding = np.zeros((2, 3))
    weights = np.concatenate([light, masses, [0.0, 0.0]])
    found = along(both, world, weights, np.concatenate([one, other, padding]))
    np.testing.assert_allclose(found[:3], along(small, water, light, one), atol=1e-14)
    np.testing.assert_allclose(found[3:21], along(constraints, structure, masses, other), atol=1e-14)
    np.testing.assert_array_equal(found[21:], 0)


def test_bonds_across_the_boundary_of_a_cell_are_held_too():
    positions, cell = np.array([[0.1, 0, 0], [3.8, 2.6, 0]]), np.array([[4.0, 0, 0], [0.5, 3.0, 0], [0, 0, 5.0]])
    structure, masses = system(np.array([8, 1]), positions, cell), np.array([16.0, 1.0])
    constraints = hold(structure, masses, np.zeros(2, bool), np.array([[0, 1]]), np.array([0.97]))
    np.testing.assert_allclose(constraints.shift[0, 0], [4.5, 3.0, 0])
    moved = onto(constraints, structure, masses).positions
    direction = np.array([0.8, 0.4, 0]) / np.hypot(0.8, 0.4)
    np.testing.assert_allclose(moved[0] - moved[1] + [4.5, 3.0, 0], 0.97 * direction)
    np.testing.assert_allclose(masses @ moved, masses @ positions)


def test_what_cannot_be_kept_becomes_nan_where_it_happens():
    """A bond that would have to turn by more than 90° in one step: no λ of (2) brings it back."""
    start = moving()
    thrown = np.array(start.momenta)
    thrown[4:6] = [[900.0, 0, 0], [-900.0, 0, 0]]
    end, _ = rattle_walk()(start.but(momenta=thrown), 1.0 * FS, 1, 1)
    lost = np.isnan(end.momenta).any(axis=1)
    assert lost.tolist() == [False] * 3 + [True] * 3 + [False] * 12
    assert np.isfinite(end.forces).all()


@pytest.mark.parametrize("k", [1, 3, 9])
def test_small_systems_of_equations_are_solved(k):
    rng = np.random.default_rng(k)
    matrices = rng.normal(size=(5, k, k)) + 4 * np.eye(k)
    right = rng.normal(size=(5, k))
    with jax.enable_x64(True):
        found = np.asarray(solve(jnp.asarray(matrices), jnp.asarray(right)))
    np.testing.assert_allclose(np.einsum("nab,nb->na", matrices, found), right, atol=1e-12)


LINE = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])


@pytest.mark.parametrize(
    ("pairs", "lengths", "fixed", "message"),
    [
        ([(0, 1)], [1.0], [0, 1, 2], "nothing is left that could move"),
        ([(0, 3)], [1.0], [], "atoms of 0 to 2, got"),
        ([(1, 1)], [1.0], [], "two different atoms"),
        ([(0, 1), (1, 0)], [1.0, 1.0], [], "given twice"),
        ([(0, 1)], [0.0], [], "above 0 Å"),
        ([(0, 1)], [1.0], [0, 1], "they keep their distance anyhow"),
        ([(0, 1), (1, 2), (0, 2)], [1.0, 1.0, 2.0], [], r"\[0, 1, 2\] are not independent"),
    ],
)
def test_bonds_that_cannot_be_meant_are_refused(pairs, lengths, fixed, message):
    structure = system(np.array([6, 6, 6]), LINE)
    with pytest.raises(ValueError, match=message):
        hold(structure, np.ones(3), np.isin(np.arange(3), fixed), np.array(pairs), np.array(lengths))


def test_lengths_that_contradict_each_other_are_refused():
    structure = system(np.array([8, 1, 1]), molecule("H2O").positions)
    pairs, none = np.array([(0, 1), (0, 2), (1, 2)]), np.zeros(3, bool)
    constraints = hold(structure, np.ones(3), none, pairs, np.array([0.9, 0.9, 1.9]))
    with pytest.raises(ValueError, match="contradict each other"):
        onto(constraints, structure, np.ones(3))

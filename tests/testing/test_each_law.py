"""Every law catches the potential that breaks it, and lets a good one pass."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from eukrates.matter import Graph, Size, batch, graph, system
from eukrates.numerics import cast, norm, sum_by
from eukrates.potential import Potential, Prediction
from eukrates.testing import LAWS, equivariance_error, shaken
from eukrates.testing.laws import obeys_isolation, obeys_smoothness, obeys_strain, obeys_translation

CUTOFF = 3.0
SHAPE = Size(atoms=18, pairs=640, systems=5)


class Springs(Potential):
    """A good potential: E = ½ Σ k (1 - r/cutoff)³ √(Zᵢ Zⱼ) / (r² + 1), with faults to switch on."""

    strength: np.ndarray
    fault: str = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)
    far_cutoff = None
    elements = None
    needs = ()

    def __init__(self, fault: str = "", cutoff: float = CUTOFF):
        self.strength, self.fault, self.cutoff = np.full((), 3.0, np.float32), fault, cutoff

    def __call__(self, graph: Graph) -> Prediction:
        s, e = graph.system, graph.near
        dtype = s.positions.dtype
        vectors = graph.vectors(e)
        z = jnp.sqrt(s.numbers[e.i].astype(dtype) * s.numbers[e.j].astype(dtype))
        fade, inside = self.fade(norm(vectors))
        r2 = self.squared(vectors, s, e)
        pair = jnp.where(e.real & inside, 0.5 * self.strength.astype(dtype) * z * fade / (r2 + 1), 0.0)
        energies = sum_by(pair, e.i, s.atoms)
        energies = jnp.where(s.real, energies + self.per_atom(energies, s), 0.0)
        energy = sum_by(energies, s.owner, s.systems)
        energy = energy * self.per_system(s)
        terms = {"springs": energy if self.fault != "terms" else 2 * energy}
        totals = jnp.float32 if self.fault == "totals" else dtype
        local = energies if self.fault in ("", "atoms") else None
        return Prediction(
            energy.astype(totals), terms, None if local is None else local * (1 + (self.fault == "atoms"))
        )

    def fade(self, r):
        x = jnp.minimum(r / self.cutoff, 1.0)
        power = 1 if self.fault == "kink" else 3
        if self.fault == "step":
            return jnp.ones_like(r), r < self.cutoff
        if self.fault == "reads longer lists":
            return jnp.exp(-r), r < 100
        return (1 - x) ** power, r < self.cutoff

    def squared(self, vectors, s, e):
        if self.fault == "nan":
            return jnp.sqrt(jnp.sum(vectors**2, axis=-1)) ** 2
        r2 = jnp.sum(vectors**2, axis=-1)
        if self.fault == "direction":
            return r2 + 0.1 * vectors[:, 0] ** 2
        if self.fault == "order":
            return r2 + 0.1 * (e.i - e.j) ** 2
        if self.fault == "curvature":
            return flat(vectors)
        if self.fault == "stress":
            return jnp.where(jnp.any(e.image != 0, axis=1), jax.lax.stop_gradient(r2), r2)
        return r2

    def per_atom(self, energies, s):
        if self.fault == "place":
            return 0.01 * s.positions[:, 2]
        if self.fault == "charge":
            return 0.01 * s.charge[s.owner]
        if self.fault == "other systems":
            return 0.01 * jnp.mean(energies * s.real)
        if self.fault == "gradient":
            return 0.1 * (jnp.sin(energies) - jax.lax.stop_gradient(jnp.sin(energies)))
        if self.fault == "amount of padding":
            return 0.01 * energies * s.atoms
        if self.fault == "content of padding":
            return 0.01 * jnp.sum(jnp.where(s.real[:, None], 0.0, s.positions))
        if self.fault == "lone":
            return 1 / energies
        return 0.0

    def per_system(self, s):
        count = sum_by(jnp.ones_like(s.positions[:, 0]), s.owner, s.systems)
        return 1 / jnp.maximum(count, 1) if self.fault == "not extensive" else 1.0


@jax.custom_jvp
def flat(vectors):
    """Squares with the right first derivative and no second one."""
    return jnp.sum(vectors**2, axis=-1)


@flat.defjvp
def _flat_jvp(primals, tangents):
    (v,), (dv,) = primals, tangents
    return flat(v), jnp.sum(jax.lax.stop_gradient(2 * v) * dv, axis=-1)


class Handed(Springs):
    """Turns are harmless, reflections are not: a triple product of the first four atoms of the structure."""

    def __call__(self, graph: Graph) -> Prediction:
        base, r = super().__call__(graph), graph.system.positions
        a, b, c = r[1] - r[0], r[2] - r[0], r[3] - r[0]
        energy = base.energy + 0.01 * jnp.dot(jnp.cross(a, b), c)
        return Prediction(energy, {"springs": energy})


class Unreadable(Springs):
    """Forgets an argument of its constructor."""

    def __init__(self, depth: float = 1.0):
        super().__init__()


def crystal(scale=1.0):
    rng = np.random.default_rng(3)
    cell = scale * np.array([[3.4, 0, 0], [0.6, 3.1, 0], [-0.5, 0.4, 3.8]])
    grid = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]) + rng.uniform(-0.05, 0.05, (4, 3))
    return graph(system([6, 1, 8, 7], grid @ cell, cell, charge=1.0, spin=1.0), CUTOFF)


def molecule():
    r = np.array([[0, 0, 0], [1.1, 0.2, 0], [-0.4, 1.2, 0.3], [0.2, -0.5, 1.4]])
    return graph(system([6, 1, 8, 7], r, charge=0.0, spin=0.0), CUTOFF)


@pytest.mark.parametrize("name", LAWS)
def test_a_good_potential_passes(name):
    for world in (molecule(), crystal(), batch([molecule(), crystal()])):
        assert 0 <= LAWS[name](Springs(), world, seed=1, shape=SHAPE) < 1e-3


FAULTS = {
    "direction": "rotation",
    "place": "translation",
    "order": "permutation",
    "not extensive": "extensivity",
    "other systems": "batching",
    "amount of padding": "padding",
    "content of padding": "padding",
    "reads longer lists": "reach",
    "gradient": "gradient",
    "stress": "strain",
    "curvature": "curvature",
    "kink": "smoothness",
    "step": "smoothness",
    "nan": "finiteness",
    "lone": "isolation",
    "terms": "sums",
    "atoms": "sums",
    "totals": "precision",
    "charge": "statements",
}


@pytest.mark.parametrize(("fault", "law"), FAULTS.items())
def test_each_law_catches_its_fault(fault, law):
    with pytest.raises(AssertionError, match=r"[.]"):
        LAWS[law](Springs(fault), crystal(), seed=1, shape=SHAPE)


def test_every_law_has_a_fault_that_it_catches():
    assert set(FAULTS.values()) == set(LAWS)


def test_rotation_catches_what_only_a_mirror_shows():
    with pytest.raises(AssertionError, match="reflected"):
        LAWS["rotation"](Handed(), molecule(), seed=1)


def test_statements_name_the_argument_that_cannot_be_read():
    with pytest.raises(AssertionError, match="'depth'"):
        LAWS["statements"](Unreadable(), molecule())


def test_equivariance_error_is_small_for_the_good_and_large_for_the_bad():
    assert equivariance_error(cast(Springs(), "float64"), crystal()) < 1e-12
    assert equivariance_error(Springs("direction"), crystal()) > 1e-3
    assert equivariance_error(Handed(), molecule()) > 1e-3


def test_open_systems_have_no_stress_to_check_and_lone_atoms_pass_all():
    assert obeys_strain(Springs(), molecule()) == 0.0
    lone = graph(system([1], np.zeros((1, 3))), CUTOFF)
    assert (
        obeys_smoothness(Springs(), lone) == obeys_translation(Springs(), lone) == obeys_isolation(Springs(), lone) == 0
    )


def test_shaken_weights_differ_everywhere_and_keep_their_type():
    before = Springs()
    after = shaken(before, seed=2)
    assert after.strength.dtype == np.float32
    assert after.strength != before.strength
    assert shaken(before, seed=2).strength == after.strength

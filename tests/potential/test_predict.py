"""The checked door: what comes out of `predict`, and what does not get in."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from eukrates.matter import Graph, batch, graph, pad, system
from eukrates.numerics import cast
from eukrates.physics.dispersion import Dispersion
from eukrates.physics.zbl import ZBL
from eukrates.potential import Potential, Prediction, Sum, predict

CELL = np.array([[2.6, 0, 0], [0.4, 2.9, 0], [-0.3, 0.2, 3.1]])


def crystal(cutoff=2.0, **electrons):
    return graph(system([6, 8], [[0, 0, 0], [0.9, 1.1, 0.2]], CELL, **electrons), cutoff)


def molecule(cutoff=2.0):
    return graph(system([8, 1, 1], [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]), cutoff)


class Picky(Potential):
    """Zero for hydrogen and oxygen whose electrons are stated."""

    cutoff: float = eqx.field(static=True, default=1.0)
    far_cutoff: float | None = eqx.field(static=True, default=None)
    elements = ("H", "O")
    needs = ("charge", "spin")

    def __call__(self, graph: Graph) -> Prediction:
        energy = jnp.zeros(graph.system.systems, graph.system.positions.dtype)
        return Prediction(energy, {"nothing": energy})


def test_answers_are_float64_numpy_without_padding():
    found = predict(ZBL(), batch([crystal(), molecule()]), want=("energy", "forces", "hessian"))
    shapes = {"energy": (2,), "energies": (5,), "forces": (5, 3), "hessian": (5, 3, 5, 3)}
    for name, shape in shapes.items():
        value = getattr(found, name)
        assert isinstance(value, np.ndarray)
        assert (value.shape, value.dtype) == (shape, np.float64)
    assert found.terms["zbl"].shape == (2,)
    assert found.stress is None
    assert not jax.config.jax_enable_x64


def test_only_what_was_wanted_comes():
    found = predict(ZBL(), crystal(), want=("energy",))
    assert found.forces is found.stress is found.hessian is None
    found = predict(ZBL(), crystal(), want=("stress",))
    assert found.stress.shape == (1, 3, 3)
    assert found.forces is None


def test_stress_is_positive_in_what_wants_to_shrink_and_negative_in_what_is_squeezed():
    pressed = predict(ZBL(), crystal(), want=("stress",)).stress[0]
    assert np.trace(pressed) < 0  # bare repulsion pushes outwards
    np.testing.assert_allclose(pressed, pressed.T, atol=1e-15)


def test_stress_is_the_change_of_energy_with_the_cell():
    potential, h, strain = cast(ZBL(), "float64"), 1e-5, np.diag([1.0, 0, 0])
    one = system([6, 8], [[0, 0, 0], [0.9, 1.1, 0.2]], CELL)

    def energy(t):
        stretch = np.eye(3) + t * strain
        return predict(potential, graph(system([6, 8], one.positions @ stretch, CELL @ stretch), 2.0)).energy[0]

    slope = (energy(h) - energy(-h)) / (2 * h) / np.linalg.det(CELL)
    assert predict(potential, crystal(), want=("stress",)).stress[0, 0, 0] == pytest.approx(slope, rel=1e-6)


def test_a_padded_batch_may_be_asked_for_stress():
    found = predict(ZBL(), pad(batch([crystal(), crystal()])), want=("stress",))
    np.testing.assert_allclose(found.stress[0], found.stress[1])
    assert not found.stress[2].any()


def test_a_sum_adds_energies_terms_and_reaches():
    one, two = ZBL(cutoff=1.2, off=1.2), ZBL(cutoff=2.0, off=2.0)
    both = one + two
    assert isinstance(both, Sum)
    assert (both.cutoff, both.far_cutoff, both.elements, both.needs) == (2.0, None, None, ())
    parts, whole = [predict(p, crystal()) for p in (one, two)], predict(both, crystal())
    for name in ("energy", "energies", "forces"):
        expected = getattr(parts[0], name) + getattr(parts[1], name)
        np.testing.assert_allclose(getattr(whole, name), expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(whole.terms["zbl"], whole.energy)
    picky = one + Picky()
    assert (picky.elements, picky.needs) == (("H", "O"), ("charge", "spin"))
    with pytest.raises(ValueError, match="at least one potential"):
        Sum(())


@pytest.mark.parametrize(
    ("potential", "world", "want", "message"),
    [
        (
            ZBL(),
            crystal(),
            ("energies",),
            "Cannot predict energies. Known: energy, forces, forces_by_term, forces_by_member, stress, hessian",
        ),
        (ZBL(), crystal(1.0), ("energy",), r"near edges reach 1.0 Å and the potential needs 1.5 Å"),
        (ZBL(), molecule(), ("stress",), r"Stress was asked of systems \[0\].*no volume"),
        (ZBL(), batch([crystal(), molecule()]), ("stress",), r"systems \[1\]"),
        (Picky(), crystal(charge=0, spin=0), ("energy",), "knows H, O and was given C"),
        (ZBL(), graph(system([8], [[0, 0, 0]], charge=-1), 2.0), ("energy",), "cannot see the charge, .* charge = -1"),
        (
            ZBL(),
            graph(system([8], [[0, 0, 0]], charge=0, spin=2), 2.0),
            ("energy",),
            "cannot see the spin, .* spin = 2",
        ),
        (Picky(), molecule(), ("energy",), r"depends on charge .* charge = total charge in e"),
        (Picky(far_cutoff=5.0), graph(system([1], [[0, 0, 0]], charge=0, spin=1), 2.0), ("energy",), "graph has none"),
        (Picky(), graph(system([1], [[0, 0, 0]], charge=0, spin=0), 2.0), ("energy",), "H with charge .0 has 1 elec"),
        (Picky(), graph(system([8], [[0, 0, 0]], charge=1, spin=2), 2.0), ("energy",), "O with charge .1 has 7 .* 2 c"),
        (
            Picky(far_cutoff=5.0),
            graph(system([1], [[0, 0, 0]], charge=0, spin=1), 2.0, 3.0),
            ("energy",),
            "far edges reach",
        ),
    ],
)
def test_what_would_be_silently_wrong_is_refused(potential, world, want, message):
    with pytest.raises(ValueError, match=message):
        predict(potential, world, want)


def test_forces_by_term_are_those_of_the_parts_and_add_up():
    one, two = ZBL(), Dispersion(far_cutoff=4.0, fade=1.0)
    structure = system([8, 1, 1], [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    world = graph(structure, 2.0, 4.0)
    found = predict(one + two, world, ("energy", "forces", "forces_by_term"))
    assert set(found.forces_by_term) == {"zbl", "dispersion"}
    for name, part in (("zbl", one), ("dispersion", two)):
        expected = predict(part, world).forces
        assert np.abs(expected).max() > 1e-6
        np.testing.assert_allclose(found.forces_by_term[name], expected, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(sum(found.forces_by_term.values()), found.forces, atol=1e-9)

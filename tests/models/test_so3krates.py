"""What SO3krates refuses, what its options do, and how charge, spin and E0 enter."""

import jax
import numpy as np
import pytest

import eukrates
from eukrates.models import SO3krates
from eukrates.numerics import cast

SMALL = {"features": 12, "layers": 2, "heads": 2, "degrees": (1, 2), "basis_size": 6}


def make(elements=("H", "O"), **options):
    return SO3krates(elements, **(SMALL | {"key": jax.random.key(0)} | options))


def water(**stated):
    return eukrates.system([8, 1, 1], [[0, 0, 0], [0, 0, 0.96], [0, 0.93, -0.24]], **stated)


def predict(model, structure, want=("energy",)):
    return eukrates.predict(model, eukrates.graph(structure, model.cutoff), want)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"elements": "HO"}, "list of symbols"),
        ({"elements": ["H", "Xx"]}, "Unknown chemical symbol 'Xx'"),
        ({"features": 13}, "multiple of the 2 heads"),
        ({"features": 14, "degrees": (1, 2, 3)}, "multiple of the 3 degrees"),
        ({"degrees": (0, 1)}, "distinct degrees ≥ 1"),
        ({"layers": 0}, "at least one layer"),
        ({"radial_basis": "bernstien"}, "Unknown radial_basis"),
        ({"cutoff_function": "step"}, "Unknown cutoff_function"),
        ({"cutoff": 0.0}, "cutoff to be finite and above 0"),
        ({"basis_size": 0}, "basis_size to be finite and above 0"),
        ({"neighbours": 0.0}, "neighbours to be finite and above 0.*two atoms within the cutoff"),
        ({"e0": {"H": -13.6}}, "missing for O"),
        ({"e0": {"H": -13.6, "O": np.nan}}, "finite energies"),
    ],
)
def test_hyperparameters_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


def test_unknown_elements_are_refused_by_name():
    with pytest.raises(ValueError, match="knows H, O and was given C"):
        predict(make(), eukrates.system([6], np.zeros((1, 3))))


@pytest.mark.parametrize("need", ["charge", "spin"])
def test_charge_and_spin_are_needed_where_they_enter_and_change_the_energy(need):
    model = make(**{need: True})
    assert model.needs == (need,)
    with pytest.raises(ValueError, match=need):
        predict(model, water())
    neutral, other = (predict(model, water(**{need: value})).energy[0] for value in (0.0, 2.0))
    assert abs(neutral - other) > 1e-4
    assert predict(make(), water()).energy[0] == predict(make(), water(**{need: 0.0})).energy[0]
    with pytest.raises(ValueError, match=f"cannot see the {need}"):
        predict(make(), water(**{need: 2.0}))


def test_a_graph_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match=r"near edges reach 3\.0 Å"):
        eukrates.predict(make(), eukrates.graph(water(), 3.0))


def test_free_atoms_have_their_energies_plus_the_network_alone():
    e0 = {"H": -13.6, "O": -2041.3}
    for z, symbol in ((1, "H"), (8, "O")):
        found = predict(make(e0=e0), eukrates.system([z], np.zeros((1, 3))))
        assert found.terms["atoms"][0] == e0[symbol]
        assert np.isfinite(found.energy[0])


def test_the_e0_do_not_cost_digits_in_float32():
    bare, shifted = make(), make(e0={"H": -1e6, "O": -3e7})
    a, b = predict(bare, water()), predict(shifted, water())
    assert b.energy[0] + 2e6 + 3e7 == pytest.approx(a.energy[0], abs=1e-8)


def test_the_invariant_variant_has_no_euclidean_branch():
    model = make(degrees=())
    assert len(model.blocks[0].filters) == 1
    mirrored = water().positions * np.array([-1.0, 1, 1])
    a = predict(cast(model, "float64"), water()).energy[0]
    b = predict(cast(model, "float64"), eukrates.system([8, 1, 1], mirrored)).energy[0]
    assert a == pytest.approx(b, abs=1e-12)


def test_precision_follows_the_parameters():
    single, double = make(), cast(make(), "float64")
    a, b = predict(single, water()).energy[0], predict(double, water()).energy[0]
    assert a != b
    assert a == pytest.approx(b, abs=2e-5)


def test_options_can_be_read_back():
    model = make(layer_norm=False, residuals=(False, True), activate_qk=True, neighbours=7.5, zbl=False, scale=2.0)
    assert (model.layers, model.zbl, model.neighbours, model.residuals) == (2, False, 7.5, (False, True))
    assert model.blocks[0].norms is None
    assert model.blocks[0].residuals[0] is None
    assert "zbl" not in predict(model, water()).terms

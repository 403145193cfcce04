"""`evaluate` against errors made by hand: labels are the potential's own predictions with known amounts added."""

import json

import numpy as np
import pytest

from eukrates.data.sample import Sample
from eukrates.matter import graph, system
from eukrates.potential import predict
from eukrates.trust import evaluate

from .known_potentials import Brittle, Morse

WATER = (np.array([8, 1, 1]), np.array([[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]))
PAIR = (np.array([8, 1]), np.array([[0.0, 0, 0], [1.1, 0, 0]]))


def labelled(potential, numbers, positions, name, shift=0.0, force=0.0, **more):
    """A sample whose energy label is too low by `shift` and whose force labels are too low by `force`, everywhere."""
    structure = system(numbers, positions, **more)
    want = ("energy", "forces", "stress") if "cell" in more else ("energy", "forces")
    told = predict(potential, graph(structure, potential.cutoff), want)
    stress = told.stress[0] if "cell" in more else None
    energy = float(told.energy[0]) - shift
    return Sample(
        structure, energy, told.forces - force, stress, name=name, group="wet" if len(numbers) == 3 else "dry"
    )


@pytest.fixture(scope="module")
def data():
    potential = Morse()
    samples = [labelled(potential, *PAIR, name="pair#0", shift=0.02, force=0.1)]
    samples += [
        labelled(potential, WATER[0], WATER[1] * (1 + 0.03 * n), f"water#{n}", 0.3 + 0.03 * n) for n in range(3)
    ]
    return potential, samples


def test_numbers_by_hand(data):
    result = evaluate(*data, batch_size=3)
    energy, forces = result.errors["energy"], result.errors["forces"]
    assert energy.count == 4
    assert energy.mae == pytest.approx((0.02 + 0.3 + 0.33 + 0.36) / 4, abs=1e-9)
    assert energy.max == pytest.approx(0.36, abs=1e-9)
    assert result.energy_offset == pytest.approx((0.01 + 0.1 + 0.11 + 0.12) / 4, abs=1e-9)
    # only the formula with more than one structure counts, around its own mean of 0.33
    assert result.energy_without_offset.count == 3
    assert result.energy_without_offset.mae == pytest.approx((0.03 + 0 + 0.03) / 3, abs=1e-9)
    assert forces.count == 3 * (2 + 9)
    assert forces.mae == pytest.approx(0.1 * 6 / 33, abs=1e-9)
    assert forces.rmse == pytest.approx(np.sqrt(0.01 * 6 / 33), abs=1e-9)
    assert result.worst("energy", 1)[0] == ("water#2", pytest.approx(0.36, abs=1e-9))
    assert result.worst("forces", 1)[0] == ("pair#0", pytest.approx(0.1, abs=1e-9))


def test_by_element_group_and_formula(data):
    result = evaluate(*data).as_dict()
    by_element = result["by_element"]["forces"]
    # oxygen: 3 of 12 components wrong by 0.1; hydrogen: 3 of 21
    assert by_element["O"]["mae"] == pytest.approx(0.1 * 3 / 12, abs=1e-9)
    assert by_element["H"]["mae"] == pytest.approx(0.1 * 3 / 21, abs=1e-9)
    assert by_element["H"]["count"] == 21
    assert result["by_group"]["energy_per_atom"]["dry"]["mae"] == pytest.approx(0.01, abs=1e-9)
    assert result["by_formula"]["energy_per_atom"]["H2O"]["mae"] == pytest.approx(0.11, abs=1e-9)
    assert json.loads(json.dumps(result)) == result


def test_batches_do_not_change_what_is_predicted_and_order_is_kept(data):
    one, many = evaluate(*data, batch_size=1), evaluate(*data, batch_size=64)
    for name in one.comparisons:
        np.testing.assert_allclose(one.comparisons[name].predicted, many.comparisons[name].predicted, atol=1e-12)
        np.testing.assert_array_equal(one.comparisons[name].sample, many.comparisons[name].sample)


def test_text_has_both_unit_systems_and_the_offset(data):
    text = evaluate(*data).text()
    assert "meV/Å" in text
    assert "kcal/mol/Å" in text
    assert "mean error of each formula removed" in text
    assert "252.5" in text  # meV, mean absolute error of the energy


def test_absent_labels_are_skipped_and_counted(data):
    potential, samples = data
    some = [samples[0].but(energy=None), *samples[1:]]
    result = evaluate(potential, some)
    assert result.errors["energy"].count == 3
    assert result.absent == {"energy": 1, "forces": 0}
    assert "1 of 4 structures have no label energy" in result.text()


def test_stress_where_it_is_labelled(data):
    potential, samples = data
    boxed = labelled(potential, *WATER, name="box", cell=np.eye(3) * 3.1)
    boxed = boxed.but(stress=boxed.stress + 0.01 * np.eye(3))
    result = evaluate(potential, [*samples, boxed])
    assert result.errors["stress"].count == 6
    assert result.errors["stress"].mae == pytest.approx(0.01 * 3 / 6, abs=1e-9)
    flat = samples[0].but(stress=np.eye(3), name="no box")
    with pytest.raises(ValueError, match=r"no box.*not periodic"):
        evaluate(potential, [flat])


def test_unfit_structures_are_named(data):
    potential, samples = data
    argon = Sample(system([18, 8], PAIR[1]), energy=0.0, name="noble#7")
    with pytest.raises(ValueError, match=r"noble#7.*knows H, O.*given Ar"):
        evaluate(potential, [*samples, argon])
    broken = samples[1].but(forces=np.full((3, 3), np.nan), name="bad#3")
    with pytest.raises(ValueError, match=r"bad#3.*forces is not finite"):
        evaluate(potential, [*samples, broken])


def test_what_is_asked_must_be_there(data):
    potential, samples = data
    with pytest.raises(ValueError, match="stress"):
        evaluate(potential, samples, want=["stress"])
    with pytest.raises(ValueError, match="Known"):
        evaluate(potential, samples, want=["colour"])
    with pytest.raises(ValueError, match="does not predict dipole"):
        evaluate(potential, [s.but(dipole=np.zeros(3)) for s in samples], want=["dipole"])
    assert "dipole" in evaluate(potential, [s.but(dipole=np.zeros(3)) for s in samples]).unpredicted
    with pytest.raises(ValueError, match="at least one structure"):
        evaluate(potential, [])


def test_predictions_that_are_not_finite_are_named_and_left_out(data):
    _, samples = data
    crushed = samples[1].but(system=system(WATER[0], WATER[1] * 0.8), name="crushed#9")
    result = evaluate(Brittle(), [*samples, crushed])
    assert result.errors["energy"].count == 4
    assert "crushed#9" in result.text()
    assert result.as_dict()["not_finite"] == ["crushed#9"]


def test_free_atoms_are_left_out_and_counted(data):
    potential, samples = data
    atom = Sample(system([8], [[0.0, 0, 0]]), energy=5.0)
    result = evaluate(potential, [atom, samples[0].but(name=""), *samples[1:]])
    assert result.errors["energy"].count == 4
    assert result.as_dict()["free_atoms_left_out"] == 1
    assert "1 free atoms are left out" in result.text()
    assert result.names[0] == "structure 1"  # its place in what was given
    assert evaluate(potential, [atom]).errors["energy"].mae == pytest.approx(5.0)  # there is nothing else

"""`inspect` passes a sound potential and catches each fault that was built in."""

import json

import numpy as np
import pytest

from eukrates.data.sample import Sample
from eukrates.matter import graph, system
from eukrates.potential import predict
from eukrates.potential.evaluator import Evaluator
from eukrates.trust import ShortRun, conservation, gradients, inspect
from eukrates.trust.accuracy import accuracy
from eukrates.trust.separation import size_consistency
from eukrates.trust.smoothness import smoothness
from eukrates.trust.structures import cluster, rattled
from eukrates.trust.symmetry import symmetry

from .known_potentials import Brittle, Charged, Crowded, Cut, Handed, Holed, Leaning, Liar, Morse, Placed

EDGE = 0.98 / np.sqrt(8)  # a tetrahedron of bonds near their best length
PLACES = EDGE * np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
KNOT = system([8, 8, 1, 1], PLACES)
BOX = system(KNOT.numbers, PLACES, np.diag([3.5, 4.0, 4.5]) + 0.3 * np.eye(3, k=1))
NO_RUN = ShortRun(0.0)


def findings(potential, structures=(KNOT,), **more):
    result = inspect(potential, structures, run=more.pop("run", NO_RUN), **more)
    return result, {f.name: f for f in result.findings}


@pytest.fixture(scope="module")
def sound():
    return findings(Morse(strength=4.0), run=ShortRun(400.0, 0.1))


def test_a_sound_potential_passes_every_test_that_can_be_made(sound):
    result, found = sound
    assert result.ok
    assert result.verdict.startswith("SOUND")
    assert [f.name for f in result.findings if f.ok is False] == []
    for law in ("rotation", "reflection", "permutation", "translation"):
        assert 0 <= found[law].value < 1e-10
    assert 0 < found["forces = -dE/dr"].value < 1e-4
    assert found["stress = dE/dε / V"].ok is None
    assert "Not tested: stress" in result.verdict


def test_the_run_of_a_sound_potential_conserves_energy(sound):
    result, found = sound
    assert result.run.exploded is None
    assert result.run.times_fs[-1] == pytest.approx(400.0, abs=0.6)
    assert found["drift at constant energy"].ok
    assert 0 < found["fluctuation at constant energy"].value < 5.0
    assert 20 < result.run.temperatures.mean() < 2000


def test_the_result_is_json_and_text(sound):
    result, found = sound
    told = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert told["ok"] is True
    assert len(told["findings"]) == len(found)
    assert "walls between free atoms" in result.text()
    assert result.text().endswith(result.verdict)


def laws(potential):
    """The names of the broken symmetries."""
    rng = np.random.default_rng(1)
    structures = [rattled(KNOT, rng), cluster(potential, [1, 8], rng)]
    return {f.name for f in symmetry(Evaluator(potential, 32), structures, rng) if not f.ok}


def test_a_broken_symmetry_is_caught_and_no_other_is_blamed():
    assert laws(Morse()) == set()
    assert laws(Leaning()) == {"rotation", "reflection"}
    assert laws(Handed()) >= {"reflection"}
    assert laws(Handed()) <= {"reflection", "permutation"}  # it names its atoms by their order, too
    assert "translation" in laws(Placed())


def test_forces_that_are_not_the_derivative_are_caught():
    rng = np.random.default_rng(2)
    structures = [rattled(KNOT, rng)]
    assert gradients.forces(Evaluator(Morse(), 32), structures, rng).ok
    found = gradients.forces(Evaluator(Liar(), 32), structures, rng)
    assert found.ok is False
    assert found.value > 1  # meV/Å; the forces are a few hundred


def test_a_step_at_the_cutoff_is_caught():
    smooth = smoothness(Evaluator(Morse(), 32), [KNOT], [1, 8])
    step = smoothness(Evaluator(Cut(), 32), [KNOT], [1, 8])
    assert [f.ok for f in smooth] == [True, True]
    assert [f.ok for f in step] == [False, False]
    height = 1e3 * abs((1 - np.exp(-2 * 3.0)) ** 2 - 1)  # meV at 4 Å
    assert step[0].value == pytest.approx(height, rel=1e-3)


def test_an_energy_that_is_not_extensive_is_caught():
    found = size_consistency(Evaluator(Crowded(), 32), [KNOT])
    assert found.ok is False
    assert found.value == pytest.approx(1e3 * 1e-4 * (8**2 - 2 * 4**2) / 8, rel=1e-6)
    assert size_consistency(Evaluator(Morse(), 32), [KNOT, BOX]).ok


def test_an_explosion_is_reported_and_not_averaged():
    close = system([8, 1], [[0.0, 0, 0], [0.4, 0, 0]])  # on the inner side of the wall
    series = ShortRun(200.0, 1.0)(Holed(), close, seed=0)
    assert series.exploded is not None
    (found,) = conservation.judged(series)
    assert found.ok is False
    assert "exploded" in found.meaning
    with pytest.raises(ValueError, match="at least 16 steps"):
        ShortRun(1.0)


def test_drift_and_its_error_are_those_of_a_line_with_noise():
    t, rng = np.arange(0, 1000.0, 2.0), np.random.default_rng(4)
    flat = lambda slope: 3e-3 * (slope * t / 1e3 + rng.normal(scale=0.5, size=t.size))  # eV of 3 atoms
    series = lambda slope: conservation.Series(t, flat(slope), 300 + 0 * t, 3, 1.0, 300.0)
    slopes = np.array([series(0.0).drift for _ in range(200)])
    assert np.std(slopes[:, 0]) == pytest.approx(0.5 * np.sqrt(12 / t.size), rel=0.2)
    assert np.mean(slopes[:, 1]) == pytest.approx(np.std(slopes[:, 0]), rel=0.25)
    assert conservation.judged(series(5.0))[0].ok is False
    assert series(5.0).drift[0] == pytest.approx(5.0, abs=0.3)


@pytest.mark.parametrize(
    ("slope", "noise", "verdict"),
    [
        (0.0, 0.02, True),  # three standard errors are 0.01 meV/atom/ps
        (0.2, 0.02, False),
        (0.0, 0.5, None),  # three standard errors are 0.23: a drift of twice what is allowed would not be seen
        (0.2, 0.5, None),
        (1.0, 0.5, False),
    ],
)
def test_a_run_too_short_to_tell_does_not_pass(slope, noise, verdict):
    t, rng = np.arange(0, 1000.0, 2.0), np.random.default_rng(4)
    total = 3e-3 * (slope * t / 1e3 + rng.normal(scale=noise, size=t.size))
    found = conservation.judged(conservation.Series(t, total, 300 + 0 * t, 3, 1.0, 300.0))[0]
    assert found.ok is verdict
    assert ("too short to tell" in found.meaning) == (verdict is None)
    assert found.value == pytest.approx(slope, abs=4 * noise * np.sqrt(12 / t.size))


def test_the_hole_is_found_where_it_is():
    result, found = findings(Holed())
    scan = next(s for s in result.dimers if s.pair == "O-H")  # R = 0.97 Å: 0.19 to 0.68 Å
    phi = lambda r: ((1 - np.exp(-2 * (r - 1))) ** 2 - 1 - 60 * np.exp(-((r / 0.25) ** 2))) * fade(r)
    fade = lambda r: (0.5 * (np.cos(np.pi * r / 4) + 1)) ** 2
    r = np.linspace(0.2 * scan.radius, 0.7 * scan.radius, 20001)
    top = np.argmax(phi(r))
    assert scan.place == pytest.approx(r[np.argmin(phi(r[:top]))], abs=0.02)
    assert scan.depth == pytest.approx(phi(r).max() - phi(r[:top]).min(), rel=0.02)
    assert scan.wall < 10
    assert "dynamics can fall in" in found["walls between free atoms"].meaning
    assert found["walls inside structures"].ok is False  # the same pairs, with the others held
    assert result.verdict.startswith("NOT SOUND")
    assert "walls between free atoms" in result.verdict


def test_energies_that_are_not_finite_fail_and_are_told():
    result, found = findings(Brittle())
    assert found["walls between free atoms"].ok is False
    assert "not finite" in found["walls between free atoms"].meaning
    json.dumps(result.as_dict(), allow_nan=False)


def test_stress_is_tested_on_periodic_structures():
    rng = np.random.default_rng(3)
    good, bad = (gradients.stress(Evaluator(p, 32), [KNOT, BOX], rng) for p in (Morse(), Liar()))
    assert good.ok
    assert 0 < good.value < 1e-5
    assert bad.ok is False
    assert gradients.stress(Evaluator(Morse(), 32), [KNOT], rng).ok is None


def test_without_structures_the_laws_are_tested_on_a_random_cluster():
    result, found = findings(Morse(), [], run=None)
    assert found["rotation"].ok
    assert found["drift at constant energy"].ok is None
    assert found["walls between free atoms"].ok
    _, found = findings(Morse(elements=None), [])
    assert found["rotation"].ok is None
    assert result.run is None


def test_charge_and_spin_are_stated_for_generated_structures_and_demanded_for_given_ones():
    with pytest.raises(ValueError, match="depends on charge"):
        findings(Charged())
    stated = system(KNOT.numbers, KNOT.positions, charge=0.0, spin=0.0)
    result, _ = findings(Charged(), [stated])
    assert result.ok


@pytest.mark.parametrize(
    ("factor", "mark"), [(1.1, "pass"), (1.4, "care"), (3.0, "FAIL"), (0.0, "not tested"), (-1.0, "FAIL")]
)
def test_accuracy_of_forces_is_judged_where_there_are_labels(factor, mark):
    right = predict(Morse(), graph(KNOT, 4.0)).forces
    _, found = findings(Morse(), [Sample(KNOT, forces=factor * right, name="a")])
    assert found["forces against labels"].mark == mark
    if factor:
        assert found["forces against labels"].value == pytest.approx(100 * abs(1 - 1 / factor), rel=1e-6)


@pytest.mark.parametrize(("factor", "mark"), [(1.1, "pass"), (1.4, "care"), (3.0, "FAIL")])
def test_accuracy_of_energies_is_judged_within_one_formula(factor, mark):
    rng = np.random.default_rng(5)
    shaken = [rattled(s, rng, 0.05) for s in [KNOT] * 6 + [system([8, 1], [[0.0, 0, 0], [1.1, 0, 0]])] * 5]
    energies = [float(predict(Morse(), graph(s, 4.0), ("energy",)).energy[0]) for s in shaken]
    shifts = [-1000.0] * 6 + [50.0] * 5  # of a formula: other free atoms
    samples = [Sample(s, energy=factor * e + c, name="a") for s, e, c in zip(shaken, energies, shifts, strict=True)]
    found = accuracy(Evaluator(Morse(), 32), samples, rng)[1]
    assert found.mark == mark
    assert found.value == pytest.approx(100 * abs(1 - 1 / factor), rel=1e-6)
    few = accuracy(Evaluator(Morse(), 32), [*samples[:4], *samples[6:10]], rng)[1]
    assert few.mark == "not tested"


def test_free_atoms_are_no_structures_to_judge_a_potential_on():
    atom = Sample(system([8], [[0.0, 0, 0]]), energy=0.0, forces=np.zeros((1, 3)), name="atom")
    result, found = findings(Morse(), [atom, KNOT], run=ShortRun(20.0))
    assert result.run.atoms == 4
    assert found["forces against labels"].ok is None
    result, found = findings(Morse(), [atom, atom.system], run=ShortRun(20.0))
    assert result.run is None
    assert found["drift at constant energy"].ok is None


def test_the_card_says_what_is_missing():
    result, _ = findings(Morse(), header={"elements": ["H", "O"], "card": {"licence": "MIT", "plan": {"epochs": 3}}})
    assert ("card.plan.epochs", "3") in result.card.rows
    assert "level of theory" in result.card.note
    assert "licence" not in result.card.note

"""Generated systems are of every kind that is promised, and never absurd."""

import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from eukrates.matter import neighbours, pad, size
from eukrates.physics.zbl import ZBL
from eukrates.testing import PotentialLaws, generated
from eukrates.testing.moves import rebuilt

POTENTIAL = ZBL(cutoff=3.0, off=1.5)


@pytest.fixture(scope="module")
def many():
    """Some hundred generated graphs."""
    found = []

    @settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(generated.graphs(POTENTIAL))
    def collect(graph):
        found.append(graph)

    collect()
    return found


def test_all_kinds_of_systems_appear(many):
    periodic = [int(g.system.periodic.sum()) for g in many]
    inverse_heights = [np.linalg.norm(np.linalg.pinv(g.system.cell[0]), axis=0).max() for g in many]
    cells = np.linalg.det([g.system.cell[0] for g in many])
    assert {0, 1, 2, 3} == set(periodic)
    assert {1, 2, 3, 4, 5} == {g.system.atoms for g in many}
    assert any(h * POTENTIAL.cutoff > 1 for h in inverse_heights), "no cell is smaller than the cutoff"
    assert (cells < 0).any()
    assert (cells > 0).any()
    assert any(np.any(g.near.i == g.near.j) for g in many), "no atom sees its own image"
    assert any(g.near.i.size == 0 for g in many), "nobody is alone"
    assert {-1.0, 0.0, 1.0} == {float(g.system.charge[0]) for g in many}
    assert {0.0, 1.0, 2.0} == {float(g.system.spin[0]) for g in many}
    assert {1, 6, 7, 8} == {int(z) for g in many for z in g.system.numbers}


def test_no_atoms_are_too_close_and_every_case_fits_the_one_shape(many):
    shape = generated.shape(POTENTIAL)
    for graph in many:
        assert neighbours(graph.system, generated.FLOOR - 1e-9).i.size == 0
        longer = rebuilt(POTENTIAL, [graph.system, graph.system], beyond=generated.BEYOND)
        assert size(pad(longer, shape)) == shape


def test_without_hypothesis_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match=r"pip install 'eukrates\[dev\]'"):
        generated.clusters()


class Missing(PotentialLaws):
    """Somebody forgot the potential."""


class Wrong(PotentialLaws):
    """Somebody gave something else."""

    potential = staticmethod(lambda: "a network")


@pytest.mark.parametrize("suite", [Missing, Wrong])
def test_a_suite_without_a_potential_says_so(suite):
    with pytest.raises(TypeError, match=rf"{suite.__name__}\.potential"):
        suite().test_parts_add_up("float64")

"""Searches find known minima, each once; killed ones go on; what is no minimum is set aside."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.constraints import FixAtoms
from landscape_toys import CLUSTER, OfPairs, Rods
from searching import EPSILON_KELVIN, HOPPING, RULES, found, go, search

from eukrates.data import to_system
from eukrates.landscape import Relaxed, bond_graph, configuration
from eukrates.landscape.catalogue import Minimum
from eukrates.landscape.descent import Ending
from eukrates.landscape.search import BasinHopping, Budget, RandomTorsions, Rest, Rules, Scene, Search, coverage
from eukrates.landscape.search.moves import collides, shaken, turned
from eukrates.landscape.search.screen import Screen

# ε; the four minima of LJ7 and the lowest of LJ13: Hoare & Pal, Adv. Phys. 20, 161 (1971); Wales & Doye (1997)
LJ7 = [-16.505384, -15.935043, -15.593211, -15.533060]
LJ13 = -44.326801


def test_all_minima_of_seven_atoms_each_once():
    one = search(7)
    one(Budget(quenches=130))
    np.testing.assert_allclose(sorted(m.energy for m in one.catalogue.minima), LJ7, atol=1e-6)
    assert sum(m.count for m in one.catalogue.minima) + len(one.aside) == one.standings[-1].quenches >= 130
    assert one.fruits["hopping"] + one.fruits["start"] == 4
    assert one.lowest(1)[0].energy == min(m.energy for m in one.catalogue.minima)
    assert one.degeneracies(one.lowest(4)) == [1, 1, 1, 2]  # the highest is chiral


def test_the_icosahedron_of_thirteen():
    one = search(13)
    one(Budget(quenches=60))
    assert one.standings[-1].lowest == pytest.approx(LJ13, abs=1e-6)


def test_a_search_ends_with_its_budget_and_goes_on_with_a_larger_one(tmp_path):
    whole = go(None, 70)
    part = go(tmp_path / "search", 30)
    assert part.standings[-1].quenches < whole.standings[-1].quenches
    assert found(go(tmp_path / "search", 70)) == found(whole)
    assert found(go(tmp_path / "search", 70)) == found(whole)  # nothing is left to do
    with pytest.raises(ValueError, match="other rules"):
        search(7, tmp_path / "search", part.explorers, replace(RULES, seed=4))
    with pytest.raises(ValueError, match="something else"):
        search(7, tmp_path)


SCRIPT = """
import sys
sys.path.insert(0, {here!r})
from searching import go
go({folder!r}, 70, lambda standing, done, of: print(done, of))
"""


def test_a_killed_search_finds_the_same(tmp_path):
    """SIGKILL in mid-round, twice."""
    rng, folder = np.random.default_rng(0), tmp_path / "search"
    script = SCRIPT.format(here=os.path.dirname(__file__), folder=str(folder))
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-u", "-c", script], stdout=subprocess.PIPE) as process:
            for _ in range(int(rng.integers(2, 25))):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert found(go(folder, 70)) == found(go(None, 70))


def test_what_is_no_minimum_of_the_molecule_is_set_aside():
    structure = to_system(molecule("CH3CH2OH"))
    graph = bond_graph(structure)
    screen = Screen(graph, configuration(graph, structure.positions), gap=5.0)
    at = lambda r, ending=Ending.CONVERGED: Relaxed(replace(structure, positions=r), 0.0, 0 * r, 0.1, 0.0, 1, ending)
    r = np.array(structure.positions)
    assert screen.objection(at(r)) is None
    assert "out of steps" in screen.objection(at(r, Ending.OUT_OF_STEPS))
    broken = r.copy()
    broken[-1] += 3.0
    assert "broken" in screen.objection(at(broken))
    two = to_system(molecule("H2O") + molecule("H2O"))
    graph = bond_graph(replace(two, positions=two.positions + np.repeat([[0.0], [4.0]], 3, axis=0)))
    apart = Screen(graph, None, gap=5.0)
    far = two.positions + np.repeat([[0.0], [9.0]], 3, axis=0)
    assert "fallen apart" in apart.objection(
        Relaxed(replace(two, positions=far), 0.0, far, 0.0, 0.0, 1, Ending.CONVERGED)
    )


def test_a_bond_that_collapsed_is_none():
    structure = to_system(molecule("CH4"))
    screen, r = Screen.of(structure, Rules(), Rods()), np.array(structure.positions)
    r[1] = r[0] + 0.45 * (r[1] - r[0]) / np.linalg.norm(r[1] - r[0])  # a hole of many a model
    one = Relaxed(replace(structure, positions=r), 0.0, 0 * r, 0.0, 0.0, 1, Ending.CONVERGED)
    assert screen.objection(one) == "a bond collapsed: C0-H1 is 0.45 Å long, 0.42 sums of covalent radii"


def test_a_start_that_becomes_something_else_is_refused():
    search = Search(Rods(length=3.0), [molecule("CH4")], [HOPPING])
    with pytest.raises(ValueError, match="does not come to rest as what it was"):
        search(Budget(quenches=1))
    with pytest.raises(ValueError, match="Nothing was quenched"):
        _ = search.catalogue
    with pytest.raises(ValueError, match="same atoms"):
        Search(Rods(), [molecule("CH4"), molecule("NH3")], [HOPPING])


class Crest(OfPairs):
    """Two atoms between two minima, 0.3 Å from a crest so flat that hardly any force is left on it."""

    cutoff = 4.0

    def of(self, r, kind):
        return 0.02 * ((r - 1.9) ** 2 - 0.09) ** 2


@pytest.mark.parametrize("seed", range(3))
def test_a_flat_crest_is_no_minimum(seed):
    pair = Atoms("Ar2", [[0, 0, 0], [0, 0, 1.9]])
    one = Search(Crest(), [pair], [HOPPING], rules=Rules(seed=seed))
    one(Budget(quenches=1))
    apart = np.linalg.norm(np.subtract(*one.reference.positions))
    assert min(abs(apart - 1.6), abs(apart - 2.2)) < 0.01


class Diimide(OfPairs):
    """Springs between the atoms of HN=NH in Å and eV, with the lengths of its trans isomer: cis turns into it."""

    cutoff = 6.0
    elements = ("H", "N")

    def of(self, r, kind):
        both = 100 * (r - 1.03) ** 2 * (r - 1.83) ** 2  # N-H, to the one nitrogen and to the other
        return jnp.where(kind == 2, 5 * (r - 2.70) ** 2, jnp.where(kind == 14, 100 * (r - 1.25) ** 2, both))


def diimide(degrees):
    """HN=NH about its double bond."""
    turn, up = np.radians(degrees), np.array([-0.284, 0.99, 0.0])
    other = np.array([1.534, 0.99 * np.cos(turn), 0.99 * np.sin(turn)])
    return Atoms("HNNH", [up, [0, 0, 0], [1.25, 0, 0], other])


def test_a_start_that_becomes_another_isomer_is_refused():
    with pytest.raises(ValueError, match="its configuration changed, flipped: N1=N2"):
        Search(Diimide(), [diimide(30)], [HOPPING])(Budget(quenches=1))
    one = Search(Diimide(), [diimide(30)], [HOPPING], rules=Rules(configuration=False))
    one(Budget(quenches=1))
    assert np.linalg.norm(one.reference.positions[3] - one.reference.positions[0]) > 2.6
    Search(Diimide(), [diimide(150)], [HOPPING])(Budget(quenches=1))


def held(atoms):
    atoms.set_constraint(FixAtoms([0]))
    return atoms


def heavy(atoms):
    atoms.set_masses([13.003, *(4 * [1.008])])
    return atoms


class Charged(Rods):
    """Of which the charge must be stated."""

    needs = ("charge",)


@pytest.mark.parametrize(
    ("potential", "start", "said"),
    [
        (Charged(), molecule("CH4"), "depends on charge"),
        (CLUSTER, molecule("CH4"), "knows Ar"),
        (Rods(), Atoms("CH4", molecule("CH4").positions, cell=np.eye(3) * 9, pbc=True), "open structure"),
        (Rods(), held(molecule("CH4")), r"constraints \(FixAtoms\)"),
        (Rods(), heavy(molecule("CH4")), r"atom 0 \(C\) weighs 13.003"),
    ],
)
def test_starts_that_no_search_can_speak_of_are_refused_before_anything_is_written(tmp_path, potential, start, said):
    for starts in ([start], [molecule("CH4"), start]):
        with pytest.raises(ValueError, match=said):
            Search(potential, starts, [HOPPING], tmp_path / "search")
    assert not (tmp_path / "search").exists()


def test_a_folder_is_taken_by_its_rounds(tmp_path):
    """What failed may be told otherwise: all of it before the first round, explorers before the second."""
    trans, folder, twice = [diimide(180)], tmp_path / "search", [RandomTorsions(), HOPPING]
    with pytest.raises(ValueError, match="does not come to rest"):
        Search(Diimide(), [diimide(30)], [HOPPING], folder)(Budget(quenches=1))
    with pytest.raises(ValueError, match="no bond that can turn"):
        Search(Diimide(), trans, twice, folder)(Budget(quenches=5))
    with pytest.raises(ValueError, match="other potential"):
        Search(Rods(), trans, [HOPPING], folder)
    Search(Diimide(), trans, [HOPPING], folder)(Budget(quenches=5))
    assert Search(Diimide(), trans, [HOPPING], folder).standings[-1].quenches == 13
    with pytest.raises(ValueError, match="other explorers"):
        Search(Diimide(), trans, twice, folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "search.json").write_text('{"engine": "of somebody else"}')
    with pytest.raises(ValueError, match="other engine"):
        Search(Diimide(), trans, [HOPPING], tmp_path / "other")


def scene(atoms, minima=()):
    structure = to_system(atoms)
    return Scene(Rods(), structure, bond_graph(structure), minima)


def test_torsional_moves_keep_bonds_and_angles_and_collide_with_nothing():
    here, rng = scene(molecule("CH3CH2OCH3")), np.random.default_rng(0)
    assert len(here.torsions) == 1
    r = here.reference.positions
    for _ in range(20):
        after = turned(here.graph, here.torsions, r, 1, rng)
        assert not collides(here.graph, after, r)
        i, j = here.graph.bonds.T
        lengths = lambda x, i=i, j=j: np.linalg.norm(x[i] - x[j], axis=1)
        np.testing.assert_allclose(lengths(after), lengths(r), atol=1e-12)
        assert np.abs(after - r).max() > 1e-3


def test_what_touched_before_does_not_keep_bonds_from_turning():
    """A coordinated metal has no bonds, and is nearer to its ligand than atoms without bonds may come."""
    ether = molecule("CH3CH2OCH3")
    oxygen, others = ether.positions[ether.numbers == 8][0], ether.positions[ether.numbers == 6]
    away = oxygen - others[np.argsort(np.linalg.norm(others - oxygen, axis=1))[:2]].mean(axis=0)
    ether += Atoms("Li", [oxygen + 1.90 * away / np.linalg.norm(away)])
    here = scene(ether, [Minimum(np.array(ether.positions), 0.0)])
    found, _ = RandomTorsions(20).propose(here, {}, np.random.default_rng(0))
    assert len(found) == 20
    o, li = ether.numbers == 8, ether.numbers == 3
    assert all(np.linalg.norm(one[li] - one[o]) > 0.9 * 1.90 for one in found)
    assert all(np.linalg.norm(one[ether.numbers == 6] - one[li], axis=1).min() > 2.3 for one in found)


def test_molecules_move_as_wholes():
    two = molecule("H2O") + molecule("H2O")
    two.positions[3:] += 4.0
    here = scene(two)
    after = shaken(here.graph, two.positions, 0.5, np.random.default_rng(0))
    for own in (slice(0, 3), slice(3, 6)):
        inside = lambda x, own=own: np.linalg.norm(x[own] - x[own][[1, 2, 0]], axis=1)
        np.testing.assert_allclose(inside(after), inside(two.positions), atol=1e-12)
        assert np.abs(after[own].mean(axis=0) - two.positions[own].mean(axis=0)).max() <= 0.5
    alone = scene(molecule("CH4"))
    moved = shaken(alone.graph, alone.reference.positions, 0.3, np.random.default_rng(0))
    assert 0.2 < np.abs(moved - alone.reference.positions).max() <= 0.3


def test_molecules_without_bonds_that_turn_have_no_random_torsions():
    with pytest.raises(ValueError, match="no bond that can turn"):
        RandomTorsions().propose(scene(molecule("CH4")), {}, np.random.default_rng(0))


def test_walkers_take_what_is_lower_and_seldom_what_is_higher():
    hopping, rng = BasinHopping(walkers=4000, temperature_kelvin=EPSILON_KELVIN), np.random.default_rng(0)
    memory = {"positions": np.zeros((4000, 1, 3)), "energies": np.zeros(4000)}
    rests = [Rest(np.ones((1, 3)), -1.0 if n % 2 else 1.0) for n in range(3998)] + [None, None]
    after = hopping.learn(memory, rests, rng)["energies"]
    assert np.all(after[1:3998:2] == -1.0)
    assert np.mean(after[:3998:2] == 1.0) == pytest.approx(np.exp(-1), abs=0.03)
    assert np.all(after[3998:] == 0.0)


def test_coverage_by_counts():
    told = coverage([1, 1, 1, 2, 5])
    assert (told.minima, told.quenches, told.once) == (5, 10, 3)
    assert told.unseen == pytest.approx(0.9 * 3 * 2 / (2 * 2))
    assert told.known == pytest.approx(0.7)
    urn, rng = np.repeat(np.arange(50), 3), np.random.default_rng(0)
    counts = np.bincount(rng.choice(urn, 60))
    told = coverage(counts[counts > 0].tolist())
    assert told.minima < 45
    assert 38 < told.minima + told.unseen < 70


@pytest.mark.parametrize("bad", [{}, {"quenches": 0}, {"hours": -1.0}])
def test_budgets_need_a_limit(bad):
    with pytest.raises(ValueError, match="limit"):
        Budget(**bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"force": 0.0},
        {"steps": 0},
        {"mirror": "sideways"},
        {"window": -1e-3},
        {"tolerance": 0.0},
        {"gap": 0.0},
        {"gap": float("nan")},
        {"seed": -1},
    ],
)
def test_rules_that_cannot_be_kept_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Rules(**bad)

"""Fine-tuning: what was not chosen keeps every bit, what was chosen moves, for any potential."""

import jax
import numpy as np
import pytest
from morse import trimers

from eukrates.data import Sample
from eukrates.matter import graph, system
from eukrates.models import SO3LR, SO3krates, load, read_header, save, with_e0
from eukrates.numerics import cast
from eukrates.physics.zbl import ZBL
from eukrates.potential import Sum, free_atom_energies, named_parameters, parameter_groups, predict, sum_of_free_atoms
from eukrates.testing import shaken
from eukrates.training import Optimiser, Plan, Run, shifted_energies

E0 = {"H": -13.6, "O": -2041.0}


def model(**options):
    small = {"features": 4, "layers": 2, "heads": 2, "degrees": (1,), "basis_size": 4, "key": jax.random.key(3)}
    return SO3krates(["H", "O"], **(small | {"e0": E0} | options))


def run(folder, potential, patterns=("*",), epochs=2, **optimiser):
    optimiser = Optimiser(learning_rate=1e-2, **optimiser)
    plan = Plan(epochs=epochs, batch_size=8, checkpoint_minutes=0.0, move=patterns, optimiser=optimiser)
    return Run(potential, trimers(16, seed=1), trimers(8, seed=2), plan, folder, save)


def changed(before, after) -> set[str]:
    """Names of the parameters that are not the same to the bit, type included."""
    a, b = dict(named_parameters(before)), dict(named_parameters(after))
    assert a.keys() == b.keys()
    same = lambda x, y: x.dtype == y.dtype and np.asarray(x).tobytes() == np.asarray(y).tobytes()
    return {name for name in a if not same(a[name], b[name])}


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_what_was_not_chosen_keeps_every_bit_and_what_was_chosen_moves(tmp_path, precision):
    begun = cast(shaken(model()), precision)
    trained = run(tmp_path, begun, ("readout.*", "blocks.1", "scales"), weight_decay=0.1)()
    for path in (trained.best, trained.last):
        moved = changed(begun, load(path))
        assert moved <= {n for n, _ in named_parameters(begun) if n.startswith(("readout.", "blocks.1.", "scales"))}
        assert {name.split(".")[0] for name in moved} == {"readout", "blocks", "scales"}
    told = read_header(trained.last)["card"]["training"]["moved"]
    assert told["chosen"] == ["readout.*", "blocks.1", "scales"]
    assert set(told["pieces"]) == {"readout", "blocks.1", "scales"}
    assert told["parameters"] == sum(told["pieces"].values()) < told["of"]
    assert told["of"] == sum(np.size(leaf) for _, leaf in named_parameters(begun))


@pytest.mark.parametrize(
    ("potential", "pattern", "moving"),
    [
        (ZBL(), "weights", {"weights"}),
        (Sum((model(zbl=False), ZBL())), "parts.1", {f"parts.1.{n}" for n in ("exponents", "weights", "power")}),
    ],
)
def test_any_potential_can_be_tuned_in_part(tmp_path, potential, pattern, moving):
    moved = changed(potential, load(run(tmp_path, potential, (pattern,), epochs=1)().last))
    assert moving <= moved <= {name for name, _ in named_parameters(potential) if name.startswith(pattern)}


def test_the_state_of_the_optimiser_has_the_moving_parameters_only(tmp_path):
    part, whole = run(tmp_path, model(), ("readout",)), run(tmp_path, model())
    assert part.state.theta.size == part.moving.parameters < whole.state.theta.size == whole.moving.of
    assert part.flat.decayed.size == part.state.theta.size
    leaves = [leaf for leaf in jax.tree.leaves(part.state) if np.size(leaf) > 1]
    assert {leaf.size for leaf in leaves} == {part.moving.parameters}


def test_pieces_are_what_a_person_would_name():
    network = ("embedding", "blocks.0", "blocks.1", "readout", "scales", "offsets", "repulsion")
    assert tuple(parameter_groups(model())) == network
    both = parameter_groups(Sum((model(), ZBL())))
    assert tuple(both) == (*(f"parts.0.{piece}" for piece in network), "parts.1")
    assert sorted(n for names in both.values() for n in names) == sorted(
        n for n, _ in named_parameters(Sum((model(), ZBL())))
    )


@pytest.mark.parametrize(
    ("potential", "pattern", "said"),
    [
        (model(), "redout.*", "Did you mean 'readout'"),
        (model(), "blocks.7.*", "blocks.0, blocks.1"),
        (model(), "Readout", "embedding"),
        (Sum((model(), ZBL())), "parts.1.weigths", "parts.1.weights"),
    ],
)
def test_a_pattern_that_names_nothing_is_refused_with_what_there_is(tmp_path, potential, pattern, said):
    with pytest.raises(ValueError, match="names no parameter") as caught:
        run(tmp_path, potential, ("scales" if isinstance(potential, SO3krates) else "parts.0", pattern))
    assert said in str(caught.value)
    assert "Pieces: " in str(caught.value)


def test_a_plan_that_moves_nothing_is_refused():
    with pytest.raises(ValueError, match="list of names"):
        Plan(move=())


def test_fine_tuning_resumes_to_the_bit_and_refuses_another_start_or_choice(tmp_path):
    class Killed(Exception):
        pass

    def kill(progress):
        if progress.step > 4:
            raise Killed

    def begin(name, patterns=("readout", "offsets"), **options):
        return run(tmp_path / name, model(**options), patterns, epochs=6)

    whole = begin("whole")()
    with pytest.raises(Killed):
        begin("part")(kill)
    resumed = begin("part")
    assert resumed.resume()
    assert 0 < int(resumed.state.step) < resumed.steps
    assert not changed(load(whole.last), load(resumed().last))
    other_fixed_weights = begin("part", key=jax.random.key(4))
    for other in (other_fixed_weights, begin("part", patterns=("readout",)), begin("part", e0={"H": -1.0, "O": 0.0})):
        with pytest.raises(ValueError, match="other settings, model or data"):
            other.resume()


def test_new_energies_of_free_atoms_leave_every_parameter_alone():
    old, new = shaken(model()), {"H": -14.0, "O": -2000.0}
    for potential in (old, cast(old, "float64"), Sum((ZBL(), old)), Sum((old, ZBL(), model(zbl=False)))):
        found = with_e0(potential, new)
        assert free_atom_energies(found) == new
        assert not changed(potential, found)
    assert free_atom_energies(with_e0(ZBL(), new)) == new
    assert free_atom_energies(with_e0(Sum((ZBL(), ZBL(cutoff=2.0))), new)) == new
    with pytest.raises(ValueError, match="missing for O"):
        with_e0(old, {"H": -14.0})


def labelled(potential, shift, count=12):
    """Water and hydroxyl with the energies of a potential, shifted by a constant for each element."""
    found = []
    for n, sample in enumerate(trimers(count, seed=5)):
        atoms = slice(0, 3 if n % 2 else 2)
        structure = system(sample.numbers[atoms], np.asarray(sample.system.positions)[atoms])
        energy = float(predict(potential, graph(structure, potential.cutoff), ["energy"]).energy[0])
        constant = sum_of_free_atoms(shift, structure.numbers)
        found.append(Sample(structure, energy=energy + constant, forces=np.zeros((structure.atoms, 3)), name=f"s#{n}"))
    return found


def test_a_network_inside_so3lr_is_tuned_and_gets_its_energies_of_free_atoms(tmp_path):
    heads = {"charge": True, "partial_charges": True, "hirshfeld_ratios": True}
    whole = SO3LR(shaken(model(**heads)), far_cutoff=5.0)
    assert free_atom_energies(whole) == E0
    assert {"network.readout", "network.charge_head", "network.scales"} <= set(parameter_groups(whole))
    charged = [s.but(system=system(s.numbers, s.system.positions, charge=0.0)) for s in trimers(16, seed=1)]
    new = shifted_energies(whole, charged).energies
    begun = with_e0(whole, new)
    assert free_atom_energies(begun) == new
    assert not changed(whole, begun)
    plan = Plan(epochs=1, batch_size=8, move=("network.readout", "network.charge_head"))
    moved = changed(begun, load(Run(begun, charged, charged[:8], plan, tmp_path, save)().last))
    assert {name.split(".")[1] for name in moved} == {"readout", "charge_head"}


@pytest.mark.parametrize("wrap", [lambda p: p, lambda p: Sum((ZBL(), p))])
def test_a_constant_for_each_element_is_found_and_nothing_else_enters(wrap):
    potential, shift = wrap(shaken(model())), {"H": 0.7, "O": -31.0}
    found = shifted_energies(potential, labelled(potential, shift))
    assert found.energies == pytest.approx({z: E0[z] + shift[z] for z in E0}, abs=2e-4)
    assert "start model, shifted by least squares over 12 structures for H O" in found.source
    given = shifted_energies(potential, labelled(potential, shift), {"H": -12.9})
    assert given.energies == pytest.approx({"H": -12.9, "O": E0["O"] + shift["O"]}, abs=2e-4)
    assert given.source.startswith("given (H); those of the start model, shifted")


def test_where_only_sums_are_determined_all_atoms_are_shifted_alike():
    potential = shaken(model())
    water = [s for s in labelled(potential, {"H": 3.0}) if s.system.atoms == 3]
    found = shifted_energies(potential, water)
    assert found.energies == pytest.approx({z: E0[z] + 2.0 for z in E0}, abs=2e-4)
    assert "only sums are determined" in found.source


def test_a_potential_without_energies_of_free_atoms_gets_them():
    shift = {"H": -13.0, "O": -2000.0}
    found = shifted_energies(ZBL(), labelled(ZBL(), shift))
    assert found.energies == pytest.approx(shift, abs=2e-4)
    after = with_e0(ZBL(), found.energies)
    for sample in labelled(ZBL(), shift, 2):
        energy = predict(after, graph(sample.system, after.cutoff), ["energy"]).energy[0]
        assert energy == pytest.approx(sample.energy, abs=1e-3)


def test_elements_without_an_energy_keep_theirs_and_unknown_ones_are_refused():
    wide = shaken(SO3krates(["H", "O", "C"], features=12, layers=1, heads=2, degrees=(1,), key=jax.random.key(0)))
    data = labelled(wide, {"H": 1.0, "O": -5.0})
    found = shifted_energies(wide, data)
    assert found.energies == pytest.approx({"H": 1.0, "C": 0.0, "O": -5.0}, abs=2e-4)
    assert "C as in the start model" in found.source
    with pytest.raises(ValueError, match=r"s#1: .*knows H and was given O"):
        shifted_energies(
            SO3krates(["H"], features=12, layers=1, heads=2, degrees=(1,), key=jax.random.key(0)), data[1:]
        )

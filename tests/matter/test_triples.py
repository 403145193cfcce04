"""Triples are all couples of short pairs of one atom, wherever their list is made, batched and padded."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import reaches, structures

from eukrates.matter import batch, graph, pad, size, system
from eukrates.matter.triples import coupled
from eukrates.testing.moves import permuted

modest = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def rows(graph, pairs):
    """Each pair as (i, j, image), i and j in the order of the atoms."""
    e = graph.near
    return [(int(e.i[p]), int(e.j[p]), *e.image[p].tolist()) for p in pairs]


def couples(graph):
    """The real triples of a graph as sorted couples of pairs."""
    t = graph.triples
    each = zip(rows(graph, t.first[t.real]), rows(graph, t.second[t.real]), strict=True)
    return sorted(tuple(sorted(couple)) for couple in each)


def brute_force(graph, cutoff):
    """Every couple of the pairs that are short enough, by looking at all."""
    lengths = np.linalg.norm(np.asarray(graph.vectors(graph.near)), axis=1)
    short = [p for p in range(lengths.size) if graph.near.real[p] and lengths[p] < cutoff]
    same = [(p, q) for p in short for q in short if p < q and graph.near.i[p] == graph.near.i[q]]
    return sorted(tuple(sorted(rows(graph, couple))) for couple in same)


@modest
@given(st.data())
def test_a_batch_has_the_triples_of_its_structures(data):
    parts = []
    for _ in range(2):
        structure = data.draw(structures(most=4))
        cutoff = data.draw(reaches(structure))
        parts.append((graph(structure, cutoff, triple_cutoff=0.8 * cutoff), 0.8 * cutoff))
    for one, reach in parts:
        assert couples(one) == brute_force(one, reach)
    joined = batch([one for one, _ in parts])
    padded = pad(joined)
    assert couples(padded) == couples(joined)
    assert size(joined).triples == sum(size(one).triples for one, _ in parts)
    shifted = [
        tuple((i + parts[0][0].system.atoms, j + parts[0][0].system.atoms, *n) for i, j, *n in couple)
        for couple in couples(parts[1][0])
    ]
    assert couples(joined) == sorted([*couples(parts[0][0]), *shifted])


def cluster():
    return system([1] * 12, np.random.default_rng(0).normal(size=(12, 3)) * 1.6)


def test_compiled_code_finds_the_same_and_says_how_much_room_it_needs():
    whole = graph(cluster(), 4.0, triple_cutoff=2.5)
    lengths = np.linalg.norm(np.asarray(whole.vectors(whole.near)), axis=1)
    count = whole.triples.first.size
    for room in (count + 9, count, count - 5):
        find = jax.jit(lambda within, room=room: coupled(whole.near, within, 2.5, room, jnp))
        found, needed = find(jnp.asarray(lengths < 2.5))
        assert int(needed) == count
        kept = min(room, count)
        assert int(found.real.sum()) == kept
        np.testing.assert_array_equal(found.first[:kept], whole.triples.first[:kept])
        np.testing.assert_array_equal(found.second[:kept], whole.triples.second[:kept])


def test_atoms_in_another_order_have_the_same_triples():
    whole = graph(cluster(), 4.0, triple_cutoff=2.5)
    order = np.random.default_rng(1).permutation(12)
    place = np.argsort(order)
    moved = sorted(tuple(sorted((place[i], place[j], *n) for i, j, *n in couple)) for couple in couples(whole))
    assert couples(permuted(whole, order)) == moved


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"within the 2\.0 Å of the pairs"):
        graph(cluster(), 2.0, triple_cutoff=2.5)
    with pytest.raises(ValueError, match="Some graphs have triples"):
        batch([graph(cluster(), 2.0), graph(cluster(), 2.0, triple_cutoff=1.5)])

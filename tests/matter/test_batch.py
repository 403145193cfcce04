"""Batches and padding keep what they hold, and nothing else enters."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import reaches, structures

from eukrates.matter import Size, batch, graph, pad, rounded, size, system

modest = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def water(charge=0.0, spin=0.0, far=None):
    r = np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    return graph(system([8, 1, 1], r, charge=charge, spin=spin), 2.0, far)


def worlds(data, count):
    """A few graphs of generated structures, with far edges or without."""
    far, found = data.draw(st.booleans()), []
    for _ in range(count):
        structure = data.draw(structures(most=3))
        cutoff = data.draw(reaches(structure))
        found.append(graph(structure, cutoff, 1.2 * cutoff if far else None))
    return found


def pairs_of(edges, system, n):
    """The real pairs of one system of a batch, by position of atoms within it: a list that can be sorted."""
    first = np.flatnonzero(system.owner == n)[0] if np.any(system.owner == n) else 0
    own = edges.real & (system.owner[edges.i] == n)
    assert np.array_equal(system.owner[edges.i[own]], system.owner[edges.j[own]])
    columns = (edges.i[own] - first, edges.j[own] - first, *edges.image[own].T)
    return sorted(zip(*(c.tolist() for c in columns), strict=True))


def halves_mirror(edges):
    h = edges.half
    same = (
        (edges.i[:h], edges.j[:h], edges.image[:h], edges.real[:h]),
        (
            edges.j[h:],
            edges.i[h:],
            -edges.image[h:],
            edges.real[h:],
        ),
    )
    return 2 * h == edges.i.size and all(np.array_equal(a, b) for a, b in zip(*same, strict=True))


@modest
@given(st.data(), st.integers(1, 3))
def test_a_padded_batch_holds_every_structure_and_nothing_else(data, count):
    parts = worlds(data, count)
    joined = pad(batch(parts))
    s = joined.system
    assert halves_mirror(joined.near)
    assert joined.far is None or halves_mirror(joined.far)
    for n, part in enumerate(parts):
        own = s.real & (s.owner == n)
        assert np.array_equal(s.numbers[own], part.system.numbers)
        assert np.array_equal(s.positions[own], part.system.positions)
        assert np.array_equal(s.cell[n], part.system.cell[0])
        assert pairs_of(joined.near, s, n) == pairs_of(part.near, part.system, 0)
        if part.far is not None:
            assert pairs_of(joined.far, s, n) == pairs_of(part.far, part.system, 0)
    assert joined.near.real.sum() == sum(p.near.i.size for p in parts)
    assert not s.numbers[~s.real].any()
    assert np.all(s.owner[~s.real] == s.systems - 1)
    assert not s.real[s.owner == s.systems - 1].any()
    assert np.all(joined.near.i[~joined.near.real] == s.atoms - 1)
    assert joined.near.cutoff == min(p.near.cutoff for p in parts)


@modest
@given(st.integers(0, 10**9), st.integers(1, 8))
def test_rounded_sizes_are_few_and_not_wasteful(n, bits):
    up = rounded(n, bits)
    assert n <= up <= n * (1 + 2.0 ** (1 - bits)) + 1
    assert rounded(up, bits) == up
    assert bin(up).rstrip("0").count("1") <= bits
    assert len(bin(up).rstrip("0")) - 2 <= bits


def test_a_batch_of_batches_is_a_batch():
    a, b, c = water(0), water(1), water(-1)
    nested, flat = batch([batch([a, b]), c]), batch([a, b, c])
    assert np.array_equal(nested.system.owner, flat.system.owner)
    assert np.array_equal(nested.system.charge, [0, 1, -1])
    assert size(nested) == size(flat) == Size(9, 18, 3, 0)
    assert halves_mirror(nested.near)


def test_real_systems_are_those_with_atoms():
    padded = pad(batch([water(), water()]), Size(10, 20, 5))
    assert np.array_equal(padded.system.real_systems, [True, True, False, False, False])


def test_padding_keeps_precision_and_is_exact_where_a_size_is_given():
    to = Size(7, 8, 3, 10)
    padded = pad(water(far=3.0), to)
    assert size(padded) == to
    assert padded.system.positions.dtype == np.float64
    assert padded.system.owner.dtype == padded.near.i.dtype == np.int32


@pytest.mark.parametrize("to", [Size(3, 6, 2), Size(4, 4, 2), Size(4, 6, 1), Size(4, 7, 2)])
def test_sizes_that_do_not_fit_are_refused(to):
    with pytest.raises(ValueError, match="at least Size"):
        pad(water(), to)


def test_what_only_some_state_is_refused_by_name():
    with pytest.raises(ValueError, match=r"charge .* missing for \[1\]"):
        batch([water(), water(charge=None)])
    with pytest.raises(ValueError, match="spin"):
        batch([water(spin=None), water()])
    with pytest.raises(ValueError, match="far_cutoff"):
        batch([water(), water(far=3.0)])
    with pytest.raises(ValueError, match="at least one graph"):
        batch([])


def test_what_nobody_states_stays_unknown():
    joined = pad(batch([water(None, None), water(None, None)]))
    assert joined.system.charge is None
    assert joined.system.spin is None

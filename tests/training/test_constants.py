"""Constants are kept in files and copied, and no training, no decay and no shaking moves them."""

import jax
import numpy as np
import pytest

from eukrates.models import load, save
from eukrates.numerics import is_float
from eukrates.physics.d4 import D4
from eukrates.potential import named_parameters, trainable_parameters
from eukrates.testing import shaken
from eukrates.training.moving import choose
from eukrates.training.optimiser import flatten

FITTED = {f"parameters.{name}" for name in ("s6", "s8", "a1", "a2", "scaleq")}


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def test_the_tables_of_d4_are_no_parameters_to_train():
    model = D4()
    assert {name for name, _ in trainable_parameters(model)} == FITTED
    assert {name for name, _ in named_parameters(model)} > FITTED
    chosen = choose(model)
    assert chosen.names == FITTED
    assert (chosen.parameters, chosen.of) == (5, 5)
    with pytest.raises(ValueError, match="names no parameter"):
        choose(model, ("tables",))


def test_the_optimiser_does_not_see_them_and_gives_them_back():
    model = D4()
    theta, flat = flatten(model)
    assert theta.size == 5
    moved = flat.finished(theta + 0.5)
    assert same(moved.tables, model.tables)
    assert not same(moved.parameters, model.parameters)


def test_shaking_leaves_them_alone():
    model = D4()
    assert same(shaken(model).tables, model.tables)
    assert not same(shaken(model).parameters, model.parameters)


def test_files_keep_them(tmp_path):
    model = shaken(D4({"O": -0.5}, far_cutoff=9.0, a1=0.5))
    back = load(save(model, tmp_path / "d4.safetensors"))
    assert same(back, model)
    assert (back.charges, back.far_cutoff, back.a1) == ({"O": -0.5}, 9.0, 0.5)
    assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves(back) if is_float(leaf))

"""The model file: round trips, and every way in which a file can be wrong."""

import json
import struct

import jax
import numpy as np
import pytest

import eukrates
from eukrates.models import ModelFileError, SO3krates, build, describe, load, read_header, save
from eukrates.numerics import cast
from eukrates.physics.zbl import ZBL
from eukrates.potential import Sum


@pytest.fixture(scope="module")
def model():
    options = {"features": 12, "layers": 2, "heads": 2, "degrees": (1, 2), "basis_size": 6, "charge": True}
    return SO3krates(["H", "O"], **options, e0={"H": -13.6, "O": -2041.123456789}, key=jax.random.key(1))


@pytest.fixture(scope="module")
def water():
    return eukrates.system([8, 1, 1], [[0, 0, 0], [0, 0, 0.96], [0, 0.93, -0.24]], charge=0.0)


@pytest.fixture
def path(model, tmp_path):
    return save(model, tmp_path / "model.safetensors", {"level_of_theory": "PBE", "licence": "MIT"})


def same(a, b):
    return jax.tree.structure(a) == jax.tree.structure(b) and all(
        np.asarray(x).dtype == np.asarray(y).dtype and np.array_equal(x, y)
        for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )


def test_what_is_loaded_is_what_was_saved(model, path, water):
    assert same(load(path), model)
    graph = eukrates.graph(water, model.cutoff)
    assert eukrates.predict(load(path), graph).energy == eukrates.predict(model, graph).energy


def test_float64_models_stay_float64(model, tmp_path):
    double = cast(model, "float64")
    assert same(load(save(double, tmp_path / "double.safetensors")), double)


def test_sums_are_saved_with_their_parts(model, tmp_path):
    both = Sum((model, ZBL(cutoff=2.0, off=1.2)))
    loaded = load(save(both, tmp_path / "sum.safetensors"))
    assert same(loaded, both)
    assert loaded.parts[1].off == 1.2


def test_the_header_says_what_the_file_is(path):
    header = read_header(path)
    assert header["schema"] == 1
    assert header["architecture"]["so3krates"]["degrees"] == [1, 2]
    assert header["units"] == {"energy": "eV", "length": "Angstrom", "charge": "e"}
    assert header["elements"] == ["H", "O"]
    assert header["e0"]["O"] == -2041.123456789
    assert header["card"]["licence"] == "MIT"


def test_describe_and_build_are_inverse(model):
    again = build(describe(model), key=jax.random.key(1))
    assert same(again, model)


def changed_header(data: bytes, change) -> bytes:
    (length,) = struct.unpack("<Q", data[:8])
    outer = json.loads(data[8 : 8 + length])
    header = json.loads(outer["__metadata__"]["eukrates"])
    outer["__metadata__"]["eukrates"] = json.dumps(change(header))
    text = json.dumps(outer).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


WAYS = {
    "cut at the end": lambda d: d[:-100],
    "cut in the header": lambda d: d[:50],
    "empty": lambda d: b"",
    "not a model": lambda d: b"hello, I am a text file",
    "one bit of a weight": lambda d: d[:-9] + bytes([d[-9] ^ 1]) + d[-8:],
    "another E0": lambda d: changed_header(d, lambda h: h | {"e0": {"H": -13.7, "O": -2041.0}}),
    "another cutoff": lambda d: changed_header(
        d, lambda h: h | {"architecture": {"so3krates": h["architecture"]["so3krates"] | {"cutoff": 4.0}}}
    ),
    "no header": lambda d: changed_header(d, lambda h: {}),
    "from the future": lambda d: changed_header(d, lambda h: h | {"schema": 99}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_file_is_refused(way, path):
    path.write_bytes(WAYS[way](path.read_bytes()))
    expected = "upgrade" if way == "from the future" else "truncated|changed after|no readable header"
    for reader in (load, read_header):
        with pytest.raises(ModelFileError, match=expected):
            reader(path)


def test_an_old_file_is_upgraded_one_schema_after_the_other(path, model, monkeypatch):
    """As if names had changed twice since it was written."""
    from eukrates.models import file

    assert set(file.UPGRADES) == set(range(1, file.SCHEMA))
    data, new = path.read_bytes(), "another licence"
    steps = {
        1: lambda header, arrays: (header | {"schema": 2, "card": {"licence": new}}, arrays),
        2: lambda header, arrays: (header | {"schema": 3, "card": header["card"] | {"seen": header["schema"]}}, arrays),
    }
    monkeypatch.setattr(file, "SCHEMA", 3)
    monkeypatch.setattr(file, "UPGRADES", steps)
    assert read_header(path)["card"] == {"licence": new, "seen": 2}
    assert same(load(path), model)
    assert path.read_bytes() == data


def test_a_file_that_names_code_runs_none(path):
    """An architecture outside the catalogue is an error, even with a digest that fits."""
    from eukrates.models import file

    header, arrays = file._read(path)
    header["architecture"] = {"os.system": {"command": "true"}}
    header["digest"] = file._digest(header, arrays)
    import safetensors.numpy

    path.write_bytes(safetensors.numpy.save(arrays, metadata={"eukrates": json.dumps(header)}))
    with pytest.raises(ModelFileError, match=r"Unknown potential 'os\.system'"):
        load(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no model file"):
        load(tmp_path / "nothing.safetensors")


def test_saving_what_must_not_be_saved_leaves_the_old_file(model, path):
    before = path.read_bytes()
    broken = jax.tree.map(lambda leaf: leaf * np.nan, model)
    with pytest.raises(ValueError, match="not finite"):
        save(broken, path)
    with pytest.raises(ValueError, match="plain JSON"):
        save(model, path, {"date": object()})
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_wrong_options_are_named_with_their_near_miss():
    with pytest.raises(ValueError, match=r"Unknown potential 'so3krate'\. Did you mean 'so3krates'\?"):
        build({"so3krate": {}})
    with pytest.raises(ValueError, match=r"no option 'featurs'\. Did you mean 'features'\?"):
        build({"so3krates": {"elements": ["H"], "featurs": 8}}, key=jax.random.key(0))

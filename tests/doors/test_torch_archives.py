"""Archives of PyTorch are read without PyTorch, and nothing in them is run."""

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from eukrates.app.cli import run
from eukrates.models import load, read_header
from eukrates.models.archive import read_archive

KINDS = {"<f4": "FloatStorage", "<f8": "DoubleStorage", "<i8": "LongStorage"}


@pytest.fixture
def as_torch(monkeypatch):
    """Writes what `torch.save` writes: (path, tree with arrays) → path."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in KINDS.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def rebuild(*given):
        raise NotImplementedError("only its name is written")

    rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = ("torch._utils", *["_rebuild_tensor_v2"] * 2)
    utils._rebuild_tensor_v2 = rebuild
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    class Storage:
        def __init__(self, array):
            self.array = array

    class Tensor:
        def __init__(self, array):
            self.array = array

        def __reduce__(self):
            strides = tuple(step // self.array.itemsize for step in self.array.strides)
            given = (Storage(self.array), 0, self.array.shape, strides, False, OrderedDict())
            return utils._rebuild_tensor_v2, given

    def wrapped(tree):
        if isinstance(tree, dict):
            return type(tree)((name, wrapped(branch)) for name, branch in tree.items())
        return Tensor(tree) if isinstance(tree, np.ndarray) else tree

    def written(path, tree, order=b"little"):
        stored: list[np.ndarray] = []

        class Pickler(pickle.Pickler):
            def persistent_id(self, one):
                if not isinstance(one, Storage):
                    return None
                stored.append(one.array)
                kind = getattr(torch, KINDS[one.array.dtype.str])
                return ("storage", kind, str(len(stored) - 1), "cpu", one.array.size)

        stream = io.BytesIO()
        Pickler(stream, protocol=2).dump(wrapped(tree))
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", stream.getvalue())
            archive.writestr("archive/byteorder", order)
            for n, array in enumerate(stored):
                archive.writestr(f"archive/data/{n}", array.tobytes("A"))  # as it lies in memory
        return path

    return written


def test_arrays_and_plain_values_come_back(as_torch, tmp_path):
    turned = np.arange(6.0, dtype=np.float32).reshape(2, 3).T  # strides other than those of its shape
    state = OrderedDict(a=turned, b=np.arange(4), c=np.array(2.5), d=np.zeros((0, 3), np.float32))
    path = as_torch(tmp_path / "m.pth", {"cutoff": 5.0, "lr_cutoff": None, "state_dict": state})
    arrays, settings = read_archive(path)
    assert settings == {"cutoff": 5.0, "lr_cutoff": None}
    for name, array in state.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
    alone, none = read_archive(as_torch(tmp_path / "n.pth", state))
    assert (set(alone), none) == (set(state), {})
    (tmp_path / "hyperparameters.json").write_text('{"cutoff": 6.0}')
    assert read_archive(path)[1] == {"cutoff": 6.0}


def test_what_is_not_a_state_dictionary_is_refused(as_torch, tmp_path, capsys):
    class Evil:
        def __reduce__(self):
            return print, ("owned",)

    path = tmp_path / "m.pth"
    with pytest.raises(ValueError, match=r"asks for (builtins|__builtin__)\.print; only tensors are read"):
        read_archive(as_torch(path, {"state_dict": {"a": Evil()}}))
    assert "owned" not in capsys.readouterr().out
    with pytest.raises(ValueError, match="plain values beside"):
        read_archive(as_torch(path, {"cutoff": [5.0], "state_dict": {}}))
    with pytest.raises(ValueError, match="big-endian"):
        read_archive(as_torch(path, {"a": np.zeros(2)}, order=b"big"))
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ValueError, match=r"no zip archive, as PyTorch has written since 1\.6"):
        read_archive(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/other.pkl", b"")
    with pytest.raises(ValueError, match=r"holds no data\.pkl"):
        read_archive(path)


def test_a_tensor_that_reaches_beyond_its_storage_is_refused():
    from eukrates.models.archive import _tensor

    numbers = np.arange(6.0)
    np.testing.assert_array_equal(_tensor(numbers, 1, (2, 2), (2, 1)), [[1, 2], [3, 4]])
    for offset, shape, strides in ((0, (7,), (1,)), (5, (2,), (1,)), (0, (2, 2), (5, 1)), (0, (2,), (-1,))):
        with pytest.raises(ValueError, match="reaches beyond"):
            _tensor(numbers, offset, shape, strides)


def test_the_published_archive_and_its_flat_arrays_give_the_same_genuine_model(as_torch, shared, tmp_path, capsys):
    import json

    folder = shared / "weights/spookynet"
    settings = json.loads((folder / "hyperparameters.json").read_text())
    state = OrderedDict(np.load(folder / "weights.npz"))
    path = as_torch(tmp_path / "parameters.pth", settings | {"state_dict": state})
    outs = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors")]
    assert run(["convert", "spookynet", str(path), "-o", outs[0]]) == 0
    assert run(["convert", "spookynet", str(folder / "weights.npz"), "-o", outs[1]]) == 0
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    card = read_header(outs[0])["card"]
    assert (card["licence"], card["level_of_theory"]) == ("MIT", "GFN2-xTB")
    assert "cite Unke" in capsys.readouterr().out
    model = load(outs[0])
    assert (len(model.elements), model.needs, model.codata) == (86, ("charge", "spin"), 2014)

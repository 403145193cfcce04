"""Published parameters read from disk without running anything that a file may say.

Pickles are read by unpicklers that know a few names and refuse all others before they are looked up.
"""

import json
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

HYPERPARAMETERS = "hyperparameters.json"
_HARMLESS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *((f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")),
    *((f"numpy.{core}.multiarray", "scalar") for core in ("core", "_core")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
}
_STORAGES = {  # of PyTorch, as NumPy names what is in them
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_PLAIN = (str, bool, int, float, type(None))
STATE = "state_dict"


def read_archive(path: str | Path, settings: str | Path | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays by their path ("params/layers_0/…", or "module.0…" in files of PyTorch), and the hyperparameters.

    Args:
        path: a pickle of nested dictionaries of NumPy arrays (`params.pkl`), an .npz of the same arrays with their
            paths as names, or an archive of PyTorch (.pth, .pt) with a state dictionary and plain values beside it.
            The first two need `hyperparameters.json` in the same folder; in the third the plain values are them,
            unless there is that file.
        settings: the file of hyperparameters, if it has another name.

    Raises:
        ValueError: a missing or unreadable file, or a pickle that holds anything but dictionaries, arrays and numbers;
            nothing in it is run.
    """
    path = Path(path)
    beside = path.with_name(HYPERPARAMETERS) if settings is None else Path(settings)
    of_torch = path.suffix in (".pth", ".pt")
    for needed in (path,) if of_torch else (path, beside):
        if not needed.is_file():
            raise ValueError(f"There is no file {needed}. The parameters need {beside.name} in the same folder.")
    if of_torch:
        arrays, found = _from_torch(path)
        return arrays, _settings(beside) if beside.is_file() else found
    return (_from_npz(path) if path.suffix == ".npz" else _from_pickle(path)), _settings(beside)


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}.") from error
    if not isinstance(settings, dict):
        raise ValueError(f"Expected a dictionary in {path}, got {type(settings).__name__}.")
    return settings


def _from_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        raise ValueError(f"{path} is not an .npz of plain arrays: it is damaged, or holds Python objects.") from error


def _from_pickle(path: Path) -> dict[str, np.ndarray]:
    return dict(_flat(_read(path, lambda: _ArraysOnly(BytesIO(path.read_bytes())).load())))


def _from_torch(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """A state dictionary, and the plain values beside it (of none, if it stands alone)."""
    tree = _read(path, lambda: _tree_of_torch(path))
    if not isinstance(tree, Mapping):
        raise ValueError(f"Expected a dictionary in {path}, got {type(tree).__name__}.")
    state = tree.get(STATE)
    if state is None:
        return dict(_flat(tree)), {}
    settings = {name: value for name, value in tree.items() if name != STATE}
    strange = [name for name, value in settings.items() if not isinstance(value, _PLAIN)]
    if strange:
        raise ValueError(f"Expected plain values beside the state dictionary of {path}; {strange[0]} is none.")
    return dict(_flat(state)), settings


def _read(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a readable pickle: {error!r}.") from error


def _tree_of_torch(path: Path) -> Any:
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} is no zip archive, as PyTorch has written since 1.6. Load an older file there and save it anew."
        )
    with zipfile.ZipFile(path) as archive:
        inner = next((name for name in archive.namelist() if f"/{name}".endswith("/data.pkl")), None)
        if inner is None:
            raise ValueError(f"{path} is not an archive of PyTorch: it holds no data.pkl.")
        return _TensorsOnly(BytesIO(archive.read(inner)), archive, inner.removesuffix("data.pkl")).load()


class _ArraysOnly(pickle.Unpickler):
    """Unpickles what is needed to build NumPy arrays; every other name is refused before it is looked up."""

    def find_class(self, module: str, name: str) -> Any:
        """A name from the short list of harmless ones."""
        if (module, name) not in _HARMLESS:
            raise ValueError(f"The pickle asks for {module}.{name}; only arrays are read and nothing is run. Refused.")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


class _TensorsOnly(pickle.Unpickler):
    """Unpickles the archive of a state dictionary: tensors as NumPy arrays; every other name is refused."""

    def __init__(self, stream: BytesIO, archive: zipfile.ZipFile, prefix: str):
        super().__init__(stream)
        self.archive, self.prefix = archive, prefix

    def find_class(self, module: str, name: str) -> Any:
        """One of our functions for the few names that tensors need; nothing is imported."""
        if (module, name) in self.known:
            return self.known[module, name]
        if module == "torch" and name in _STORAGES:
            return np.dtype(_STORAGES[name]).newbyteorder("<")
        raise ValueError(f"The pickle asks for {module}.{name}; only tensors are read and nothing is run. Refused.")

    def persistent_load(self, pid: Any) -> np.ndarray:
        """The numbers of a storage, from their place in the archive."""
        kind, dtype, key = pid[:3]
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise ValueError(f"Expected the storage of a tensor, got {pid!r}.")
        order = f"{self.prefix}byteorder"
        if order in self.archive.namelist() and self.archive.read(order).strip() != b"little":
            raise ValueError("The tensors are stored in big-endian order, which is not read.")
        return np.frombuffer(self.archive.read(f"{self.prefix}data/{key}"), dtype)

    known: ClassVar[dict[tuple[str, str], Callable]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda *given: _tensor(*given[:4]),
        ("torch._utils", "_rebuild_parameter"): lambda *given: given[0],
    }


def _tensor(storage: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    """A copy of the view that a tensor is of its storage."""
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if min((offset, *shape, *strides)) < 0 or (0 not in shape and last >= storage.size):
        raise ValueError(f"A tensor of shape {shape} reaches beyond the numbers stored for it.")
    bytes_of = [step * storage.itemsize for step in strides]
    return np.array(np.lib.stride_tricks.as_strided(storage[offset:], shape, bytes_of))


def _flat(tree: Any, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from _flat(branch, f"{prefix}/{name}" if prefix else str(name))
    elif isinstance(tree, np.ndarray) and tree.dtype.kind in "fiu":
        yield prefix, tree
    else:
        kind, where = type(tree).__name__, prefix or "the file"
        raise ValueError(f"Expected nested dictionaries of numeric arrays; {where} is a {kind}.")

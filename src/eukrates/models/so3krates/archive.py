"""Published parameters read from disk without running anything that a file may say."""

import json
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

HYPERPARAMETERS = "hyperparameters.json"
_HARMLESS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *((f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")),
    *((f"numpy.{core}.multiarray", "scalar") for core in ("core", "_core")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
}


def read_archive(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays by their path ("params/layers_0/…"), and the hyperparameters from `hyperparameters.json` beside them.

    Args:
        path: a pickle of nested dictionaries of NumPy arrays (`params.pkl`), or an .npz of the same arrays with their
            paths as names.

    Raises:
        ValueError: a missing or unreadable file, or a pickle that holds anything but dictionaries, arrays and numbers;
            nothing in it is run.
    """
    path = Path(path)
    beside = path.with_name(HYPERPARAMETERS)
    for needed in (path, beside):
        if not needed.is_file():
            raise ValueError(f"There is no file {needed}. The parameters need {HYPERPARAMETERS} in the same folder.")
    try:
        settings = json.loads(beside.read_text())
    except ValueError as error:
        raise ValueError(f"{beside} is not JSON: {error}.") from error
    if not isinstance(settings, dict):
        raise ValueError(f"Expected a dictionary in {beside}, got {type(settings).__name__}.")
    return (_from_npz(path) if path.suffix == ".npz" else _from_pickle(path)), settings


def _from_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        raise ValueError(f"{path} is not an .npz of plain arrays: it is damaged, or holds Python objects.") from error


def _from_pickle(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as stream:
            tree = _ArraysOnly(stream).load()
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a readable pickle: {error!r}.") from error
    return dict(_flat(tree))


class _ArraysOnly(pickle.Unpickler):
    """Unpickles what is needed to build NumPy arrays; every other name is refused before it is looked up."""

    def find_class(self, module: str, name: str) -> Any:
        """A name from the short list of harmless ones."""
        if (module, name) not in _HARMLESS:
            raise ValueError(f"The pickle asks for {module}.{name}; only arrays are read and nothing is run. Refused.")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _flat(tree: Any, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from _flat(branch, f"{prefix}/{name}" if prefix else str(name))
    elif isinstance(tree, np.ndarray) and tree.dtype.kind in "fiu":
        yield prefix, tree
    else:
        kind, where = type(tree).__name__, prefix or "the file"
        raise ValueError(f"Expected nested dictionaries of numeric arrays; {where} is a {kind}.")

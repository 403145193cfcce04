"""The files of NeuroChem, the program that published ANI: read as data, whatever they say.

NAME.info names a file of constants (*.params), one of energies of atoms, the prefix of the folders of members, and
their number. PREFIX0/networks/ANN-H.nnf, … describe the networks: the length of a text, "=", a line's end, and the text
itself by bzip2. The weights and biases that it names are bare float32, little-endian, rows by output.
"""

import bz2
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

CELU, LINEAR = 9, 6  # numbers of activations
LARGEST = 1 << 20  # bytes of a description, unpacked; published ones have some thousand
_NUMBERS = {"radial": ("Rcr", "EtaR", "ShfR"), "angular": ("Rca", "EtaA", "Zeta", "ShfA", "ShfZ")}
_NAMES = {"radial": ("cutoff", "eta", "shifts"), "angular": ("cutoff", "eta", "zeta", "shifts", "sections")}


def read_neurochem(info: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays by element and layer ("H/w0" [members, outputs, inputs], "H/b0" [members, outputs]), and constants.

    The constants are `species`, `radial`, `angular` (see `ani.environment`) and `self_energies` in Hartree, by species.

    Raises:
        ValueError: a file that is missing or not of this format; nothing in it is run.
    """
    info = Path(info)
    lines = [line.strip() for line in _text(info).splitlines() if line.strip()]
    if len(lines) != 4 or not lines[3].isdigit() or int(lines[3]) < 1:
        raise ValueError(f"Expected four lines in {info}: constants, energies, prefix of folders, number of members.")
    params, energies, prefix, count = lines
    constants = _constants(info.parent / params)
    species = constants["species"]
    constants["self_energies"] = _energies(info.parent / energies, species)
    members = [
        {f"{s}/{name}": array for s in species for name, array in _network(folder, s)}
        for folder in (info.parent / f"{prefix}{m}" / "networks" for m in range(int(count)))
    ]
    if any(member[name].shape != members[0].get(name, member[name]).shape for member in members for name in member):
        raise ValueError(f"The members of {info} are networks of different shapes.")
    return {name: np.stack([member[name] for member in members]) for name in members[0]}, constants


def _constants(path: Path) -> dict[str, Any]:
    found = dict(re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", _text(path), re.M))
    try:
        species = [symbol.strip() for symbol in found["Atyp"].strip("[]").split(",")]
        whole: dict[str, Any] = {"species": species}
        for part, keys in _NUMBERS.items():
            lists = {name: _list(found[key]) for name, key in zip(_NAMES[part], keys, strict=True)}
            many = ("shifts", "sections")
            whole[part] = {name: values if name in many else _only(values) for name, values in lists.items()}
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} is no file of constants of NeuroChem: {error}.") from error
    return whole


def _list(text: str) -> list[float]:
    return [float(number) for number in text.strip("[]").split(",")]


def _only(values: list[float]) -> float:
    (value,) = values
    return value


def _energies(path: Path, species: list[str]) -> list[float]:
    found = {s: float(e) for s, e in re.findall(r"^\s*(\w+)\s*,\s*\d+\s*=\s*([-+.\deE]+)\s*$", _text(path), re.M)}
    if missing := [s for s in species if s not in found]:
        raise ValueError(f"{path} lacks energies of {', '.join(missing)}.")
    return [found[s] for s in species]


def _network(folder: Path, symbol: str) -> Iterator[tuple[str, np.ndarray]]:
    """ "w0", "b0", … of one element and member."""
    path = folder / f"ANN-{symbol}.nnf"
    layers = re.findall(r"layer \[(.*?)\]\s*(?=layer|\$)", _described(path), re.S)
    fans = [
        dict(re.findall(r"^\s*(nodes|blocksize|activation|weights|biases)=(.*?);\s*$", one, re.M)) for one in layers
    ]
    if not fans or any(len(layer) != 5 for layer in fans):
        raise ValueError(f"{path} describes no layers with nodes, blocksize, activation, weights and biases.")
    kinds = [int(layer["activation"]) for layer in fans]
    if kinds != [CELU] * (len(fans) - 1) + [LINEAR]:
        raise ValueError(f"Expected activations {CELU} (CELU) and at the end {LINEAR} (none) in {path}, got {kinds}.")
    for n, layer in enumerate(fans):
        outputs, inputs = int(layer["nodes"]), int(layer["blocksize"])
        yield f"w{n}", _numbers(path, layer["weights"], outputs * inputs).reshape(outputs, inputs)
        yield f"b{n}", _numbers(path, layer["biases"], outputs)


def _described(path: Path) -> str:
    """The text inside a .nnf file."""
    data = _bytes(path)
    length, _, packed = data.partition(b"=\n")
    try:
        expected = int(length)
        text = bz2.BZ2Decompressor().decompress(packed, LARGEST)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path} is no description of a network of NeuroChem: {error}.") from error
    if len(text) != expected:
        raise ValueError(f"{path} is damaged: expected a text of {expected} bytes, found {len(text)}.")
    return text.rstrip(b"\0").decode("ascii", errors="replace")


def _numbers(path: Path, told: str, count: int) -> np.ndarray:
    """The float32 of "FILE:name[count]", in the folder of the description."""
    match = re.fullmatch(r"FILE:([\w.+-]+)\[(\d+)\]", told)
    if match is None or int(match[2]) != count:
        raise ValueError(f"Expected FILE:name[{count}] in {path}, got {told}.")
    there = path.with_name(match[1])
    found = np.frombuffer(_bytes(there), "<f4")
    if found.size != count:
        raise ValueError(f"Expected {count} numbers in {there}, found {found.size}.")
    return found


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", errors="replace")


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    return path.read_bytes()

"""Published models: converted from the files of their authors, and fetched from their public homes."""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from eukrates.files import cache
from eukrates.models import load, save
from eukrates.models.archive import HYPERPARAMETERS, read_archive
from eukrates.models.so3krates.published import so3lr
from eukrates.models.spookynet.published import spookynet
from eukrates.near_miss import near_miss
from eukrates.potential import Potential

Reader = Callable[[Mapping[str, np.ndarray], Mapping[str, Any]], Potential]


@dataclass(frozen=True)
class Published:
    """A published model: how its parameters become ours, where they live, what they must be, what to say about them."""

    build: Reader
    home: str  # URL of the folder
    file: str
    digest: str  # of the arrays and hyperparameters, see `content_digest`
    card: dict[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        """What is fetched: archives of PyTorch carry their hyperparameters."""
        return (self.file,) if self.file.endswith(".pth") else (self.file, HYPERPARAMETERS)

    @property
    def source(self) -> str:
        """URL of the parameters."""
        return f"{self.home}/{self.file}"


MODELS = {
    "so3lr": Published(
        build=so3lr,
        home="https://raw.githubusercontent.com/general-molecular-simulations/so3lr/main/so3lr/params",
        file="params.pkl",
        digest="f535384b113db57b3264c4e7f0f2c64e11ec492374e274cdb9a623c24d9a648d",
        card={
            "level_of_theory": "PBE0+MBD",
            "licence": "MIT",
            "authors": "A. Kabylda, J. T. Frank, S. Suárez-Dou, A. Khabibrakhmanov, L. Medrano Sandonas, O. T. Unke, "
            "S. Chmiela, K.-R. Müller, A. Tkatchenko",
            "citation": "Kabylda et al., J. Am. Chem. Soc. 147, 33723 (2025), doi:10.1021/jacs.5c09558",
            "description": "SO3LR: organic and biological molecules of H, C, N, O, F, P, S, Cl. Trained on forces, "
            "dipoles and Hirshfeld ratios: energies are relative, with no atoms as zero.",
        },
    ),
    "spookynet": Published(
        build=spookynet,
        home="https://raw.githubusercontent.com/OUnke/SpookyNet/66f3fe0e0c2db6f70357a1524ba9ec25f27367d9",
        file="parameters.pth",
        digest="19df8a416795ae23310abe39e2fad08bce337186cc23014a185cb8ffad6f530d",
        card={
            "level_of_theory": "GFN2-xTB",
            "licence": "MIT",
            "authors": "O. T. Unke, S. Chmiela, M. Gastegger, K. T. Schütt, H. E. Sauceda, K.-R. Müller",
            "citation": "Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0",
            "description": "SpookyNet: the small demonstration model of its repository, hydrogen to radon, any charge "
            "and spin. Energies against free neutral atoms in their ground states. For comparing programs, not for "
            "chemistry: energies of ordinary molecules are off by up to several eV.",
        },
    ),
}


def convert(name: str, parameters: str | Path, out: str | Path) -> Path:
    """Write the published model `name` as a model file, from its parameters and the `hyperparameters.json` beside them.

    Raises:
        ValueError: an unknown name, files that cannot be read, or parameters that are not of this architecture.
    """
    known = _known(name)
    arrays, settings = read_archive(parameters)
    genuine = content_digest(arrays, settings) == known.digest
    source = known.source if genuine else f"{Path(parameters).name}, not the published parameters"
    return _saved(name, arrays, settings, source, out)


def pull(name: str, tell: Callable[[str], None] = print) -> Path:
    """The published model `name` from its public home, verified and converted; from the cache if it is there.

    The cache is $EUKRATES_CACHE, or eukrates/ in $XDG_CACHE_HOME or ~/.cache.

    Raises:
        ValueError: an unknown name, no connection (the message says what to do by hand), or other contents than known.
    """
    known, place = _known(name), cache() / f"{name}.safetensors"
    if place.exists():
        load(place)  # its digest is checked
        tell(f"{place} is there already. Licence {known.card['licence']}; cite {known.card['citation']}.")
        return place
    with TemporaryDirectory() as folder:
        for file in known.files:
            tell(f"Fetching {known.home}/{file}")
            (Path(folder) / file).write_bytes(_fetched(f"{known.home}/{file}", name))
        arrays, settings = read_archive(Path(folder) / known.file)
        if (found := content_digest(arrays, settings)) != known.digest:
            raise ValueError(
                f"The parameters at {known.home} are not those that this version knows: digest {found}, expected "
                f"{known.digest}. They may be newer: fetch them yourself and use `eukrates convert {name}`."
            )
    _saved(name, arrays, settings, known.source, place)
    tell(f"Wrote {place}. Licence {known.card['licence']}; cite {known.card['citation']}.")
    return place


def content_digest(arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> str:
    """SHA-256 of names, shapes and float32 values of arrays and of what the hyperparameters say about the model."""
    sha = hashlib.sha256(json.dumps(_about_the_model(settings), sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name], "<f4")
        sha.update(f"{name}{array.shape}".encode() + array.tobytes())
    return sha.hexdigest()


def _about_the_model(settings: Mapping[str, Any]) -> Any:
    if "model" not in settings:
        return dict(settings)
    return [settings["model"], (settings.get("data") or {}).get("avg_num_neighbors")]


def _saved(name: str, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any], source: str, out) -> Path:
    known = _known(name)
    card = known.card if source == known.source else {"architecture_of": name}  # what is known of others is nothing
    return save(known.build(arrays, settings), out, {**card, "source": source, "converted_from": name})


def _known(name: str) -> Published:
    if name not in MODELS:
        raise ValueError(f"Unknown published model {name!r}{near_miss(name, MODELS)} Known: {', '.join(MODELS)}.")
    return MODELS[name]


def _fetched(url: str, name: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError) as error:
        known = MODELS[name]
        raise ValueError(
            f"{url} could not be fetched ({error}). Without a network: fetch {' and '.join(known.files)} there on "
            f"another machine, into one folder, then: eukrates convert {name} {known.file} -o {name}.safetensors"
        ) from error

"""Published models: converted from the files of their authors, and fetched from their public homes."""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from eukrates.app.published_models import MODELS, Published
from eukrates.files import cache
from eukrates.models import load, read_header, save
from eukrates.near_miss import near_miss


def convert(name: str, parameters: str | Path, out: str | Path) -> Path:
    """Write the published model `name` as a model file, from its parameters and what must lie beside them.

    Raises:
        ValueError: an unknown name, files that cannot be read, or parameters that are not of this architecture.
    """
    known = _known(name)
    arrays, settings = known.read(parameters)
    card = known.cards.get(content_digest(arrays, settings))
    if card is None:  # what is known of others is nothing
        card = {"architecture_of": name, "source": f"{Path(parameters).name}, not the published parameters"}
    return _saved(name, arrays, settings, {"source": known.source, **card}, out)


def pull(name: str, tell: Callable[[str], None] = print) -> Path:
    """The published model `name` from its public home, verified and converted; from the cache if it is there.

    The cache is $EUKRATES_CACHE, or eukrates/ in $XDG_CACHE_HOME or ~/.cache.

    Raises:
        ValueError: an unknown name, no connection (the message says what to do by hand), or other contents than known.
    """
    known, place = _known(name), cache() / f"{name}.safetensors"
    if known.file is None:
        raise ValueError(
            f"{name} is published as hundreds of files: fetch {known.home} as a whole (git clone), then "
            f"`eukrates convert {name} FILE -o {name}.safetensors`; see docs/{name}.md."
        )
    if place.exists():
        load(place)  # its digest is checked
        tell(f"{place} is there already. {_terms(read_header(place)['card'])}")
        return place
    with TemporaryDirectory() as folder:
        for file in known.files:
            tell(f"Fetching {known.home}/{file}")
            (Path(folder) / file).write_bytes(_fetched(f"{known.home}/{file}", name))
        arrays, settings = known.read(Path(folder) / known.file)
        if (found := content_digest(arrays, settings)) not in known.cards:
            raise ValueError(
                f"The parameters at {known.home} are not those that this version knows: digest {found}, expected "
                f"{' or '.join(known.cards)}. They may be newer: fetch them yourself and use `eukrates convert {name}`."
            )
    card = {"source": known.source, **known.cards[found]}
    _saved(name, arrays, settings, card, place)
    tell(f"Wrote {place}. {_terms(card)}")
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


def _saved(name: str, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any], card: Mapping, out) -> Path:
    return save(_known(name).build(arrays, settings), out, {**card, "converted_from": name})


def _terms(card: Mapping[str, str]) -> str:
    return f"Licence {card['licence']}; cite {card['citation']}."


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

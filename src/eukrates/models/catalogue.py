"""The catalogue: every potential that a model file or a YAML file can name, and constructor calls spelled as data."""

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from eukrates.models.ani import ANI
from eukrates.models.so3krates import SO3LR, SO3krates
from eukrates.models.spookynet import SpookyNet
from eukrates.near_miss import near_miss
from eukrates.physics.coulomb import Coulomb
from eukrates.physics.d4 import D4
from eukrates.physics.damped_coulomb import DampedCoulomb
from eukrates.physics.dispersion import Dispersion
from eukrates.physics.ewald_coulomb import EwaldCoulomb
from eukrates.physics.lennard_jones import LennardJones
from eukrates.physics.zbl import ZBL
from eukrates.potential import Ensemble, FreeAtoms, Potential, Sum

CATALOGUE: dict[str, type[Potential]] = {
    "so3krates": SO3krates,
    "so3lr": SO3LR,
    "spookynet": SpookyNet,
    "ani": ANI,
    "zbl": ZBL,
    "coulomb": Coulomb,
    "damped_coulomb": DampedCoulomb,
    "ewald_coulomb": EwaldCoulomb,
    "dispersion": Dispersion,
    "d4": D4,
    "lennard_jones": LennardJones,
    "free_atoms": FreeAtoms,
    "sum": Sum,
    "ensemble": Ensemble,
}
INFINITE = "inf"  # as an infinite number is spelled in JSON, which has none


def build(spec: Mapping[str, Any], **defaults) -> Potential:
    """{"zbl": {"cutoff": 1.8}} → ZBL(cutoff=1.8). Nothing more.

    Args:
        spec: one name of the catalogue with its constructor arguments; potentials inside lists are built too. "inf" is
            the infinite number.
        defaults: arguments such as `key`, given to those constructors that take them and were not told otherwise.

    Raises:
        ValueError: an unknown name or argument, with the nearest known one.
    """
    if not isinstance(spec, Mapping) or len(spec) != 1:
        raise ValueError(f"Expected one potential as {{name: {{options}}}}, got {spec!r}.")
    ((name, options),) = spec.items()
    if name not in CATALOGUE:
        raise ValueError(f"Unknown potential {name!r}{near_miss(name, CATALOGUE)} Known: {', '.join(CATALOGUE)}.")
    known = arguments(CATALOGUE[name])
    options: dict[str, Any] = {option: _meant(value) for option, value in ({} if options is None else options).items()}
    for option in options:
        if option not in known:
            raise ValueError(f"{name} has no option {option!r}{near_miss(option, known)} Known: {', '.join(known)}.")
    if "parts" in options:
        options["parts"] = _parts(options["parts"], defaults)
    if isinstance(options.get("network"), Mapping):
        options["network"] = build(options["network"], **defaults)
    given = {k: v for k, v in defaults.items() if k in known and k not in options}
    return CATALOGUE[name](**options, **given)


def _parts(specs: Sequence[Mapping[str, Any]], defaults: Mapping[str, Any]) -> tuple[Potential, ...]:
    """Each with a key of its own, so that members of an ensemble begin with other weights."""
    if "key" not in defaults:
        return tuple(build(spec, **defaults) for spec in specs)
    each = zip(specs, jax.random.split(defaults["key"], len(specs)), strict=True)
    return tuple(build(spec, **{**defaults, "key": key}) for spec, key in each)


def describe(potential: Potential) -> dict[str, Any]:
    """The constructor call of a potential as plain data: what `build` takes.

    Raises:
        ValueError: the potential is not in the catalogue.
    """
    names = [name for name, kind in CATALOGUE.items() if type(potential) is kind]
    if not names:
        raise ValueError(f"{type(potential).__name__} is not in eukrates.models.CATALOGUE and cannot be described.")
    options = {a: _plain(getattr(potential, a)) for a in arguments(type(potential)) if a != "key"}
    return {names[0]: options}


def arguments(kind: type[Potential]) -> tuple[str, ...]:
    """The names of the constructor arguments of a potential."""
    return tuple(inspect.signature(kind).parameters)


def _plain(value):
    if isinstance(value, Potential):
        return describe(value)
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return INFINITE if isinstance(value, float) and math.isinf(value) and value > 0 else value


def _meant(value: Any) -> Any:
    return math.inf if isinstance(value, str) and value == INFINITE else value

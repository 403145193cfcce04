"""Other energies of free atoms for a potential that is there: a new level of theory."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax

from eukrates.models.catalogue import CATALOGUE, arguments, build, describe
from eukrates.potential import FreeAtoms, Potential, Sum, ensemble_of, named_parameters, with_parameters


def with_e0(potential: Potential, e0: Mapping[str, float]) -> Potential:
    """The same potential, every parameter untouched, with other energies of free atoms.

    They replace those of the potential, or of the first of its parts that can have any (the others then have zero). A
    potential that cannot have any is summed with `FreeAtoms`, and every member of an ensemble gets them.

    Args:
        potential: any potential of the catalogue, alone, in a sum or inside another.
        e0: eV by symbol, for every element of the potential.

    Raises:
        ValueError: the potential is not in the catalogue, or an element has no energy.
    """
    members = potential.apart()
    if len(members) > 1:
        return ensemble_of([with_e0(member, e0) for member in members])
    spec = describe(potential)
    homes = list(_homes(spec))
    if not homes:
        parts = potential.parts if isinstance(potential, Sum) else (potential,)
        return Sum((*parts, FreeAtoms(e0)))  # pyright: ignore[reportCallIssue]  (as in Potential.__add__)
    for n, options in enumerate(homes):
        options["e0"] = dict.fromkeys(options["e0"], 0.0) if n else dict(e0)
    empty = eqx.filter_eval_shape(lambda: build(spec, key=jax.random.key(0)))
    return with_parameters(empty, dict(named_parameters(potential)))


def _homes(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The options of every constructor call inside `spec` that takes `e0`, in their order."""
    ((name, options),) = spec.items()
    if "e0" in arguments(CATALOGUE[name]):
        yield options
        return
    for value in options.values():
        for inner in value if isinstance(value, list) else (value,):
            if isinstance(inner, Mapping) and len(inner) == 1 and next(iter(inner)) in CATALOGUE:
                yield from _homes(inner)

"""The laws that every potential obeys, each a function (potential, graph) → largest relative error seen.

A law that is broken raises AssertionError with a sentence. `seed` picks its random moves, `shape` the one padded shape
at which everything is evaluated (default: `room(potential, graph)`), so that many cases share one compilation.
"""

from eukrates.testing.laws.bookkeeping import obeys_precision, obeys_statements, obeys_sums
from eukrates.testing.laws.composition import (
    obeys_batching,
    obeys_extensivity,
    obeys_isolation,
    obeys_padding,
    obeys_reach,
)
from eukrates.testing.laws.derivatives import obeys_curvature, obeys_gradient, obeys_strain
from eukrates.testing.laws.smoothness import obeys_finiteness, obeys_smoothness
from eukrates.testing.laws.symmetry import equivariance_error, obeys_permutation, obeys_rotation, obeys_translation

LAWS = {
    "translation": obeys_translation,
    "rotation": obeys_rotation,
    "permutation": obeys_permutation,
    "extensivity": obeys_extensivity,
    "batching": obeys_batching,
    "padding": obeys_padding,
    "reach": obeys_reach,
    "isolation": obeys_isolation,
    "gradient": obeys_gradient,
    "strain": obeys_strain,
    "curvature": obeys_curvature,
    "smoothness": obeys_smoothness,
    "finiteness": obeys_finiteness,
    "sums": obeys_sums,
    "precision": obeys_precision,
    "statements": obeys_statements,
}

__all__ = [
    "LAWS",
    "equivariance_error",
    "obeys_batching",
    "obeys_curvature",
    "obeys_extensivity",
    "obeys_finiteness",
    "obeys_gradient",
    "obeys_isolation",
    "obeys_padding",
    "obeys_permutation",
    "obeys_precision",
    "obeys_reach",
    "obeys_rotation",
    "obeys_smoothness",
    "obeys_statements",
    "obeys_strain",
    "obeys_sums",
    "obeys_translation",
]

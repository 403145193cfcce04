"""Spherical harmonics and their degree-wise algebra."""

from eukrates.equivariant.degrees import expand, invariants, parity
from eukrates.equivariant.harmonics import orders, spherical_harmonics
from eukrates.equivariant.turns import orthogonal

__all__ = ["expand", "invariants", "orders", "orthogonal", "parity", "spherical_harmonics"]

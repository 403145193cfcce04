"""Spherical harmonics and their degree-wise algebra."""

from eukrates.equivariant.degrees import expand, invariants, parity
from eukrates.equivariant.harmonics import orders, spherical_harmonics

__all__ = ["expand", "invariants", "orders", "parity", "spherical_harmonics"]

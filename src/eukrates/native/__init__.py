"""Kernels in C++: compiled where they run."""

from eukrates.native.compiled import compiler, kernels

__all__ = ["compiler", "kernels"]

"""Doors to other programs; each is imported when it is first used."""

from importlib import import_module


def __getattr__(name: str):
    if name == "ase":
        return import_module("eukrates.interfaces.ase")
    raise AttributeError(f"module 'eukrates.interfaces' has no attribute {name!r}")

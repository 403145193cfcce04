"""Models, their catalogue, and the model file."""

from eukrates.models.ani import ANI
from eukrates.models.catalogue import CATALOGUE, build, describe
from eukrates.models.file import ModelFileError, load, read_header, save
from eukrates.models.free_atoms import with_e0
from eukrates.models.long_range import with_long_range
from eukrates.models.so3krates import SO3LR, SO3krates
from eukrates.models.spookynet import SpookyNet

__all__ = [
    "ANI",
    "CATALOGUE",
    "SO3LR",
    "ModelFileError",
    "SO3krates",
    "SpookyNet",
    "build",
    "describe",
    "load",
    "read_header",
    "save",
    "with_e0",
    "with_long_range",
]

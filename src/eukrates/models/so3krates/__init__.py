"""SO3krates and SO3LR."""

from eukrates.models.so3krates.model import SO3krates
from eukrates.models.so3krates.so3lr import SO3LR

__all__ = ["SO3LR", "SO3krates"]

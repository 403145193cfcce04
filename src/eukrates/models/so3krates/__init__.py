"""SO3krates."""

from eukrates.models.so3krates.model import SO3krates

__all__ = ["SO3krates"]

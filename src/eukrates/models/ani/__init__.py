"""ANI."""

from eukrates.models.ani.model import ANI

__all__ = ["ANI"]

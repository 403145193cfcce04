"""SpookyNet."""

from eukrates.models.spookynet.model import SpookyNet

__all__ = ["SpookyNet"]

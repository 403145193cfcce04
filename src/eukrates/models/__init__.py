"""The catalogue: every potential that a model file or a YAML file can name."""

from eukrates.models.so3krates import SO3krates
from eukrates.physics.zbl import ZBL
from eukrates.potential import Potential, Sum

CATALOGUE: dict[str, type[Potential]] = {"so3krates": SO3krates, "zbl": ZBL, "sum": Sum}

__all__ = ["CATALOGUE", "SO3krates"]

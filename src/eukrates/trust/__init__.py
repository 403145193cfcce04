"""Trust: how wrong a potential is (`evaluate`), and whether it is a sound one (`inspect`)."""

from eukrates.trust.evaluate import evaluate
from eukrates.trust.evaluation import Evaluation

__all__ = ["Evaluation", "evaluate"]

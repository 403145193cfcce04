"""Trust: how wrong a potential is (`evaluate`), and whether it is a sound one (`inspect`)."""

from eukrates.trust.calibration import Calibration
from eukrates.trust.evaluate import evaluate
from eukrates.trust.evaluation import Evaluation
from eukrates.trust.finding import Finding
from eukrates.trust.inspect import inspect
from eukrates.trust.inspection import Inspection
from eukrates.trust.run import ShortRun
from eukrates.trust.table import Table

__all__ = ["Calibration", "Evaluation", "Finding", "Inspection", "ShortRun", "Table", "evaluate", "inspect"]

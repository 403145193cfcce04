"""Arguments that several verbs share: name, meaning, unit, default."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

Model = Annotated[Path, Argument(help="Model file (.safetensors).")]
Keys = Annotated[list[str] | None, Option("--key", help="LABEL=NAME IN THE FILE, LABEL= for none. Default: detected.")]
Units = Annotated[list[str] | None, Option("--unit", help="QUANTITY=UNIT, e.g. energy=kcal/mol. Default: eV, Å.")]
SilentCharge = Annotated[float | None, Option("--charge", help="e, of structures that do not state it.")]
SilentSpin = Annotated[float | None, Option("--spin", help="Unpaired electrons of structures that do not state them.")]
Json = Annotated[Path | None, Option("--json", help="Write all numbers (eV, Å, e) there.")]
Page = Annotated[Path | None, Option("--report", help="Write a page with tables and plots (.html) there.")]
Overwrite = Annotated[bool, Option("--overwrite", help="Replace existing output.")]
Charge = Annotated[float | None, Option(help="Total, in e, instead of what the file states.")]
Spin = Annotated[float | None, Option(help="Unpaired electrons, instead of what the file states.")]
FarCutoff = Annotated[float | None, Option(help="Å, of long-range physics; inf: all pairs. Default: the model's.")]
Precision = Annotated[str, Option(help="float32 or float64, of the features.")]
Electrostatics = Annotated[str | None, Option(help="cutoff, ewald, p3m or none. Default: the model's.")]

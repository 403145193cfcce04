"""`check`, `evaluate` and `inspect` on files: what the command line does, for Python."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from eukrates.app.reading import Reading
from eukrates.data import Dataset, load_split, read, separate, split_by_file
from eukrates.data.check import Report as CheckReport
from eukrates.data.check import check
from eukrates.data.sample import LABELS
from eukrates.files import write_atomically
from eukrates.models import load, read_header
from eukrates.plots.report import Report
from eukrates.plots.sections import evaluation_section, inspection_section
from eukrates.trust import Evaluation, Inspection, ShortRun, evaluate, inspect


def check_files(
    files: Sequence[str | Path],
    want: Sequence[str] | None = None,
    keys: Mapping[str, str | None] | None = None,
    units: Mapping[str, str] | None = None,
    parts: Mapping[str, Sequence[str | Path]] | None = None,
    split: str | Path | None = None,
) -> CheckReport:
    """Examine data files of one set; unreadable frames are findings.

    Args:
        files: of the whole set, or of its part "train" where there are `parts`.
        want: labels that all structures must have.
        keys, units: as in `read`.
        parts: name of another part ("valid", "test") → its files; copies that two parts share are errors.
        split: a file that training wrote (split.json): parts of the set in `files`, given in the order of the training.

    Raises:
        ValueError: files that are missing or no data at all, keys or units that cannot be, a split of other data, a
            part without structures, parts and split at once.
    """
    several = {name: list(these) for name, these in (parts or {}).items() if these}
    if several and split is not None:
        raise ValueError(f"Parts are given twice: as files ({', '.join(several)}) and in {split}. Leave one out.")
    all_files = {"train": list(files), **several}
    found = {name: read(these, keys or None, units or None, on_error="collect") for name, these in all_files.items()}
    if several:
        dataset, known = split_by_file(found)
        return check(dataset, want, known)
    dataset = found["train"]
    if split is None:
        return check(dataset, want)
    known = load_split(split)
    if len(dataset) != known.structures:  # training divides the structures without free atoms
        dataset = Dataset(tuple(separate(dataset)[1]), dataset.sources)
    return check(dataset, want, known)


def evaluate_file(
    model: str | Path,
    data: str | Path,
    reading: Reading | None = None,
    json_file: Path | None = None,
    report: Path | None = None,
) -> Evaluation:
    """Errors of a model file on a data file, without its free atoms; numbers and a page are written where wanted.

    Raises:
        ValueError: what `load`, `read` and `evaluate` refuse.
    """
    potential = load(model)
    structures = (reading or Reading())(data)
    if not any(s.labels for s in structures):
        raise ValueError(f"No structure has a label ({', '.join(LABELS)}); looked for in {structures.describe()}")
    found = evaluate(potential, structures)
    if json_file is not None:
        write_atomically(json_file, json.dumps(found.as_dict(), indent=1))
    if report is not None:
        title = f"{Path(model).name} on {Path(data).name}"
        Report(title, [evaluation_section(found, "Errors")], "eukrates evaluate").write(report)
    return found


def inspect_file(
    model: str | Path,
    data: str | Path | None = None,
    reading: Reading | None = None,
    run: ShortRun | None = None,
    json_file: Path | None = None,
    report: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Inspection:
    """The card of a model file and the verdict on it, on structures of a data file, labelled or not, if there is one.

    Raises:
        ValueError: what `load`, `read` and `inspect` refuse.
    """
    potential, header = load(model), read_header(model)
    structures = (reading or Reading())(data) if data is not None else ()
    found = inspect(potential, structures, header, run, progress=progress)
    if json_file is not None:
        write_atomically(json_file, json.dumps(found.as_dict(), indent=1))
    if report is not None:
        Report(f"Inspection of {Path(model).name}", [inspection_section(found)], "eukrates inspect").write(report)
    return found

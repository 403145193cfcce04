"""From the words of `eukrates md` to a configuration: which file is which, and what stands above what."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eukrates.app.simulation_choices import Simulation
from eukrates.app.simulation_configuration import read_run, run_configuration
from eukrates.dynamics import Watch

YAML = (".yaml", ".yml")


def sort_files(files: Sequence[Path], model: Path | None, resume: bool) -> dict[str, Path]:
    """ "config", "model" and "structure", as far as they were named.

    Raises:
        ValueError: more files than there are meanings for, or one that means nothing here.
    """
    files = list(files)
    found = {"config": files.pop(0)} if files and files[0].suffix in YAML else {}
    names = ["structure"] if model is not None or found else ["model", "structure"]
    if len(files) > len(names) or any(path.suffix in YAML for path in files):
        raise ValueError("Give a configuration (RUN.yaml), or a MODEL and a STRUCTURE, or a STRUCTURE and --model.")
    found |= dict(zip(names, files, strict=False)) | ({} if model is None else {"model": model})
    if resume and "structure" in found:
        raise ValueError("Give either a STRUCTURE to start from, or --resume, which knows its structure.")
    if not resume and "config" not in found and len(found) < 2:
        missing = "no MODEL and STRUCTURE" if not found else f"no {'STRUCTURE' if 'model' in found else 'MODEL'}"
        raise ValueError(
            f"There is {missing}. Give both, or a configuration (RUN.yaml), or --resume, which knows its structure."
        )
    return found


def planned(paths: Mapping[str, Path], given: Mapping[str, Any], report: bool | None) -> Any:
    """The configuration of a new run: the file's, in which options stand above what it says."""
    more = {} if report is None else {"report": report}
    if "config" in paths:
        over = {name: str(path) for name, path in paths.items() if name != "config"}
        return read_run(paths["config"], over | dict(given) | more)
    chosen = dict(given)
    if "watch" in chosen:
        chosen["watch"] = Watch(**chosen["watch"])
    choices = Simulation(**chosen)
    return run_configuration(paths["model"], paths["structure"], paths.get("folder", "md"), choices, **more)


def told(paths: Mapping[str, Path], given: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
    """The folder of a run to be resumed, and what was said besides: time, model, and what must be as it was."""
    if "config" in paths:
        plan = planned(paths, given, None)
        here = plan.as_dict()
        stated = {name: here[name] for name in plan.model_fields_set if name in here}
        folder = Path(plan.folder)
    else:
        stated, folder = dict(given), Path(paths.get("folder", "md"))
    free = {"time_ps": stated.pop("time_ps", None), "model": paths.get("model")}
    kept = {name: value for name, value in stated.items() if name not in ("model", "folder", "report")}
    return folder, free | {"given": kept}

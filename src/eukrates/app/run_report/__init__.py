"""The report of a run of molecular dynamics: one page with what every user wants to know at once."""

from collections.abc import Callable
from pathlib import Path

from eukrates.app.pages import SUBTITLE
from eukrates.app.run_report.bonds import bonds, stable, torsions
from eukrates.app.run_report.motion import diffusion, infrared, vibrations
from eukrates.app.run_report.recorded import Recorded, read_recorded
from eukrates.app.run_report.replicas import page_of_replicas
from eukrates.app.run_report.structure import distances, moving
from eukrates.app.run_report.summary import settings, verdicts
from eukrates.app.run_report.thermodynamics import conservation, temperature, volume
from eukrates.app.simulation_folder import REPORT
from eukrates.dynamics.journals import MEMBERS, directories
from eukrates.plots.report import Report, Section
from eukrates.trust.table import Table

SECTIONS: dict[str, Callable[[Recorded], Section]] = {  # what is analysed → how, in the order of the page
    "conserved energy": conservation,
    "temperature": temperature,
    "pressure and volume": volume,
    "structure in three dimensions": moving,
    "radial distribution functions": distances,
    "bond lengths": bonds,
    "torsions": torsions,
    "stability": stable,
    "diffusion": diffusion,
    "velocity spectrum": vibrations,
    "infrared spectrum": infrared,
}


def report_of(folder: str | Path) -> Report:
    """The page about the run in a folder; an analysis that is impossible or fails is named at its end.

    Raises:
        ValueError: no run there, or not a single frame.
    """
    recorded = read_recorded(folder)
    made, left_out = [], []
    for name, section in SECTIONS.items():
        try:
            made.append(section(recorded))
        except ValueError as error:  # written for people
            left_out.append((name, str(error)))
        except Exception as error:  # one analysis must not cost the others
            left_out.append((name, f"failed: {type(error).__name__}: {error}. Please report it."))
    first = Section("In short", [*verdicts(recorded), settings(recorded)])
    missing = [Section("Left out", [Table("", ("analysis", "why"), left_out)])] if left_out else []
    title = f"{recorded.told['formula']}, {recorded.told['ensemble']['kind']}"
    return Report(f"Dynamics of {title}", [first, *made, *missing], f"{SUBTITLE} · {recorded.folder.resolve().name}")


def write_report(folder: str | Path) -> Path:
    """`report_of` as report.html in the folder; of replicas one page that compares them, and the first one's own."""
    folder = Path(folder)
    if not (folder / MEMBERS).exists():
        return report_of(folder).write(folder / REPORT)
    page = page_of_replicas(folder).write(folder / REPORT)
    first = directories(folder)[0]
    report_of(first).write(first / REPORT)
    return page


def try_report(folder: str | Path, tell: Callable[[str], None]) -> None:
    """`write_report`, whose failure costs nothing but the page."""
    try:
        write_report(folder)
    except Exception as error:
        why = str(error) or type(error).__name__
        tell(f"There is no {REPORT}: {why} The run is safe; `eukrates analyse {folder}` tries again.")

"""`eukrates explore`: the minima of a molecule or cluster."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Model, Precision, Spin


def explore(
    model: Model,
    structures: Annotated[Path, Argument(help="Any file that ASE reads: one molecule, in one or more structures.")],
    out: Annotated[Path, Option("--out", "-o", help="Folder; that of an interrupted search goes on.")],
    quenches: Annotated[int | None, Option(help="End after so many. Default, if no limit is given: 1000.")] = None,
    minima: Annotated[int | None, Option(help="End when so many are known.")] = None,
    hours: Annotated[float | None, Option(help="End after so long.")] = None,
    idle: Annotated[int | None, Option(help="End after so many quenches without a new minimum.")] = None,
    by: Annotated[list[str] | None, Option(help="torsions, hopping, dynamics; several in turn. Default: all.")] = None,
    candidates: Annotated[int, Option(help="In a round; results are kept after every round.")] = 96,
    hopping_temperature: Annotated[float, Option(help="K, of basin hopping.")] = 1500.0,
    step: Annotated[float, Option(help="Å, of its Cartesian moves.")] = 0.4,
    dynamics_temperature: Annotated[
        list[float] | None, Option(help="K, of replicas in turn. Default: 500, 800.")
    ] = None,
    interval: Annotated[float, Option(help="fs of dynamics between quenches.")] = 500.0,
    mirror: Annotated[str, Option(help="apart or merged: whether mirror images are two minima or one.")] = "apart",
    any_configuration: Annotated[bool, Option(help="Take other stereoisomers for minima too.")] = False,
    gap: Annotated[float | None, Option(help="Å, the widest in a cluster. Default: the cutoff of the model.")] = None,
    force: Annotated[float, Option(help="eV/Å, the largest on an atom of a minimum.")] = 0.0005,
    seed: Annotated[int, Option(help="Of all chance.")] = 0,
    temperature: Annotated[list[float] | None, Option(help="K, of populations. Default: 298.15.")] = None,
    free_energies: Annotated[int, Option(help="Harmonic free energies of so many of the lowest.")] = 0,
    check: Annotated[str | None, Option(help="tblite, pyscf, a level as in `label`, or a model file.")] = None,
    check_lowest: Annotated[int, Option(help="How many minima are checked.")] = 20,
    check_relaxed: Annotated[bool, Option(help="The other level relaxes them first.")] = False,
    check_processes: Annotated[int, Option(help="That check at once.")] = 1,
    charge: Charge = None,
    spin: Spin = None,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
    precision: Precision = "float32",
) -> None:
    """Search for the minima of a molecule: candidates, quenched many at once, each minimum listed once.

    A search that was interrupted or killed goes on when the same command is given again, also with a larger budget.
    """
    from eukrates.app.display import progress, search_words
    from eukrates.app.exploring import Afterwards, Ways, explore_file
    from eukrates.app.outputs import said
    from eukrates.app.second_opinion import Check
    from eukrates.landscape.search import Budget, Rules

    limits = said(quenches=quenches, minima=minima, hours=hours, idle=idle)
    budget = Budget(**limits) if limits else Budget(quenches=1000)
    dynamics = tuple(dynamics_temperature or (500.0, 800.0))
    ways = Ways(tuple(by or ()), candidates, hopping_temperature, step, dynamics, interval)
    rules = Rules(force=force, mirror=mirror, configuration=not any_configuration, gap=gap, seed=seed)
    checked = None if check is None else Check(check, check_lowest, check_relaxed, check_processes)
    afterwards = Afterwards(tuple(temperature or (298.15,)), free_energies, checked)
    choices = said(charge=charge, spin=spin, far_cutoff=far_cutoff, electrostatics=electrostatics)
    choices["precision"] = precision
    with progress("explore", "done") as update:
        show = lambda standing, done, of: update(done, of, search_words(standing))
        checking = lambda done, of: update(done, of, "checked by another level")
        found = explore_file(model, structures, out, budget, ways, rules, afterwards, choices, show, checking)
    print(f"{found.summary}\nSee {out}: report.html, minima.extxyz, minima.csv.")

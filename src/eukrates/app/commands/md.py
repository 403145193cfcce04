"""`eukrates md`: molecular dynamics."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Spin

FILES = "RUN.yaml | MODEL STRUCTURE"
ENSEMBLES = "langevin, bussi, nose-hoover, npt, npt-flexible, npt-mtk or nve. Default: langevin."
TEMPERATURE = "K; of bath and first velocities. 50:300:20 heats in 20 ps; 300,400 is two replicas. Default: 300."


def md(
    files: Annotated[list[Path] | None, Argument(metavar=FILES, help="A configuration; or what is to be run.")] = None,
    model: Annotated[Path | None, Option(help="Model file, where STRUCTURE or RUN.yaml stands alone.")] = None,
    folder: Annotated[Path | None, Option(help="Where everything is written. Default: md.")] = None,
    ensemble: Annotated[str | None, Option(help=ENSEMBLES)] = None,
    temperature: Annotated[str | None, Option(help=TEMPERATURE)] = None,
    replicas: Annotated[int | None, Option(help="That run together, with seeds from --seed on. Default: 1.")] = None,
    time: Annotated[float | None, Option(help="ps; with --resume the new total. Default: 10.")] = None,
    timestep: Annotated[float | None, Option(help="fs. Default: 0.5.")] = None,
    friction: Annotated[float | None, Option(help="1/ps, of langevin. Default: 1.")] = None,
    pressure: Annotated[float | None, Option(help="GPa, of npt. Default: 1e-4, that is 1 bar.")] = None,
    rigid: Annotated[
        str | None, Option(help="Bonds: hydrogens, water, hydrogens+water or none. Default: none.")
    ] = None,
    hydrogen_mass: Annotated[float | None, Option(help="u, taken from the atom it is bonded to.")] = None,
    reactive: Annotated[bool, Option("--reactive", help="Bonds may break: the run does not stop for it.")] = False,
    every: Annotated[int | None, Option(help="Steps between frames. Default: 20.")] = None,
    seed: Annotated[int | None, Option(help="Of velocities and bath. Default: 0.")] = None,
    charge: Charge = None,
    spin: Spin = None,
    frame: Annotated[int | None, Option(help="Of a file with several, from 0; -1 is the last. Default: 0.")] = None,
    precision: Annotated[str | None, Option(help="float32 or float64, of the features. Default: float32.")] = None,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
    resume: Annotated[bool, Option("--resume", help="Go on with the run in the folder: it knows the rest.")] = False,
    report: Annotated[bool | None, Option("--report/--no-report", help="report.html at the end. Default: yes.")] = None,
) -> None:
    """Run dynamics. Stops, and keeps what was good, where atoms fly apart.

    A YAML file (`eukrates init --md` writes one) says the same as options, and more; options take the place of what
    it says.
    """
    from eukrates.app.display import dynamics_words, progress
    from eukrates.app.outputs import said
    from eukrates.app.simulation import go_on_many, simulate_many
    from eukrates.app.simulation_choices import long_names
    from eukrates.app.simulation_command import planned, sort_files, told
    from eukrates.app.simulation_ending import failure, last_words

    given = said(ensemble=ensemble, timestep=timestep, friction=friction, pressure=pressure, charge=charge, spin=spin)
    given |= said(time=time, every=every, seed=seed, replicas=replicas, precision=precision, frame=frame, rigid=rigid)
    given |= said(hydrogen_mass=hydrogen_mass, far_cutoff=far_cutoff, electrostatics=electrostatics)
    given = long_names(given | said(temperature=temperature) | ({"watch": {"bonds": None}} if reactive else {}))
    paths = sort_files(files or [], model, resume) | said(folder=folder)
    where, options = told(paths, given) if resume else (Path(), {})
    plan = None if resume else planned(paths, given, report)
    try:
        with progress("dynamics", "steps") as update:
            show = lambda p: update(p.step, p.steps, dynamics_words(p))
            if plan is None:
                done = go_on_many(where, **options, report=report, progress=show)
            else:
                done = simulate_many(plan.model, plan.structure, plan.folder, plan.choices, plan.report, show)
    except KeyboardInterrupt as interrupt:
        folder = where if plan is None else plan.folder
        raise KeyboardInterrupt(f"`eukrates md --resume --folder {folder}` goes on from there.") from interrupt
    print("\n".join(last_words(done, report is not False)))
    if why := failure(done):
        raise ValueError(why)

"""`eukrates md`: molecular dynamics."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Model, Spin


def md(
    model: Model,
    structure: Annotated[Path | None, Argument(help="Any file that ASE reads; its velocities are used.")] = None,
    folder: Annotated[Path, Option(help="For trajectory.extxyz, trajectory.h5 (H5MD), log.jsonl.")] = Path("md"),
    ensemble: Annotated[str | None, Option(help="langevin, bussi, nose-hoover, npt or nve. Default: langevin.")] = None,
    temperature: Annotated[float | None, Option(help="K; of bath and first velocities. Default: 300.")] = None,
    time: Annotated[float | None, Option(help="ps; with --resume the new total. Default: 10.")] = None,
    timestep: Annotated[float | None, Option(help="fs. Default: 0.5.")] = None,
    friction: Annotated[float | None, Option(help="1/ps, of langevin. Default: 1.")] = None,
    pressure: Annotated[float | None, Option(help="GPa, of npt. Default: 1e-4, that is 1 bar.")] = None,
    every: Annotated[int | None, Option(help="Steps between frames. Default: 20.")] = None,
    seed: Annotated[int | None, Option(help="Of velocities and bath. Default: 0.")] = None,
    charge: Charge = None,
    spin: Spin = None,
    frame: Annotated[int | None, Option(help="Of a file with several, from 0; -1 is the last. Default: 0.")] = None,
    precision: Annotated[str | None, Option(help="float32 or float64, of the features. Default: float32.")] = None,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
    resume: Annotated[bool, Option("--resume", help="Go on with the run in the folder.")] = False,
) -> None:
    """Run dynamics. Stops, and keeps what was good, where atoms fly apart."""
    from eukrates.app.display import dynamics_words, progress
    from eukrates.app.outputs import refuse_given, said
    from eukrates.app.simulation import Simulation, go_on, simulate

    if (structure is None) != resume:
        raise ValueError("Give either a STRUCTURE to start from, or --resume, which knows its structure.")
    choices = said(ensemble=ensemble, temperature=temperature, timestep=timestep, friction=friction, pressure=pressure)
    choices |= said(every=every, seed=seed)
    electrons = said(charge=charge, spin=spin)
    far = said(far_cutoff=far_cutoff, electrostatics=electrostatics)
    with progress("dynamics", "steps") as update:
        show = lambda p: update(p.step, p.steps, dynamics_words(p))
        if structure is None:
            refuse_given(choices | electrons | said(frame=frame), "--resume keeps the settings of the run")
            run = go_on(model, folder, time, precision, far, show)
        else:
            plan = Simulation.named(**choices, **said(time=time, precision=precision))
            run = simulate(model, structure, folder, plan, electrons, frame or 0, far, show)
    print("\n".join(run.notes))
    print(f"{run.steps_done} steps of {run.settings.timestep_fs:g} fs, {run.ns_per_day:.3g} ns/day, in {folder}")
    if run.stopped:
        raise ValueError(run.stopped)

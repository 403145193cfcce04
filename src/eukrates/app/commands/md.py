"""`eukrates md`: molecular dynamics."""

from pathlib import Path
from typing import Annotated

import typer


def md(
    model: Annotated[Path, typer.Argument(help="Model file (.safetensors).")],
    structure: Annotated[Path | None, typer.Argument(help="Any file that ASE reads; velocities in it are used.")] = None,
    folder: Annotated[Path, typer.Option(help="Output: trajectory.extxyz, trajectory.h5 (H5MD), log.jsonl.")] = Path("md"),
    ensemble: Annotated[str | None, typer.Option(help="langevin (default): constant temperature; nve: constant energy.")] = None,
    temperature: Annotated[float | None, typer.Option(help="K; of bath and first velocities. Default: 300.")] = None,
    time: Annotated[float | None, typer.Option(help="ps; with --resume the new total. Default: 10.")] = None,
    timestep: Annotated[float | None, typer.Option(help="fs. Default: 0.5.")] = None,
    friction: Annotated[float | None, typer.Option(help="1/ps, of langevin. Default: 1.")] = None,
    every: Annotated[int | None, typer.Option(help="Steps between frames. Default: 20.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of velocities and bath. Default: 0.")] = None,
    charge: Annotated[float | None, typer.Option(help="e; default: what the file states.")] = None,
    spin: Annotated[float | None, typer.Option(help="Unpaired electrons; default: what the file states.")] = None,
    precision: Annotated[str, typer.Option(help="float32 or float64, of the features.")] = "float32",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder, with its settings.")] = False,
) -> None:
    """Run dynamics. Stops, and keeps what was good, where atoms fly apart."""
    from eukrates.app.display import dynamics_words, progress
    from eukrates.app.outputs import refuse_given, said
    from eukrates.app.simulation import Simulation, go_on, simulate

    if (structure is None) != resume:
        raise ValueError("Give either a STRUCTURE to start from, or --resume, which knows its structure.")
    choices = said(ensemble=ensemble, temperature=temperature, timestep=timestep, friction=friction, every=every, seed=seed)
    with progress("dynamics", "steps") as update:
        show = lambda p: update(p.step, p.steps, dynamics_words(p))
        if resume:
            refuse_given(choices | said(charge=charge, spin=spin), "--resume keeps the settings of the run")
            run = go_on(model, folder, time, precision, show)
        else:
            plan = Simulation.named(**choices, **said(time=time), precision=precision)
            run = simulate(model, structure, folder, plan, said(charge=charge, spin=spin), progress=show)
    print("\n".join(run.notes))
    print(f"{run.steps_done} steps of {run.settings.timestep_fs:g} fs, {run.ns_per_day:.3g} ns/day, in {folder}")
    if run.stopped:
        raise ValueError(run.stopped)

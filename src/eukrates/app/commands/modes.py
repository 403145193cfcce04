"""`eukrates modes`: vibrations and thermochemistry."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Model, Overwrite, Spin

TEMPERATURE = "K, of an ideal gas of the molecule; may be given several times."
SYMMETRY = "Number of rotations onto itself. Default: from the geometry."
SOFT = "1/cm below which modes count as free rotors, 100 as published. Default: all harmonic."


def modes(
    model: Model,
    structure: Annotated[Path, Argument(help="Any file that ASE reads; relaxed with this model.")],
    out: Annotated[Path | None, Option("--out", "-o", help="Folder for all numbers and modes.")] = None,
    temperature: Annotated[list[float] | None, Option(help=TEMPERATURE)] = None,
    pressure: Annotated[float, Option(help="bar, of the gas.")] = 1.0,
    symmetry: Annotated[int | None, Option(help=SYMMETRY)] = None,
    multiplicity: Annotated[int | None, Option(help="2S + 1. Default: from the spin, else the lowest.")] = None,
    soft: Annotated[float | None, Option(help=SOFT)] = None,
    saddle: Annotated[bool, Option("--saddle", help="A transition state: leave its imaginary mode out.")] = False,
    largest_force: Annotated[float, Option(help="eV/Å, above which the structure is refused.")] = 1e-3,
    charge: Charge = None,
    spin: Spin = None,
    frame: Annotated[int, Option(help="Of a file with several, from 0; -1 is the last.")] = 0,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
    overwrite: Overwrite = False,
) -> None:
    """Vibrations of a minimum or saddle point, infrared intensities, zero-point energy, thermochemistry."""
    from eukrates.app.outputs import claim, refuse_given, said
    from eukrates.app.vibrating import MODES, NUMBERS, modes_of_file

    told = said(symmetry=symmetry, multiplicity=multiplicity, soft=soft) | ({"saddle": True} if saddle else {})
    if not temperature:
        refuse_given(told, "there is no gas without --temperature")
    if out is not None:
        claim([path for path in (out / NUMBERS, out / MODES) if path.exists()], overwrite)
    for table in modes_of_file(
        model,
        structure,
        out,
        temperatures_kelvin=temperature or (),
        pressure_bar=pressure,
        gas=told,
        choices=said(charge=charge, spin=spin, far_cutoff=far_cutoff, electrostatics=electrostatics),
        frame=frame,
        largest_force=largest_force,
    ):
        print(table.text())
    if out is not None:
        print(f"Wrote {out / NUMBERS} and {out / MODES}.")

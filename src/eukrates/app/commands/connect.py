"""`eukrates path` and `eukrates connect`: ways from minimum to minimum."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Model, Spin

Images = Annotated[int, Option(help="Of a band, its ends included.")]
Pull = Annotated[float, Option(help="eV/Å, the largest pull at an atom of a band at rest.")]
Steps = Annotated[int, Option(help="Evaluations of a band, at most.")]


def path(
    model: Model,
    structures: Annotated[Path, Argument(help="Two structures of the same atoms in the same order.")],
    out: Annotated[Path, Option("--out", "-o", help="Folder for path.extxyz, saddle.extxyz, path.html.")],
    images: Images = 11,
    force: Pull = 0.02,
    steps: Steps = 500,
    charge: Charge = None,
    spin: Spin = None,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
) -> None:
    """The barrier between two structures: elastic band, saddle point, and where it leads on both sides."""
    from eukrates.app.connecting import path_between
    from eukrates.app.outputs import said
    from eukrates.landscape.paths import Stretch

    choices = said(charge=charge, spin=spin, far_cutoff=far_cutoff, electrostatics=electrostatics)
    table = path_between(model, structures, out, Stretch(images=images, force=force, steps=steps), choices=choices)
    print(f"{table.text()}\nSee {out}: path.html, path.extxyz, saddle.extxyz.")


def connect(
    model: Model,
    folder: Annotated[Path, Argument(help="That of `eukrates explore`.")],
    lowest: Annotated[int, Option(help="So many of its minima.")] = 20,
    neighbours: Annotated[int, Option(help="Bands from each minimum, at least.")] = 2,
    images: Images = 11,
    force: Pull = 0.02,
    steps: Steps = 500,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
) -> None:
    """The passes between the minima of a search: their network, and the disconnectivity tree."""
    from eukrates.app.connecting import connect_folder
    from eukrates.app.display import progress
    from eukrates.app.outputs import said
    from eukrates.landscape.paths import Stretch

    choices = said(far_cutoff=far_cutoff, electrostatics=electrostatics)
    stretch = Stretch(images=images, force=force, steps=steps)
    with progress("passes", "bands") as update:
        show = lambda done, of: update(done, of, "")
        found = connect_folder(model, folder, lowest, neighbours, stretch, choices, show)
    network = found.network
    print(
        f"{len(network.passes)} passes between {len(network.energies)} minima, from {len(found.attempts)} bands. See "
        f"{folder}: network.html, network.json, saddles.extxyz."
    )

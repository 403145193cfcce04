"""`eukrates path` and `eukrates connect`: ways from minimum to minimum."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Model, Overwrite, Precision, Spin

Images = Annotated[int, Option(help="Of a band, its ends included.")]
Pull = Annotated[float, Option(help="eV/Å, the largest pull at an atom of a band at rest.")]
Steps = Annotated[int, Option(help="Evaluations of a band, at most.")]


def path(
    model: Model,
    structures: Annotated[Path, Argument(help="Two structures of the same atoms in the same order.")],
    out: Annotated[Path, Option("--out", "-o", help="Folder for path.extxyz, saddles.extxyz, path.html.")],
    images: Images = 11,
    force: Pull = 0.02,
    steps: Steps = 500,
    charge: Charge = None,
    spin: Spin = None,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
    precision: Precision = "float32",
    overwrite: Overwrite = False,
) -> None:
    """The barrier between two structures: elastic band, saddle points, and where they lead on both sides.

    Fails, after writing all, where these do not make a way from one to the other.
    """
    from eukrates.app.outputs import claim, said
    from eukrates.app.paths import PAGE, PATH, SADDLES, path_between
    from eukrates.landscape.paths import Stretch

    claim([out / name for name in (PATH, SADDLES, PAGE) if (out / name).exists()], overwrite)
    choices = said(charge=charge, spin=spin, far_cutoff=far_cutoff, electrostatics=electrostatics)
    stretch = Stretch(images=images, force=force, steps=steps)
    table, missing = path_between(model, structures, out, stretch, choices | {"precision": precision})
    print(f"{table.text()}\nSee {out}: {PAGE}, {PATH}, {SADDLES}.")
    if missing:
        raise ValueError(f"The way is not complete: {'; '.join(missing)}. What was found is in {out}.")


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
    precision: Precision = "float32",
) -> None:
    """The passes between the minima of a search: their network, and the disconnectivity tree.

    Goes on where an earlier call ended or was killed; passes that it found are kept.
    """
    from eukrates.app.connecting import NUMBERED, REPORT, SADDLES, connect_folder
    from eukrates.app.display import progress
    from eukrates.app.networks import NETWORK
    from eukrates.app.outputs import said
    from eukrates.landscape.paths import Stretch

    choices = said(far_cutoff=far_cutoff, electrostatics=electrostatics) | {"precision": precision}
    stretch = Stretch(images=images, force=force, steps=steps)
    with progress("passes", "bands") as update:
        show = lambda done, of: update(done, of, "")
        found = connect_folder(model, folder, lowest, neighbours, stretch, choices, show)
    network = found.network
    print(
        f"{len(network.passes)} passes between {len(network.minima)} minima, from {len(found.attempts)} bands. See "
        f"{folder}: {REPORT}, {NETWORK}, {NUMBERED}, {SADDLES}."
    )

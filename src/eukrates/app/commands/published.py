"""`eukrates convert` and `eukrates pull`: published models as model files of ours."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Overwrite

Name = Annotated[str, Argument(help="so3lr, spookynet or ani.")]


def convert(
    name: Name,
    parameters: Annotated[Path, Argument(help="params.pkl, .npz (hyperparameters.json beside it), or .pth.")],
    out: Annotated[Path, Option("--out", "-o", help="The model file to write (.safetensors).")],
    overwrite: Overwrite = False,
) -> None:
    """Turn published parameters into a model file. Nothing in them is run."""
    from eukrates.app.outputs import claim
    from eukrates.app.published import convert as run
    from eukrates.models import read_header

    claim([out], overwrite)
    card = read_header(run(name, parameters, out))["card"]
    rights = f"Licence {card['licence']}; cite {card['citation']}." if "licence" in card else "Licence: not known."
    print(f"Wrote {out}. Source: {card['source']}. {rights}")


def pull(name: Name) -> None:
    """Fetch a published model into the cache, verify and convert it."""
    from eukrates.app.display import say
    from eukrates.app.published import pull as run

    print(run(name, say))

"""Small rules of the command line: nothing is overwritten or ignored unasked, and NAME=VALUE pairs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any


def claim(paths: Iterable[Path | None], overwrite: bool) -> None:
    """Refuse, before anything is computed, to write over files or into folders that do not exist.

    Raises:
        ValueError: names all of them.
    """
    wanted = [path for path in paths if path is not None]
    there = [str(path) for path in wanted if path.exists()]
    if there and not overwrite:
        raise ValueError(f"{', '.join(there)} exists. Nothing was overwritten: choose another name, or --overwrite.")
    homeless = [str(path.parent) for path in wanted if not path.parent.is_dir()]
    if homeless:
        raise ValueError(f"There is no folder {', '.join(homeless)} to write into.")


def pairs(given: Iterable[str] | None, option: str) -> dict[str, str]:
    """["energy=kcal/mol"] → {"energy": "kcal/mol"}.

    Raises:
        ValueError: something without a "=" or with nothing around it, or a name that comes twice.
    """
    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not (name and equals and value) or name in found:
            raise ValueError(f"Expected {option} NAME=VALUE, each name once, got {text!r}.")
        found[name] = value
    return found


def keys_of(given: Iterable[str] | None) -> dict[str, str | None]:
    """Labels and their names in the file from --key LABEL=NAME; None for --key LABEL=, which leaves a label out."""
    named = [text for text in given or () if not text.endswith("=")]
    left_out = [text.removesuffix("=") for text in given or () if text.endswith("=")]
    found: dict[str, str | None] = {**pairs(named, "--key")}
    if twice := [label for n, label in enumerate(left_out) if not label or label in found or label in left_out[:n]]:
        raise ValueError(f"Expected --key LABEL=NAME or --key LABEL=, each label once, got {twice[0]!r} again.")
    return found | dict.fromkeys(left_out)


def said(**options: Any) -> dict[str, Any]:
    """The options that somebody gave: those that are not None."""
    return {name: value for name, value in options.items() if value is not None}


def refuse_given(options: Iterable[str], why: str) -> None:
    """Refuse options that were given and would be ignored.

    Raises:
        ValueError: names them.
    """
    if given := [f"--{name}" for name in options]:
        raise ValueError(f"{', '.join(given)} would be ignored: {why}. Leave it out.")

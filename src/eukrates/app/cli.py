"""The command line. Each verb is in its own file under `commands/` and is three lines of Python away."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from eukrates.app.commands import COMMANDS
from eukrates.app.failures import Interrupted, asked_for_traceback, report
from eukrates.app.kept_memory import restart_with_kept_memory
from eukrates.version import __version__

# some versions of typer bring a click of their own
MISUSE: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    help="Learn a force field from quantum chemistry, prove that it can be trusted, and use it for dynamics.",
    epilog="--traceback after any command, or EUKRATES_TRACEBACK=1, shows where in the program an error arose.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _interruptible(command: Callable) -> Callable:
    """The command; typer itself would turn an interrupt into an exit code without a word."""

    @wraps(command)
    def run_it(*arguments, **options):
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt as error:
            raise Interrupted(*error.args) from error

    return run_it


for _command in COMMANDS:
    app.command()(_interruptible(_command))


def _version(wanted: bool) -> bool:
    if wanted:
        print(f"eukrates {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None: ...


def run(arguments: list[str]) -> int:
    """Run one command line; the exit code, 0 only on success."""
    traced = asked_for_traceback(arguments)
    arguments = [argument for argument in arguments if argument != "--traceback"]
    try:
        return app(args=arguments, prog_name="eukrates", standalone_mode=False) or 0
    except MISUSE as error:
        error.show()
        return error.exit_code
    except (Exception, KeyboardInterrupt) as error:
        stopped = isinstance(error, Interrupted | typer.Abort)
        return report(KeyboardInterrupt(*error.args) if stopped else error, traced)


def main() -> None:
    """The entry point of the console script."""
    restart_with_kept_memory()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.exit(run(sys.argv[1:]))

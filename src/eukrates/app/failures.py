"""From an exception to what a person reads: what was expected, what came, what to do. No traceback unless asked for."""

import os
import sys
import traceback

HINT = "(--traceback shows where in the program.)"
EXPECTED = (ValueError, OSError, ImportError, FloatingPointError)  # their messages are written for people


class Interrupted(Exception):
    """An interrupt in a command, and perhaps how to go on."""


def asked_for_traceback(arguments: list[str]) -> bool:
    """By --traceback, or by the environment variable EUKRATES_TRACEBACK."""
    return "--traceback" in arguments or os.environ.get("EUKRATES_TRACEBACK", "") not in ("", "0")


def report(error: BaseException, with_traceback: bool) -> int:
    """Say on stderr what went wrong; the exit code."""
    if with_traceback:
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt):
        goes_on = str(error) or "the same command goes on from there."
        print(f"Interrupted. What was written so far is kept; {goes_on}", file=sys.stderr)
        return 130
    if isinstance(error, EXPECTED):
        print(f"Error: {_words(error)}", file=sys.stderr)
        return 1
    told = f"{type(error).__name__}: {_words(error)}"
    print(f"Error in Eukrates itself, please report it: {told}\n{HINT}", file=sys.stderr)
    return 70


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    return str(error) or type(error).__name__

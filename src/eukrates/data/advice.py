"""How to declare keys and units, in the words of Python and of the command line, for messages that advise it."""


def say_keys(names: dict[str, str | None]) -> str:
    """keys={'forces': 'pull'} (command line: --key forces=pull)."""
    return _both("keys", "--key", names)


def say_units(names: dict[str, str | None]) -> str:
    """units={'energy': 'kcal/mol'} (command line: --unit energy=kcal/mol)."""
    return _both("units", "--unit", names)


def _both(argument: str, option: str, names: dict[str, str | None]) -> str:
    python = ", ".join(f"{name!r}: {'…' if value == '…' else repr(value)}" for name, value in names.items())
    shell = " ".join(f"{option} {_quoted(f'{name}={value or str()}')}" for name, value in names.items())
    return f"{argument}={{{python}}} (command line: {shell})"


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text else text

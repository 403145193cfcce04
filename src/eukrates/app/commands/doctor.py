"""`eukrates doctor`: is this installation sound?"""

import typer


def doctor() -> None:
    """Versions, devices, threads, extras, and a self-test of the arithmetic. 1: something is wrong."""
    from eukrates.app.doctor import doctor as examine

    health = examine()
    print(health.text())
    if not health.ok:
        raise typer.Exit(1)

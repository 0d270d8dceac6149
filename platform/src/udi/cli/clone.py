"""`udi test` and `udi bench`: what a clone of the project does, and an installed package says that it cannot."""

from typing import NoReturn

import typer

from udi.cli.local.errors import LocalError

ANY_ARGUMENTS = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (test, bench):
        app.command(context_settings=ANY_ARGUMENTS)(command)


def test() -> NoReturn:
    """In a clone of the project: check style, types and imports, then run the tests."""
    raise LocalError(
        "The tests are not part of the package",
        "run `./udi test` in a clone of the project",
    )


def bench() -> NoReturn:
    """In a clone of the project: figures of this machine, on a scratch installation."""
    raise LocalError(
        "The measures are not part of the package",
        "run `./udi bench` in a clone of the project",
    )

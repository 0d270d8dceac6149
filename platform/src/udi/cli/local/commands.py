"""`udi down`, `logs`, `reset`: what needs nothing of the portal or of the node, which take seconds to load."""

from typing import Annotated

import typer

from udi.cli.local import down as stopping
from udi.cli.local import logs as reading
from udi.settings import get_settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (down, logs, reset):
        app.command()(command)


def down() -> None:
    """Stop what `udi up --detach` started; data stay."""
    raise typer.Exit(stopping.down(get_settings()))


def logs(
    part: Annotated[
        str | None, typer.Argument(help="Name of one part; all when absent.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new lines.")
    ] = False,
    lines: Annotated[int, typer.Option(help="Number of last lines.")] = 50,
) -> None:
    """Show the last lines of the log."""
    raise typer.Exit(reading.logs(get_settings(), part, follow=follow, lines=lines))


def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and delete all data of this installation; asks first."""
    raise typer.Exit(stopping.reset(get_settings(), yes=yes))

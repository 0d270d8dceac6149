"""Every command under one name."""

import sys
from functools import partial
from importlib import import_module
from typing import Annotated, Any

import typer

from udi import __version__

COMMANDS = {
    "territory": {
        "up": "Start a territory's data interface on this machine: database, identity, portal, hosted node, mailbox.",
        "status": "Tell what runs, where it answers and how it does.",
        "mailbox": "Keep the mails sent on this machine and show them; nothing leaves.",
    },
    "demonstration.commands": {
        "demonstrate": "Publish the demonstration's content where `udi up` runs; what is published already stays as it is.",
    },
    "local.commands": {
        "down": "Stop what `udi up --detach` started; data stay.",
        "logs": "Show the last lines of the log.",
        "reset": "Stop everything and delete all data of this installation; asks first.",
    },
    "doctor": {
        "doctor": "Look at every dependency and say what is wrong, with the remedy."
    },
    "decrypt": {
        "decrypt": "Open a file that a RUDI node encrypted for you, on your own machine."
    },
    "upgrade.command": {
        "upgrade": "Bring this machine to a new release while it answers; or back to the one before."
    },
    "serve": {
        "serve": "Answer web requests of one program.",
        "work": "Do the jobs of one program: push, report, index, clean up.",
    },
    "clone": {
        "test": "In a clone of the project: check style, types and imports, then run the tests.",
        "bench": "In a clone of the project: figures of this machine, on a scratch installation.",
    },
}
"""Modules that register commands, with their names and what `--help` says of each: that loads none of them."""
GROUPS = {
    "tenant": ("tenant", "Territories: files first, then made true."),
    "territory": ("template", "A territory's own repository, made from the template."),
    "producer": (
        "producer",
        "Producers: the organisations that publish in a territory.",
    ),
    "team": ("team", "The people who run a territory."),
    "operator": ("operator", "The people who run the installation."),
    "mail": ("mail", "What came of the mails that left."),
    "node": ("node", "Nodes: where producers' files are."),
    "key": ("key", "The keys that sign what the portal sends."),
    "announcement": (
        "announcement",
        "Incidents and maintenance on the public page of the state of the service.",
    ),
    "search": ("search", "The search index, derived from the database."),
    "journal": (
        "journal",
        "The journals of portal and node as signed lines, for a town's collector.",
    ),
    "languages": (
        "languages",
        "Languages of the pages, and messages that are not translated.",
    ),
    "outlines": (
        "outlines",
        "Outlines of municipalities and other areas, which maps stand on.",
    ),
    "database": ("database", "The databases of portal, node and Keycloak."),
    "keycloak": ("keycloak", "The identity service, run by systemd."),
    "backup": (
        "backup_commands",
        "Backups of the whole installation, and the proof that they restore.",
    ),
}
"""Names that have commands of their own, with the module of each and its help."""

ALONE = {"tenant apply": "tenant_apply", "tenant check": "tenant_check"}
"""Commands of a group that need none of the others: the play applies, a territory's repository checks itself at each change."""


def build_app(command: str | None = None, words: str = "") -> typer.Typer:
    """The command line. When a command is named, only its module is loaded, and the others are a name and a help.

    `words` are the first two of the command line: of a group, one command may have a module of its own.
    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for module, commands in COMMANDS.items():
        if command is None or command in commands:
            _load(module).register(app)
        else:
            _register_placeholder(app, commands)
    for name, (module, sentence) in GROUPS.items():
        if command in {None, name}:
            app.add_typer(_load(ALONE.get(words, module)).app, name=name)
        else:
            _register_placeholder(app, {name: sentence})
    app.command()(version)
    app.callback()(udi)
    return app


def _load(module: str) -> Any:
    return import_module(f"udi.cli.{module}")


def _register_placeholder(app: typer.Typer, commands: dict[str, str]) -> None:
    for name, sentence in commands.items():
        app.command(name, help=sentence)(_placeholder)


def _placeholder() -> None:
    """What a command does whose module was not loaded: nothing, since another was called."""


def version() -> None:
    """Print the version."""
    print(__version__)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        version()
        raise typer.Exit


def udi(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Urban Data Interface: a territory's data interface."""


def main() -> None:
    """Run the command that the first word names; without one, only the list of commands is loaded."""
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    app = build_app(command, " ".join(sys.argv[1:3]))
    if command:
        _load("execution").run_command(partial(app, prog_name="udi"), command)
    else:
        app(prog_name="udi")

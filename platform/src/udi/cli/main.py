"""Every command under one name, and what a refusal looks like at the terminal."""

import sys
from importlib import import_module
from typing import Any

import typer

from udi import __version__
from udi.cli.local.errors import LocalError
from udi.kit import logs
from udi.kit.errors import ProvisionError, UdiError
from udi.settings import MissingSecretError

GIVEN = {
    "territory": ("up", "down", "status", "logs", "reset", "mailbox"),
    "doctor": ("doctor",),
    "decrypt": ("decrypt",),
    "upgrade.command": ("upgrade",),
    "serve": ("serve", "work"),
    "tests": ("test",),
}
"""Modules that register commands, with their names."""
GROUPS = {
    "tenant": "tenant", "territory": "template", "producer": "producer", "node": "node", "key": "key", "search": "search",
    "database": "database", "keycloak": "keycloak", "bench": "bench", "backup": "backup.commands",
}  # fmt: skip
"""Names that have commands of their own, with the module of each."""


def build_app(wanted: str = "") -> typer.Typer:
    """The command line. With the first word of a call, only what that needs is imported, which takes half the time."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    everything = wanted not in {"version", *GROUPS, *(name for names in GIVEN.values() for name in names)}
    for module, names in GIVEN.items():
        if everything or wanted in names:
            _import(module).register(app)
    for name, module in GROUPS.items():
        if everything or wanted == name:
            app.add_typer(_import(module).app, name=name)
    app.command()(version)
    app.callback()(udi)
    return app


def _import(module: str) -> Any:
    return import_module(f"udi.cli.{module}")


def udi() -> None:
    """Urban Data Interface: a territory's data interface."""


def version() -> None:
    """Print the version."""
    print(__version__)


def main() -> None:
    """Run a command; a refusal is one sentence on the error stream and an exit status that is not 0."""
    logs.configure("text")
    try:
        build_app(sys.argv[1] if len(sys.argv) > 1 else "")()
    except (LocalError, MissingSecretError, ProvisionError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except UdiError as error:
        print(
            " ".join(filter(None, (_filled(error.detail or error.title, error), _filled(error.remedy, error)))),
            file=sys.stderr,
        )
        for refusal in error.refusals:
            print(f"  {refusal.field}: {refusal.reason} {refusal.remedy}".rstrip(), file=sys.stderr)
        sys.exit(1)
    except ConnectionError as error:
        print(f"PostgreSQL does not answer ({type(error).__name__}). See `udi doctor`.", file=sys.stderr)
        sys.exit(1)


def _filled(words: str, error: UdiError) -> str:
    return words % error.values if error.values else words

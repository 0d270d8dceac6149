"""Every command under one name, and what a refusal looks like at the terminal."""

import sys

import typer

from udi import __version__
from udi.cli import database, doctor, key, keycloak, node, producer, search, serve, template, tenant, territory, tests
from udi.cli.local.errors import LocalError
from udi.kit.errors import UdiError
from udi.portal.identity.provision.admin import ProvisionError
from udi.settings import MissingSecretError

app = typer.Typer(
    help="Urban Data Interface: a territory's data interface.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for part in (territory, doctor, serve, tests):
    part.register(app)
app.add_typer(tenant.app, name="tenant")
app.add_typer(template.app, name="territory")
app.add_typer(producer.app, name="producer")
app.add_typer(node.app, name="node")
app.add_typer(key.app, name="key")
app.add_typer(search.app, name="search")
app.add_typer(database.app, name="database")
app.add_typer(keycloak.app, name="keycloak")


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def main() -> None:
    """Run a command; a refusal is one sentence on the error stream and an exit status that is not 0."""
    try:
        app()
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

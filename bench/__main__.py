"""`./udi bench`: figures of this machine, on a scratch installation or on what runs."""

import typer

from bench import (
    country,
    explore,
    federation,
    pages,
    personal,
    pictures,
    reading,
    search,
    sources,
    tables,
    tenants,
    walks,
)
from udi.cli.execution import run

app = typer.Typer(
    help="Figures of this machine, on a scratch installation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    tables.tables,
    explore.explore,
    personal.personal,
    reading.reading,
    federation.federation,
    search.search,
    pages.pages,
    sources.sources,
    tenants.tenants,
    country.country,
    walks.walks,
    pictures.pictures,
):
    app.command()(command)


if __name__ == "__main__":
    run(app)

"""`udi search`: the index of a territory's catalogue."""

from typing import Annotated

import typer

from udi.portal.catalogue.search import feed
from udi.settings import get_settings

app = typer.Typer(
    help="The search index, derived from the database.", no_args_is_help=True
)


@app.command()
def rebuild(
    territory: Annotated[
        str | None, typer.Argument(help="Slug; all territories when absent.")
    ] = None,
) -> None:
    """Forget the index; the portal's worker makes it again from the database."""
    removed = feed.request_rebuild(get_settings(), territory)
    print(f"{removed} index(es) forgotten; the worker is making them again.")

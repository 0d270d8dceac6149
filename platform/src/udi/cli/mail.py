"""`udi mail`: what came of the mails that left."""

import asyncio
import sys

import typer

from udi.kit.bounces import LARGEST, NotABounceError, list_refused_addresses
from udi.kit.db import Database
from udi.kit.territories import TerritoryRegistry
from udi.portal.identity.refused_addresses import PeopleRefusedAddresses
from udi.portal.tenants.models import Tenant
from udi.settings import Settings, get_settings

app = typer.Typer(help="What came of the mails that left.", no_args_is_help=True)
DATA_ERROR = 65
"""Status by which a mail server knows that the message itself is wrong (sysexits)."""


@app.callback()
def mail() -> None:
    """What came of the mails that left."""


@app.command()
def bounce() -> None:
    """Read from standard input a report on a mail that did not arrive, and note the addresses that refuse mails for good.

    For the mailbox of the sender: «|udi mail bounce» in its rules. Says how many addresses, never which.
    """
    try:
        addresses = list_refused_addresses(sys.stdin.buffer.read(LARGEST))
    except NotABounceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(DATA_ERROR) from error
    asyncio.run(note_refusals(get_settings(), addresses))
    typer.echo(f"{len(addresses)} address(es) refuse mails for good.")


async def note_refusals(settings: Settings, addresses: list[str]) -> None:
    """Note on the people of every territory that their address refuses mails."""
    database = Database(settings, "portal")
    registry = TerritoryRegistry(
        database, Tenant, lambda host: settings.origin("portal", host)
    )
    refused = PeopleRefusedAddresses(database)
    try:
        for territory in await registry.list():
            for address in addresses:
                await refused.note_refusal(territory.id, address)
    finally:
        await database.close()

"""`udi mail`: what came of the mails that left."""

import asyncio
import sys
from typing import get_args

import typer

from udi.kit.bounces import (
    LARGEST,
    NotABounceError,
    find_returned_id,
    list_refused_addresses,
)
from udi.kit.db import Database
from udi.kit.mail_ids import is_own_mail, mail_key
from udi.kit.territories import TerritoryRegistry
from udi.portal.identity.refused_addresses import PeopleRefusedAddresses
from udi.portal.tenants.models import Tenant
from udi.settings import ProgramName, Settings, get_settings

app = typer.Typer(help="What came of the mails that left.", no_args_is_help=True)
DATA_ERROR = 65
"""Status by which a mail server knows that the message itself is wrong (sysexits)."""


@app.callback()
def mail() -> None:
    """What came of the mails that left."""


@app.command()
def bounce() -> None:
    """Read from standard input a report on a mail that did not arrive, and note the addresses that refuse mails for good.

    For the mailbox of the sender: «|udi mail bounce» in its rules. Says how many addresses, never which. A report on a
    mail that was not sent from here to that address is left.
    """
    settings = get_settings()
    try:
        addresses = list_own_refusals(settings, sys.stdin.buffer.read(LARGEST))
    except NotABounceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(DATA_ERROR) from error
    asyncio.run(note_refusals(settings, addresses))
    typer.echo(f"{len(addresses)} address(es) refuse mails for good.")


def list_own_refusals(settings: Settings, message: bytes) -> list[str]:
    """The addresses that refuse a mail which our programs sent to them.

    Raises:
        NotABounceError: it is no report on a delivery, or on none of our mails.
    """
    addresses = list_refused_addresses(message)
    returned_id = find_returned_id(message)
    keys = [mail_key(settings, program) for program in _list_programs(settings)]
    sent_to = [
        address
        for address in addresses
        if any(is_own_mail(key, returned_id, address) for key in keys)
    ]
    if addresses and not sent_to:
        raise NotABounceError(
            "This report is about no mail that was sent from here to that address."
        )
    return sent_to


def _list_programs(settings: Settings) -> list[ProgramName]:
    """The programs whose key is on this machine; that of a node may be on another."""
    return [
        program
        for program in get_args(ProgramName)
        if (settings.secrets_folder / f"{program}_client_key").exists()
    ]


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

"""Reading a portal by its public API, whatever it is made with."""

import asyncio

from udi.kit.http import OutgoingClient
from udi.portal.territory.declaration.ckan import CkanReader
from udi.portal.territory.declaration.readings import (
    NoOrganisationError,
    PortalClient,
    PortalReading,
    PortalUnavailableError,
    UnknownProgramError,
)
from udi.portal.territory.declaration.udata import UdataReader

LONGEST_READING = 25.0
"""Seconds that all pages of a portal may take: somebody waits."""


async def read_portal(
    outgoing: OutgoingClient, portal: str, organisation: str, origin: str
) -> PortalReading:
    """What a portal did with the catalogue of the portal at `origin`, for an organisation by its name in addresses.

    Raises:
        PortalUnavailableError: it does not answer in time, or neither as udata nor as CKAN does.
        NoOrganisationError: it has no such organisation.
    """
    try:
        async with asyncio.timeout(LONGEST_READING):
            await outgoing.prepare()
            client = PortalClient(outgoing, portal)
            return await _read(client, organisation, origin)
    except TimeoutError as error:
        raise PortalUnavailableError from error


async def _read(client: PortalClient, organisation: str, origin: str) -> PortalReading:
    """As udata, else as CKAN, which answers where udata has its organisations too."""
    try:
        return await UdataReader(client).read(organisation, origin)
    except (NoOrganisationError, UnknownProgramError) as error:
        first = error
    reader = CkanReader(client)
    try:
        owner = await reader.read_organisation(organisation)
    except UnknownProgramError:
        raise first from None
    return await reader.read(owner, origin)

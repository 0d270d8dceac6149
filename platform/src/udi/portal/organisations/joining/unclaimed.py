"""Organisations that nobody has claimed: known here because a catalogue that is read names them as publishers."""

from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.joining.applications import LOCK, LONGEST_NAME
from udi.portal.organisations.joining.registries import normalise_number
from udi.portal.organisations.joining.slugs import find_free_slug
from udi.portal.organisations.models import Organisation


async def lock_organisations(session: AsyncSession) -> None:
    """Keep others from making organisations of the territory until the transaction ends."""
    await session.execute(text(LOCK))


async def create_unclaimed(
    session: AsyncSession, *, name: str, url: str = "", country: str = "", number: str
) -> Organisation:
    """Make an organisation of the name that a source writes; `lock_organisations` was called before.

    It gets no mail address: what the portal writes by itself would reach somebody who asked for nothing.
    """
    if len(name) > LONGEST_NAME:
        short_name = f"{name[: LONGEST_NAME - 1].rstrip()}…"
    else:
        short_name = name
    organisation = await apply_organisation(
        session,
        id=uuid4(),
        slug=await find_free_slug(session, short_name),
        name=short_name,
        summary={},
        email="",
        url=url,
    )
    organisation.unclaimed = True
    give_number(organisation, country, number)
    await session.flush()
    return organisation


def give_number(organisation: Organisation, country: str, number: str) -> None:
    """Note the number of a public register, where it has none."""
    if number and not organisation.registry_number:
        organisation.country = country
        organisation.registry_number = normalise_number(number)

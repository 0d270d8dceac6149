"""Reading people and their memberships, as Keycloak said last."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.identity.models import Membership, Person


async def list_members(session: AsyncSession, organisation: str) -> Sequence[tuple[Person, list[str]]]:
    """People of an organisation (its slug) who logged in once, by name, with their groups."""
    query = (
        select(Person, Membership.groups)
        .join(Membership, (Membership.tenant_id == Person.tenant_id) & (Membership.person_id == Person.id))
        .where(Membership.organisation_slug == organisation)
        .order_by(Person.name, Person.email)
    )
    return (await session.execute(query)).all()


async def count_members(session: AsyncSession) -> dict[str, int]:
    """How many people of each organisation (its slug) logged in once."""
    query = select(Membership.organisation_slug, func.count()).group_by(Membership.organisation_slug)
    return {row[0]: row[1] for row in await session.execute(query)}

"""Reading people and their memberships, as their tokens said last."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.identity.models import Membership, Person


async def list_members(
    session: AsyncSession, organisation: str
) -> Sequence[tuple[Person, list[str]]]:
    """People of an organisation (its slug) who logged in here once, by name, with their groups."""
    query = (
        select(Person, Membership.groups)
        .join(
            Membership,
            (Membership.tenant_id == Person.tenant_id)
            & (Membership.person_id == Person.id),
        )
        .where(Membership.organisation_slug == organisation)
        .order_by(Person.name, Person.email)
    )
    return [(person, groups) for person, groups in await session.execute(query)]


async def list_names(session: AsyncSession, organisation: str) -> dict[UUID, str]:
    """Their names, for the pages that members of the organisation read."""
    return {
        person.id: person.name
        for person, _ in await list_members(session, organisation)
    }

"""Reading people and their memberships, as Keycloak said last."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import MODERATORS, Actor
from udi.portal.identity.models import TEAM, Membership, Person

REQUEST_LIFETIME = timedelta(days=1)
"""After which a request to be deleted that the worker did not do counts no more."""


def is_staying(person: Person) -> bool:
    """Whether others may count on somebody: their account is open, and they did not ask for its deletion."""
    requested_at = person.deletion_requested_at
    is_asked = requested_at is not None and requested_at > now() - REQUEST_LIFETIME
    return person.left_at is None and not is_asked


async def list_members(
    session: AsyncSession, organisation: str
) -> Sequence[tuple[Person, list[str]]]:
    """People of an organisation (its slug) who logged in once, by name, with their groups."""
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
    return (await session.execute(query)).all()


async def count_members(session: AsyncSession) -> dict[str, int]:
    """How many people of each organisation (its slug) logged in once."""
    counted = select(Membership.organisation_slug, func.count()).where(
        Membership.organisation_slug != TEAM
    )
    query = counted.group_by(Membership.organisation_slug)
    return {row[0]: row[1] for row in await session.execute(query)}


async def read_actor(session: AsyncSession, person: Person, territory: str) -> Actor:
    """A person of a territory (its slug) with what they may do there as Keycloak said last, whether logged in or not."""
    rows = await session.scalars(
        select(Membership).where(Membership.person_id == person.id)
    )
    groups = {row.organisation_slug: frozenset(row.groups) for row in rows}
    moderator = MODERATORS in groups.pop(TEAM, frozenset())
    return Actor(
        person.id,
        person.name,
        person.email,
        territory,
        moderator=moderator,
        memberships=groups,
        email_verified=person.email_verified,
    )

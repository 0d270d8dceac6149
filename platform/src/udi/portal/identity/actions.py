"""Keeping what the portal knows of memberships in step with Keycloak."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import MODERATORS, Actor
from udi.portal.identity.models import TEAM, Membership, Person

Groups = Mapping[str, Collection[str]]
"""Groups by slug of the organisation."""


async def store_memberships(session: AsyncSession, actor: Actor) -> None:
    """Replace a person's memberships by those just read from their token."""
    team = {TEAM: frozenset({MODERATORS})} if actor.moderator else {}
    await replace_memberships(session, actor.person_id, {**actor.memberships, **team})


async def sync_memberships(
    session: AsyncSession, issuer: str, memberships: Mapping[str, Groups]
) -> tuple[int, int]:
    """Bring those of everybody known here up to date, from groups by subject: people, and how many changed."""
    people = (
        await session.execute(
            select(Person.id, Person.subject).where(Person.issuer == issuer)
        )
    ).all()
    memberships_by_person: dict[UUID, dict[str, list[str]]] = defaultdict(dict)
    for row in await session.scalars(select(Membership)):
        memberships_by_person[row.person_id][row.organisation_slug] = sorted(row.groups)
    changed = 0
    for person_id, subject in people:
        new_memberships = {
            slug: sorted(groups)
            for slug, groups in memberships.get(subject, {}).items()
        }
        if new_memberships != memberships_by_person[person_id]:
            await replace_memberships(session, person_id, new_memberships)
            changed += 1
    return len(people), changed


async def replace_memberships(
    session: AsyncSession, person_id: UUID, memberships: Groups
) -> None:
    """Have a person be in these groups, and no other."""
    await session.execute(delete(Membership).where(Membership.person_id == person_id))
    session.add_all(
        Membership(person_id=person_id, organisation_slug=slug, groups=sorted(groups))
        for slug, groups in memberships.items()
    )
    await session.flush()

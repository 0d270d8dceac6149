"""What would have nobody when somebody deletes their account: an organisation that they alone manage, the territory's team."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import MANAGERS, MODERATORS
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.identity.deletion.handovers import Handover
from udi.portal.identity.models import TEAM, Membership, Person
from udi.portal.identity.queries import is_staying
from udi.portal.organisations.members.member_changes import list_waiting, lock_team
from udi.portal.organisations.models import Organisation

NEEDED = {TEAM: MODERATORS}
"""The group that must not be empty, by slug; of each organisation, its managers."""


async def list_handovers(
    session: AsyncSession, territory: Territory, person: Person
) -> Sequence[Handover]:
    """Organisations without another manager, and the team without another member; the installation has neither."""
    handovers: list[Handover] = []
    if territory.id == INSTALLATION_ID:
        return handovers
    for slug in await _list_slugs(session, person):
        organisation = await _lock_holders(session, slug)
        others = [
            other
            for other in await session.scalars(_held_by(slug))
            if other.id != person.id and is_staying(other)
        ]
        losing = {
            change.person_id
            for change in await list_waiting(session, organisation)
            if change.leaves or NEEDED.get(slug, MANAGERS) not in change.groups
        }
        if all(other.id in losing for other in others):
            handovers.append(await _describe(session, slug))
    return handovers


async def _lock_holders(session: AsyncSession, slug: str) -> UUID | None:
    """Hold an organisation (its identifier) or the team as it is until the transaction ends, as changes of members do."""
    if slug == TEAM:
        await lock_team(session)
        return None
    query = select(Organisation.id).where(Organisation.slug == slug)
    return await session.scalar(query.with_for_update())


async def _list_slugs(session: AsyncSession, person: Person) -> list[str]:
    rows = await session.scalars(
        select(Membership)
        .where(Membership.person_id == person.id)
        .order_by(Membership.organisation_slug)
    )
    return [
        row.organisation_slug
        for row in rows
        if NEEDED.get(row.organisation_slug, MANAGERS) in row.groups
    ]


def _held_by(slug: str) -> Any:
    group = NEEDED.get(slug, MANAGERS)
    return (
        select(Person)
        .join(
            Membership,
            (Person.tenant_id == Membership.tenant_id)
            & (Person.id == Membership.person_id),
        )
        .where(
            Membership.organisation_slug == slug,
            literal(group) == any_(Membership.groups),
        )
    )


async def _describe(session: AsyncSession, slug: str) -> Handover:
    if slug == TEAM:
        return Handover(
            "You are the last of the territory’s team.",
            "",
            "Invite somebody into the team",
            "/territory/team",
        )
    query = select(Organisation.name).where(Organisation.slug == slug)
    return Handover(
        "You alone manage this organisation.",
        await session.scalar(query) or slug,
        "Give somebody else its management",
        f"/my-space/organisations/{slug}",
    )

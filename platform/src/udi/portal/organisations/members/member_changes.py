"""Changes of members: noted with what asked for them, made at the identity service by the worker."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.sessions import JOINED
from udi.portal.identity.models import Membership, WebSession
from udi.portal.organisations.models import (
    Application,
    MemberChange,
    MemberChangeFailure,
    Organisation,
)

CHANGE = "change_member"
LOCK_TEAM = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('team ' || app.current_tenant()::text, 0))"
)


async def change_member(
    session: AsyncSession,
    actor: Actor | None,
    organisation: Organisation | None,
    person: UUID,
    groups: Collection[str] | None,
) -> MemberChange:
    """Have a person be in these groups of an organisation (None: of the team), or (no groups: None) leave it.

    `actor` is None where the operator asks.
    """
    change = MemberChange(
        organisation_id=organisation.id if organisation else None,
        person_id=person,
        groups=sorted(groups or ()),
        leaves=groups is None,
        requested_by=actor.person_id if actor else None,
        requested_at=now(),
    )
    session.add(change)
    await session.flush()
    await jobs.enqueue(session, CHANGE, {"change": str(change.id)})
    return change


async def lock_team(session: AsyncSession) -> None:
    """Hold the team as it is until the transaction ends: two who leave at once do not leave nobody."""
    await session.execute(LOCK_TEAM)


async def list_waiting(
    session: AsyncSession, organisation: UUID | None
) -> list[MemberChange]:
    """The changes of an organisation (None: of the team) that are not made yet, in the order they were asked."""
    query = select(MemberChange).where(
        MemberChange.organisation_id == organisation, MemberChange.done_at.is_(None)
    )
    return list(
        await session.scalars(
            query.order_by(MemberChange.requested_at, MemberChange.id)
        )
    )


async def is_founding(session: AsyncSession, change: MemberChange) -> bool:
    """Whether this is the first change of an organisation that joined, so that nobody may be in it before."""
    if change.organisation_id is None:
        return False
    joined = (
        select(Application.id)
        .where(Application.organisation_id == change.organisation_id)
        .limit(1)
    )
    applied_changes = select(MemberChange.id).where(
        MemberChange.organisation_id == change.organisation_id,
        MemberChange.done_at.is_not(None),
    )
    return (
        await session.scalar(joined) is not None
        and await session.scalar(applied_changes.limit(1)) is None
    )


async def mark_applied(session: AsyncSession, change: MemberChange, slug: str) -> None:
    """The identity service has it: the portal's own list says the same, and open sessions of the person ask it anew."""
    change.done_at = now()
    change.failure = MemberChangeFailure.NONE
    if change.leaves:
        conditions = (
            Membership.person_id == change.person_id,
            Membership.organisation_slug == slug,
        )
        await session.execute(delete(Membership).where(*conditions))
    else:
        row = {
            "person_id": change.person_id,
            "organisation_slug": slug,
            "groups": change.groups,
        }
        same = ["tenant_id", "person_id", "organisation_slug"]
        upsert = (
            insert(Membership)
            .values(row)
            .on_conflict_do_update(index_elements=same, set_={"groups": change.groups})
        )
        await session.execute(upsert)
    open_ones = update(WebSession).where(WebSession.person_id == change.person_id)
    has_no_right = and_(WebSession.memberships == {}, WebSession.moderator.is_(False))
    due_at: Any = now()
    if not change.leaves:
        due_at = case((has_no_right, JOINED), else_=due_at)
    await session.execute(
        open_ones.values(access_expires_at=due_at).execution_options(
            synchronize_session=False
        )
    )
    await session.flush()

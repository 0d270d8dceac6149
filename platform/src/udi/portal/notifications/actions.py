"""Writes: follow, stop, choose how often to be notified; and note what changed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.portal.notifications.models import (
    Change,
    DigestRhythm,
    Following,
    Subscription,
)
from udi.portal.notifications.queries import count_followings, find_following

MOST_FOLLOWED = 200
CHANGE_RETENTION = timedelta(days=40)
"""How long what changed is kept: longer than the longest rhythm, and a worker that was away."""


def record_change(session: AsyncSession, change: Change) -> None:
    """Note that something changed, in the transaction of the change itself."""
    session.add(change)


async def follow_target(
    session: AsyncSession, actor: Actor, *, kind: str, target: str, language: str
) -> Following:
    """Follow a target; once more changes nothing.

    Raises:
        ConflictError: the person follows as much as one may.
    """
    await keep_language(session, actor, language)
    if existing := await find_following(session, actor.person_id, kind, target):
        return existing
    if await count_followings(session, actor.person_id) >= MOST_FOLLOWED:
        raise ConflictError(
            "You follow %(most)s things already, which is the maximum.",
            remedy="Stop following some of them in “What I follow”, then try again.",
            values={"most": MOST_FOLLOWED},
        )
    row = {
        "person_id": actor.person_id,
        "kind": kind,
        "target": target,
        "created_at": now(),
    }
    same = ["tenant_id", "person_id", "kind", "target"]
    statement = (
        insert(Following)
        .values(row)
        .on_conflict_do_update(index_elements=same, set_={"kind": kind})
    )
    return (await session.scalars(statement.returning(Following))).one()


async def keep_language(
    session: AsyncSession, actor: Actor, language: str
) -> Subscription:
    """Tell the person in the language that they read now, daily unless they chose."""
    row = {
        "person_id": actor.person_id,
        "rhythm": DigestRhythm.DAILY,
        "language": language,
        "notified_until": now(),
    }
    statement = insert(Subscription).values(row)
    upsert = statement.on_conflict_do_update(
        index_elements=["tenant_id", "person_id"], set_={"language": language}
    )
    subscriptions = await session.scalars(
        upsert.returning(Subscription), execution_options={"populate_existing": True}
    )
    return subscriptions.one()


async def stop_following(session: AsyncSession, following: Following) -> None:
    """Follow it no more."""
    await session.delete(following)
    await session.flush()


async def choose_rhythm(
    session: AsyncSession, actor: Actor, rhythm: str, language: str
) -> None:
    """Be notified daily, weekly or never. What changed while nothing was told is not told afterwards.

    Raises:
        InvalidError: there is no such rhythm.
    """
    chosen = _read_rhythm(rhythm)
    subscription = await keep_language(session, actor, language)
    if subscription.rhythm == DigestRhythm.NEVER and chosen != DigestRhythm.NEVER:
        subscription.notified_until = now()
    subscription.rhythm = chosen
    await session.flush()


async def choose_inbox_rhythm(
    session: AsyncSession, actor: Actor, rhythm: str, language: str
) -> None:
    """Get what waits by mail daily, weekly or never; the first leaves at the next hour of such mails.

    Raises:
        InvalidError: there is no such rhythm.
    """
    chosen = _read_rhythm(rhythm)
    subscription = await keep_language(session, actor, language)
    if subscription.inbox_rhythm == DigestRhythm.NEVER:
        subscription.inbox_mailed_until = now()
    subscription.inbox_rhythm = chosen
    await session.flush()


async def unsubscribe_inbox(session: AsyncSession, subscription: UUID) -> None:
    """Send this person no mail of what waits any more; once more changes nothing."""
    statement = (
        update(Subscription)
        .where(Subscription.id == subscription)
        .values(inbox_rhythm=DigestRhythm.NEVER)
    )
    await session.execute(statement.execution_options(synchronize_session=False))


def _read_rhythm(rhythm: str) -> DigestRhythm:
    if rhythm not in set(DigestRhythm):
        refusal = Refusal(
            "rhythm",
            "This frequency does not exist.",
            "Choose daily, weekly or never.",
            "unknown-value",
        )
        raise InvalidError(
            "How often you want a mail was not understood.", refusals=[refusal]
        )
    return DigestRhythm(rhythm)


async def unsubscribe(session: AsyncSession, subscription: UUID) -> None:
    """Send this person no digest any more; once more, or for someone who left, changes nothing."""
    statement = (
        update(Subscription)
        .where(Subscription.id == subscription)
        .values(rhythm=DigestRhythm.NEVER)
    )
    await session.execute(statement.execution_options(synchronize_session=False))


async def forget_changes(session: AsyncSession) -> None:
    """Forget what changed long ago, once webhooks were given it."""
    await session.execute(
        delete(Change).where(Change.at < now() - CHANGE_RETENTION, Change.spread)
    )

"""Giving each change to the webhooks that want it, a moment after it was made: none is lost, none is given twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.portal.notifications.models import Change, Webhook, WebhookState
from udi.portal.notifications.queries import list_followings
from udi.portal.notifications.topics import Topics, match_changes, topics_of
from udi.portal.notifications.webhooks.actions import queue_change
from udi.ui.site import Site

SEARCHED = timedelta(seconds=15)
"""How old a change is when it is given: searches know of it by then."""
BATCH = 500


def schedule_dispatch(site: Site) -> Schedule:
    """Give what changed in every territory to its webhooks, every ten seconds."""

    async def dispatch(session: AsyncSession, territory: Territory) -> None:
        await dispatch_changes(session, territory, topics_of(site.services), now())

    def select_due() -> Select[Any]:
        return select(Change.id).where(*_ready(now()))

    run = run_sessions(site.database, site.registry, dispatch, due=select_due)
    return Schedule("dispatch_changes", "* * * * * */10", run)


def _ready(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """What is true of the changes that are given now."""
    return (~Change.spread, Change.at <= moment - SEARCHED)


async def dispatch_changes(
    session: AsyncSession, territory: Territory, topics: Topics, moment: datetime
) -> int:
    """Queue a message for each webhook and each change that it wants, in one transaction with the note that it was given."""
    query = (
        select(Change)
        .where(*_ready(moment))
        .order_by(Change.at, Change.id)
        .limit(BATCH)
    )
    changes = (await session.scalars(query.with_for_update(skip_locked=True))).all()
    if not changes:
        return 0
    queued = 0
    active = await session.scalars(
        select(Webhook).where(Webhook.state == WebhookState.ACTIVE)
    )
    for webhook in active.all():
        for change in await _list_wanted_changes(
            session, territory, topics, webhook, changes
        ):
            await queue_change(session, territory, webhook, change)
            queued += 1
    statement = (
        update(Change)
        .where(Change.id.in_([change.id for change in changes]))
        .values(spread=True)
    )
    await session.execute(statement.execution_options(synchronize_session=False))
    return queued


async def _list_wanted_changes(
    session: AsyncSession,
    territory: Territory,
    topics: Topics,
    webhook: Webhook,
    changes: Sequence[Change],
) -> list[Change]:
    since = [change for change in changes if change.at > webhook.created_at]
    if webhook.everything or not since:
        return since
    followings = await list_followings(session, webhook.person_id)
    changes_by_following = await match_changes(
        session, territory, topics, followings, since
    )
    change_ids = set[UUID]().union(*changes_by_following.values())
    return [change for change in since if change.id in change_ids]

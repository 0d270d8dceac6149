"""What only time brings about: reminders, lateness, lapses, ends of agreements, documents and drafts whose time is over."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.budgets import delete_old_counts
from udi.kit.clock import now
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.access.agreements.actions import TELL_AGREEMENT, end_due_agreements
from udi.portal.access.agreements.transitions import UNDER_WAY, AgreementState
from udi.portal.access.models import (
    AccessAgreement,
    AccessDocument,
    AccessRequest,
    AccessRequestState,
    AccessSide,
)
from udi.portal.access.requests.clock import (
    DOCUMENTS_KEPT,
    LAPSE_AFTER,
    NUDGE_AFTER,
    REMIND_BEFORE,
)
from udi.portal.access.requests.drafts import delete_expired_drafts
from udi.portal.access.requests.thread import add_step, notify_other_side
from udi.portal.access.requests.transitions import (
    ACCESS_REQUEST,
    ENDED,
    WAITING,
    AccessRequestEvent,
)
from udi.ui.site import Site

TOLD_BEFORE = timedelta(days=30)
"""How long before its end the person of an agreement is told."""
MOST = 500


def schedule_deadlines(site: Site) -> Schedule:
    """Look at what is due in every territory, every five minutes."""

    async def apply_due(session: AsyncSession, _: Territory) -> None:
        await apply_deadlines(session, now())

    run = run_sessions(site.database, site.registry, apply_due)
    return Schedule("apply_access_deadlines", "4-59/5 * * * *", run)


async def apply_deadlines(session: AsyncSession, moment: datetime) -> None:
    """Do what is due in a territory, each thing once, however often this is called."""
    await _remind_producers(session, moment)
    await _escalate_late_requests(session, moment)
    await _remind_requesters(session, moment)
    await _lapse_requests(session, moment)
    await end_due_agreements(session, moment)
    await _announce_agreement_ends(session, moment)
    await _delete_expired_rows(session, moment)


async def _remind_producers(session: AsyncSession, moment: datetime) -> None:
    soon = (
        AccessRequest.due_at > moment,
        AccessRequest.due_at <= moment + REMIND_BEFORE,
    )
    for request in await _lock_requests(
        session,
        AccessRequest.state == AccessRequestState.SUBMITTED,
        *soon,
        AccessRequest.reminded_at.is_(None),
    ):
        request.reminded_at = moment
        await notify_other_side(session, request, "due", AccessSide.CLOCK)


async def _escalate_late_requests(session: AsyncSession, moment: datetime) -> None:
    late = (AccessRequest.due_at <= moment, AccessRequest.late_at.is_(None))
    for request in await _lock_requests(
        session, AccessRequest.state == AccessRequestState.SUBMITTED, *late
    ):
        request.late_at = moment
        await notify_other_side(session, request, "late", AccessSide.CLOCK)
        audit.record(session, None, "access_request.escalated", request.id)


async def _remind_requesters(session: AsyncSession, moment: datetime) -> None:
    long = (
        AccessRequest.since <= moment - NUDGE_AFTER,
        AccessRequest.reminded_at.is_(None),
    )
    for request in await _lock_requests(
        session, AccessRequest.state.in_(WAITING), *long
    ):
        request.reminded_at = moment
        await notify_other_side(session, request, "nudge", AccessSide.CLOCK)


async def _lapse_requests(session: AsyncSession, moment: datetime) -> None:
    for request in await _lock_requests(
        session,
        AccessRequest.state.in_(WAITING),
        AccessRequest.since <= moment - LAPSE_AFTER,
    ):
        request.state = ACCESS_REQUEST.next_state(
            request.state, AccessRequestEvent.LAPSE
        )
        request.since = moment
        request.offer = None
        await add_step(
            session, None, request, AccessRequestEvent.LAPSE, AccessSide.CLOCK
        )
        await notify_other_side(
            session, request, AccessRequestEvent.LAPSE, AccessSide.CLOCK
        )
        audit.record(session, None, "access_request.lapsed", request.id)


async def _announce_agreement_ends(session: AsyncSession, moment: datetime) -> None:
    soon = (
        AccessAgreement.ends_at <= moment + TOLD_BEFORE,
        AccessAgreement.end_notified.is_(False),
    )
    query = select(AccessAgreement).where(
        AccessAgreement.state == AgreementState.ACTIVE, *soon
    )
    for agreement in (
        await session.scalars(query.limit(MOST).with_for_update(skip_locked=True))
    ).all():
        agreement.end_notified = True
        payload = {
            "agreement": str(agreement.id),
            "state": agreement.state,
            "event": "ending",
        }
        await jobs.enqueue(session, TELL_AGREEMENT, payload)


async def _delete_expired_rows(session: AsyncSession, moment: datetime) -> None:
    """Documents some time after the end of their request or agreement; drafts."""
    long_ago = moment - DOCUMENTS_KEPT
    same = (AccessAgreement.tenant_id == AccessRequest.tenant_id) & (
        AccessAgreement.id == AccessRequest.agreement_id
    )
    over = select(AccessRequest.id).outerjoin(AccessAgreement, same)
    closed = AccessRequest.state.in_(ENDED) & (AccessRequest.since <= long_ago)
    ended = AccessAgreement.state.not_in(UNDER_WAY)
    over = over.where(or_(closed, ended & (AccessAgreement.since <= long_ago)))
    await session.execute(
        delete(AccessDocument).where(AccessDocument.request_id.in_(over))
    )
    await delete_expired_drafts(session)
    await delete_old_counts(session)


async def _lock_requests(
    session: AsyncSession, *which: ColumnElement[bool]
) -> list[AccessRequest]:
    query = select(AccessRequest).where(*which).order_by(AccessRequest.id).limit(MOST)
    return list((await session.scalars(query.with_for_update(skip_locked=True))).all())

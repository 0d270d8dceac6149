"""What becomes of an agreement: suspended, taken up again, revoked at once or with notice, given up, ended by its date."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import field_error
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.revisions import (
    FOLLOW,
    announce_agreement,
    publish_state,
    send_agreement_status,
)
from udi.portal.access.agreements.transitions import (
    AGREEMENT,
    UNDER_WAY,
    AgreementEvent,
    AgreementState,
)
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.organisations.models import Organisation

TELL_AGREEMENT = "tell_agreement"
NOTICE = (1, 365)
"""Days that a notice may last."""
LONGEST_REASON = 500
"""Shown by the node to whoever is refused, on one line."""


async def confirm_agreement(
    session: AsyncSession, actor: Actor, agreement: AccessAgreement
) -> None:
    """The connector that asked takes the agreement as it was signed: it is in force from now on.

    Raises:
        ConflictError: it is in force already, or over.
    """
    agreement.state = AGREEMENT.next_state(agreement.state, AgreementEvent.CONFIRM)
    agreement.since = now()
    tenant = agreement.tenant_id
    request = await session.get_one(AccessRequest, (tenant, agreement.request_id))
    producer = await session.get_one(Organisation, (tenant, agreement.organisation_id))
    await announce_agreement(session, agreement, producer, request.applicant)
    audit.record(session, actor, "agreement.confirmed", agreement.id)


async def suspend_agreement(
    session: AsyncSession, actor: Actor, agreement: AccessAgreement, reason: str
) -> None:
    """Let nothing be read until the producer takes it up again.

    Raises:
        ConflictError: it is over, or suspended.
        InvalidError: no reason is given.
    """
    state = AGREEMENT.next_state(agreement.state, AgreementEvent.SUSPEND)
    agreement.reason = _clean_reason(reason)
    agreement.closes_at = None
    await _set_state(session, agreement, state, "suspended")
    audit.record(session, actor, "agreement.suspended", agreement.id)


async def resume_agreement(
    session: AsyncSession, actor: Actor, agreement: AccessAgreement
) -> None:
    """Let the data be read again.

    Raises:
        ConflictError: it is not suspended.
    """
    state = AGREEMENT.next_state(agreement.state, AgreementEvent.RESUME)
    agreement.reason = ""
    await _set_state(session, agreement, state, "resumed")
    audit.record(session, actor, "agreement.resumed", agreement.id)


async def revoke_agreement(
    session: AsyncSession, actor: Actor, agreement: AccessAgreement, reason: str
) -> None:
    """End it at once; the node refuses from the moment that it is told.

    Raises:
        ConflictError: it is over.
        InvalidError: no reason is given.
    """
    state = AGREEMENT.next_state(agreement.state, AgreementEvent.REVOKE)
    agreement.reason = _clean_reason(reason)
    agreement.closes_at = None
    await _set_state(session, agreement, state, "revoked")
    audit.record(session, actor, "agreement.revoked", agreement.id)


async def give_notice(
    session: AsyncSession,
    actor: Actor,
    agreement: AccessAgreement,
    reason: str,
    days: int,
) -> None:
    """End it in some days; until then it is good.

    Raises:
        ConflictError: it is over, suspended, or notice was given.
        InvalidError: no reason is given, or no such time.
    """
    state = AGREEMENT.next_state(agreement.state, AgreementEvent.GIVE_NOTICE)
    if not NOTICE[0] <= days <= NOTICE[1]:
        values = {"least": NOTICE[0], "most": NOTICE[1]}
        raise field_error(
            "days", "Write a number from %(least)s to %(most)s.", values=values
        )
    agreement.reason = _clean_reason(reason)
    agreement.closes_at = min(now() + timedelta(days=days), agreement.ends_at).replace(
        microsecond=0
    )
    await _set_state(session, agreement, state, "revoking")
    audit.record(session, actor, "agreement.notice_given", agreement.id, days=days)


async def withdraw_notice(
    session: AsyncSession, actor: Actor, agreement: AccessAgreement
) -> None:
    """Take a notice back.

    Raises:
        ConflictError: none was given, or it is over.
    """
    state = AGREEMENT.next_state(agreement.state, AgreementEvent.KEEP)
    agreement.reason = ""
    agreement.closes_at = None
    await _set_state(session, agreement, state, "resumed")
    audit.record(session, actor, "agreement.notice_withdrawn", agreement.id)


async def give_up_agreement(
    session: AsyncSession, actor: Actor, agreement: AccessAgreement
) -> None:
    """The project needs the data no more; the producer is notified.

    Raises:
        ConflictError: it is over.
    """
    state = AGREEMENT.next_state(agreement.state, AgreementEvent.GIVE_UP)
    agreement.closes_at = None
    await _set_state(session, agreement, state, "given_up")
    audit.record(session, actor, "agreement.given_up", agreement.id)


async def end_due_agreements(session: AsyncSession, moment: datetime) -> int:
    """End what is past its date, or whose notice is over; how many."""
    over = or_(AccessAgreement.ends_at <= moment, AccessAgreement.closes_at <= moment)
    query = (
        select(AccessAgreement)
        .where(AccessAgreement.state.in_(UNDER_WAY), over)
        .with_for_update(skip_locked=True)
    )
    due: Sequence[AccessAgreement] = (await session.scalars(query)).all()
    for agreement in due:
        closed = (
            agreement.closes_at is not None
            and agreement.closes_at <= moment < agreement.ends_at
        )
        event = AgreementEvent.CLOSE if closed else AgreementEvent.END
        state = AGREEMENT.next_state(agreement.state, event)
        await _set_state(session, agreement, state, "closed" if closed else "ended")
        audit.record(
            session,
            None,
            "agreement.closed" if closed else "agreement.ended",
            agreement.id,
        )
    return len(due)


async def _set_state(
    session: AsyncSession, agreement: AccessAgreement, state: AgreementState, event: str
) -> None:
    agreement.state = state
    agreement.since = now()
    if agreement.revision:
        await send_agreement_status(session, agreement)
    await publish_state(session, agreement)
    await jobs.enqueue(session, FOLLOW, {"agreement": str(agreement.id)})
    await jobs.enqueue(
        session,
        TELL_AGREEMENT,
        {"agreement": str(agreement.id), "state": state, "event": event},
    )


def _clean_reason(reason: str) -> str:
    clean_reason = " ".join(reason.replace("\x00", "").split())
    if not clean_reason:
        raise field_error(
            "words",
            "Give the reason: the project will read it, as will anyone who is refused.",
        )
    if len(clean_reason) > LONGEST_REASON:
        raise field_error(
            "words", "This is very long.", "Write 500 characters at most."
        )
    return clean_reason

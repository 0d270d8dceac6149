"""What either side does with a request; here what the producer does: ask, offer a part, grant, refuse; and an offer accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    Refusal,
    Refusals,
)
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.creation import (
    AgreementSigner,
    make_agreement,
    terms_of_request,
)
from udi.portal.access.models import (
    AccessAgreement,
    AccessPolicy,
    AccessRequest,
    AccessRequestState,
    AccessSide,
    AccessStep,
)
from udi.portal.access.policies.row_filters import read_filters, read_lines
from udi.portal.access.requests import clock, requester_actions
from udi.portal.access.requests.queries import AccessRequestCase
from udi.portal.access.requests.thread import (
    add_step,
    clean_message,
    notify_other_side,
    write_message,
)
from udi.portal.access.requests.transitions import ACCESS_REQUEST, AccessRequestEvent
from udi.portal.identity.models import Person
from udi.protocol.policy import read_policy
from udi.protocol.terms import InvalidTerms, Terms, read_terms, write_terms
from udi.ui.forms import read_number

MEGABYTE = 1_000_000
DAYS_KEPT = 100


@dataclass(frozen=True)
class OfferInput:
    """What the producer would give instead, as it was typed."""

    months: str = ""
    columns: str = ""
    rows: str = ""
    megabytes: str = ""


async def apply_event(
    session: AsyncSession,
    member: Actor,
    case: AccessRequestCase,
    event: str,
    payload: Mapping[str, str],
    agreement_signer: AgreementSigner,
) -> None:
    """Do what either side does with a request; `payload` is what was typed or sent with it.

    Raises:
        NotFoundError: there is no such step.
        ConflictError, PreconditionError, InvalidError: as each of them says.
    """
    words = payload.get("words", "")
    request = case.request
    territory = agreement_signer.territory
    both: dict[str, Any] = {
        "revision": read_number(payload.get("revision", "")),
        "agreement_signer": agreement_signer,
    }
    match event:
        case AccessRequestEvent.MESSAGE:
            await write_message(session, member, request, words, case.side)
        case AccessRequestEvent.ANSWER:
            await requester_actions.submit_answer(
                session, member, request, words, territory
            )
        case AccessRequestEvent.WITHDRAW:
            await requester_actions.withdraw_request(
                session, member, request, territory
            )
        case AccessRequestEvent.ACCEPT:
            await accept_offer(
                session,
                member,
                request,
                step=payload.get("offer", ""),
                agreement_signer=agreement_signer,
            )
        case AccessRequestEvent.QUESTION:
            await ask_question(session, member, request, words, **both)
        case AccessRequestEvent.COUNTER:
            offer = OfferInput(
                *(
                    payload.get(name, "")
                    for name in ("months", "columns", "rows", "megabytes")
                )
            )
            await make_counter_offer(session, member, request, words, offer, **both)
        case AccessRequestEvent.GRANT:
            await grant_request(session, member, request, words, **both)
        case AccessRequestEvent.REFUSE:
            await refuse_request(session, member, request, words, **both)
        case _:
            raise NotFoundError


async def ask_question(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    *,
    revision: int,
    agreement_signer: AgreementSigner,
) -> None:
    """Ask the person something before deciding; the days stand still until they answer.

    Raises:
        PreconditionError: the request was corrected since it was read.
        ConflictError: it is decided or taken back.
        InvalidError: nothing is asked.
    """
    state = await _check_revision(
        session, actor, request, AccessRequestEvent.QUESTION, revision
    )
    message = clean_message(words)
    clock.stop(request, agreement_signer.territory.zone)
    await _apply_decision(
        session, actor, request, state, AccessRequestEvent.QUESTION, message
    )
    audit.record(session, actor, "access_request.questioned", request.id)


async def make_counter_offer(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    offer: OfferInput,
    *,
    revision: int,
    agreement_signer: AgreementSigner,
) -> None:
    """Offer other terms than those asked; the person accepts them, or answers.

    Raises:
        PreconditionError, ConflictError: as for `question`.
        InvalidError: no reason is given, or the offer is none.
    """
    state = await _check_revision(
        session, actor, request, AccessRequestEvent.COUNTER, revision
    )
    message = clean_message(words)
    terms = read_offer(request, offer)
    request.offer = write_terms(terms)
    policy = None if request.measured else await _lock_policy(session, request)
    _record_answer_delay(request, policy, agreement_signer)
    await _apply_decision(
        session, actor, request, state, AccessRequestEvent.COUNTER, message
    )
    audit.record(session, actor, "access_request.countered", request.id)


async def grant_request(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    *,
    revision: int,
    agreement_signer: AgreementSigner,
) -> AccessAgreement:
    """Give what was asked: the agreement is made of the terms that the person accepted when they asked.

    Raises:
        PreconditionError, ConflictError: as for `question`.
        InvalidError: no reason is given.
    """
    state = await _check_revision(
        session, actor, request, AccessRequestEvent.GRANT, revision
    )
    message = clean_message(words)
    request.offer = None
    policy = await _lock_policy(session, request)
    _record_answer_delay(request, policy, agreement_signer)
    await _apply_decision(
        session, actor, request, state, AccessRequestEvent.GRANT, message
    )
    audit.record(session, actor, "access_request.granted", request.id)
    return await _agree(session, actor, request, policy, agreement_signer)


async def refuse_request(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    *,
    revision: int,
    agreement_signer: AgreementSigner,
) -> None:
    """Refuse, and say why; the person may correct and ask again.

    Raises:
        PreconditionError, ConflictError: as for `question`.
        InvalidError: no reason is given.
    """
    state = await _check_revision(
        session, actor, request, AccessRequestEvent.REFUSE, revision
    )
    message = clean_message(words)
    policy = None if request.measured else await _lock_policy(session, request)
    _record_answer_delay(request, policy, agreement_signer)
    await _apply_decision(
        session, actor, request, state, AccessRequestEvent.REFUSE, message
    )
    audit.record(session, actor, "access_request.refused", request.id)


async def accept_offer(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    *,
    step: str,
    agreement_signer: AgreementSigner,
    connector: str = "",
) -> AccessAgreement:
    """The person accepts the offer that they read (`step` is its line of the thread); the agreement is made of it.

    Raises:
        ConflictError: there is no offer, or a connector alone accepts it.
        PreconditionError: the producer changed it since it was read.
    """
    requester_actions.require_same_channel(request, connector)
    state = ACCESS_REQUEST.next_state(request.state, AccessRequestEvent.ACCEPT)
    if step != request.since.isoformat():
        raise PreconditionFailedError(
            "The producer changed its offer since you opened it.",
            remedy="Read it again.",
        )
    request.state = state
    request.since = now()
    await add_step(
        session, actor, request, AccessRequestEvent.ACCEPT, AccessSide.REQUESTER
    )
    await notify_other_side(session, request, AccessRequestEvent.ACCEPT)
    audit.record(session, actor, "access_request.accepted", request.id)
    policy = await _lock_policy(session, request)
    return await _agree(session, actor, request, policy, agreement_signer)


def read_offer(request: AccessRequest, offer: OfferInput) -> Terms:
    """The terms of an offer: those asked, with what the producer changed of them.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
    """
    offer_terms = terms_of_request(request)
    refusals = Refusals()
    most = read_policy(request.policy).terms
    columns = read_lines("columns", offer.columns, refusals)
    if most.columns and not set(columns) <= set(most.columns):
        refusals.refuse(
            "columns", "One of these columns is not in the policy of the data."
        )
    rows = read_filters("rows", offer.rows, refusals)
    numbers = {"months": offer.months or "0", "megabytes": offer.megabytes or "0"}
    for name, text in numbers.items():
        if not (text.isascii() and text.isdigit() and len(text) < 9):  # noqa: PLR2004 - far beyond every limit
            refusals.refuse(name, "This is not a number.")
    if not refusals and not 1 <= int(numbers["months"]) <= most.months:
        refusals.refuse(
            "months",
            "Write a number from %(least)s to %(most)s.",
            values={"least": 1, "most": most.months},
        )
    refusals.check()
    offered_terms = write_terms(offer_terms) | {
        "months": int(numbers["months"]),
        "columns": list(columns or offer_terms.columns),
    }
    offered_terms["rows"] = [
        {
            "column": row_filter.column,
            "operator": row_filter.operator.value,
            "values": list(row_filter.values),
        }
        for row_filter in rows or offer_terms.rows
    ]
    if megabytes := int(numbers["megabytes"]):
        offered_terms["bytes_a_month"] = megabytes * MEGABYTE
    try:
        return read_terms(offered_terms)
    except InvalidTerms as error:
        raise InvalidError(
            refusals=[
                Refusal("rows", fault.message, fault.remedy, values=fault.values)
                for fault in error.faults
            ]
        ) from error


async def _check_revision(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    event: AccessRequestEvent,
    revision: int,
) -> AccessRequestState:
    if not ACCESS_REQUEST.is_allowed(request.state, event):
        await _reject_second_answer(session, actor, request)
    state = ACCESS_REQUEST.next_state(request.state, event)
    if request.revision != revision:
        raise PreconditionFailedError(
            "The person corrected this request since you opened it.",
            remedy="Read it again, then decide.",
        )
    return state


async def _reject_second_answer(
    session: AsyncSession, actor: Actor, request: AccessRequest
) -> None:
    """Refuse an answer with the name of the colleague whose answer was the last thing done, where it was one."""
    query = (
        select(AccessStep.side, AccessStep.person_id, Person.name)
        .join(
            Person,
            (Person.tenant_id == AccessStep.tenant_id)
            & (Person.id == AccessStep.person_id),
        )
        .where(
            AccessStep.request_id == request.id,
            AccessStep.event != AccessRequestEvent.MESSAGE,
        )
        .order_by(AccessStep.at.desc())
        .limit(1)
    )
    last = (await session.execute(query)).one_or_none()
    if (
        last is not None
        and last.side == AccessSide.PRODUCER
        and last.person_id != actor.person_id
    ):
        raise ConflictError(
            "%(name)s answered this request already.",
            remedy="See its page for its current state.",
            values={"name": last.name},
        )


async def _lock_policy(
    session: AsyncSession, request: AccessRequest
) -> AccessPolicy | None:
    """The policy of the dataset, kept from others until the transaction ends; None where its producer has none now."""
    query = select(AccessPolicy).where(AccessPolicy.dataset_id == request.dataset_id)
    policy: AccessPolicy | None = await session.scalar(
        query.with_for_update().execution_options(populate_existing=True)
    )
    return policy


def _record_answer_delay(
    request: AccessRequest,
    policy: AccessPolicy | None,
    agreement_signer: AgreementSigner,
) -> None:
    """Stop the days; the first decision of a request is among the figures of the policy."""
    clock.stop(request, agreement_signer.territory.zone)
    if request.measured:
        return
    request.measured = True
    if policy is not None:
        policy.answer_days = [*policy.answer_days, request.days_used][-DAYS_KEPT:]


async def _agree(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    policy: AccessPolicy | None,
    agreement_signer: AgreementSigner,
) -> AccessAgreement:
    """Make the agreement, which is among the figures of the policy."""
    agreement = await make_agreement(session, actor, request, agreement_signer)
    if policy is not None:
        policy.granted += 1
    await session.flush()
    return agreement


async def _apply_decision(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    state: AccessRequestState,
    event: AccessRequestEvent,
    words: str,
) -> None:
    request.state = state
    request.since = now()
    request.decided_by = actor.person_id
    request.reminded_at = None
    offer = request.offer if event is AccessRequestEvent.COUNTER else None
    await add_step(session, actor, request, event, AccessSide.PRODUCER, words, offer)
    await notify_other_side(session, request, event, AccessSide.PRODUCER)

"""What the producer does with a request: ask something, offer a part, grant, refuse with a reason; and an offer accepted."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError, PreconditionError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.making import make_agreement, terms_asked
from udi.portal.access.agreements.notary import Notary
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.access.policies.lines import read_filters, read_lines
from udi.portal.access.policies.queries import find_policy
from udi.portal.access.requests import clock
from udi.portal.access.requests.asking import require_voice
from udi.portal.access.requests.states import Event, Side, State, follow
from udi.portal.access.requests.thread import note, tell, tidy_words
from udi.protocol.policy import read_policy
from udi.protocol.terms import InvalidTerms, Terms, read_terms, write_terms

MEGABYTE = 1_000_000
DAYS_KEPT = 100


@dataclass(frozen=True)
class Offer:
    """What the producer would give instead, as it was typed."""

    months: str = ""
    columns: str = ""
    rows: str = ""
    megabytes: str = ""


async def question(
    session: AsyncSession, actor: Actor, request: AccessRequest, words: str, *, revision: int, notary: Notary
) -> None:
    """Ask the person something before deciding; the days stand still until they answer.

    Raises:
        PreconditionError: the request was corrected since it was read.
        ConflictError: it is decided or taken back.
        InvalidError: nothing is asked.
    """
    state = _read(request, Event.QUESTION, revision)
    said = tidy_words(words)
    clock.stop(request, notary.territory.zone)
    await _settle(session, actor, request, state, Event.QUESTION, said)
    audit.record(session, actor, "access_request.questioned", request.id)


async def counter(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    offer: Offer,
    *,
    revision: int,
    notary: Notary,
) -> None:
    """Offer other terms than those asked; the person accepts them, or answers.

    Raises:
        PreconditionError, ConflictError: as for `question`.
        InvalidError: no reason is given, or the offer is none.
    """
    state = _read(request, Event.COUNTER, revision)
    said, terms = tidy_words(words), read_offer(request, offer)
    request.offer = write_terms(terms)
    await _count(session, request, notary)
    await _settle(session, actor, request, state, Event.COUNTER, said)
    audit.record(session, actor, "access_request.countered", request.id)


async def grant(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    *,
    revision: int,
    notary: Notary,
) -> AccessAgreement:
    """Give what was asked: the agreement is made of the terms that the person accepted when they asked.

    Raises:
        PreconditionError, ConflictError: as for `question`.
        InvalidError: no reason is given.
    """
    state = _read(request, Event.GRANT, revision)
    said = tidy_words(words)
    request.offer = None
    await _count(session, request, notary)
    await _settle(session, actor, request, state, Event.GRANT, said)
    audit.record(session, actor, "access_request.granted", request.id)
    return await make_agreement(session, actor, request, notary)


async def refuse(
    session: AsyncSession, actor: Actor, request: AccessRequest, words: str, *, revision: int, notary: Notary
) -> None:
    """Refuse, and say why; the person may correct and ask again.

    Raises:
        PreconditionError, ConflictError: as for `question`.
        InvalidError: no reason is given.
    """
    state = _read(request, Event.REFUSE, revision)
    said = tidy_words(words)
    await _count(session, request, notary)
    await _settle(session, actor, request, state, Event.REFUSE, said)
    audit.record(session, actor, "access_request.refused", request.id)


async def accept(
    session: AsyncSession, actor: Actor, request: AccessRequest, *, step: str, notary: Notary, connector: str = ""
) -> AccessAgreement:
    """The person accepts the offer that they read (`step` is its line of the thread); the agreement is made of it.

    Raises:
        ConflictError: there is no offer, or a connector alone accepts it.
        PreconditionError: the producer changed it since it was read.
    """
    require_voice(request, connector)
    state = follow(request.state, Event.ACCEPT)
    if step != request.since.isoformat():
        raise PreconditionError("The producer changed its offer since you opened it.", remedy="Read it again.")
    request.state, request.since = state, now()
    await note(session, actor, request, Event.ACCEPT, Side.REQUESTER)
    await tell(session, request, Event.ACCEPT)
    audit.record(session, actor, "access_request.accepted", request.id)
    return await make_agreement(session, actor, request, notary)


def read_offer(request: AccessRequest, offer: Offer) -> Terms:
    """The terms of an offer: those asked, with what the producer changed of them.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
    """
    asked, refusals = terms_asked(request), list[Refusal]()
    most = read_policy(request.policy).terms
    columns = read_lines("columns", offer.columns, refusals)
    if most.columns and not set(columns) <= set(most.columns):
        refusals.append(Refusal("columns", "One of these columns is not in the policy of the data."))
    rows = read_filters("rows", offer.rows, refusals)
    numbers = {"months": offer.months or "0", "megabytes": offer.megabytes or "0"}
    for name, text in numbers.items():
        if not (text.isascii() and text.isdigit() and len(text) < 9):  # noqa: PLR2004 - far beyond every limit
            refusals.append(Refusal(name, "This is not a number."))
    if not refusals and not 1 <= int(numbers["months"]) <= most.months:
        refusals.append(
            Refusal("months", "Write a number from %(least)s to %(most)s.", values={"least": 1, "most": most.months})
        )
    if refusals:
        raise InvalidError(refusals=refusals)
    said = write_terms(asked) | {"months": int(numbers["months"]), "columns": list(columns or asked.columns)}
    said["rows"] = [
        {"column": each.column, "operator": each.operator.value, "values": list(each.values)}
        for each in rows or asked.rows
    ]
    if megabytes := int(numbers["megabytes"]):
        said["bytes_a_month"] = megabytes * MEGABYTE
    try:
        return read_terms(said)
    except InvalidTerms as error:
        raise InvalidError(
            refusals=[Refusal("rows", each.message, each.remedy, values=each.values) for each in error.faults]
        ) from error


def _read(request: AccessRequest, event: Event, revision: int) -> State:
    state = follow(request.state, event)
    if request.revision != revision:
        raise PreconditionError(
            "The person corrected this request since you opened it.", remedy="Read it again, then decide."
        )
    return state


async def _count(session: AsyncSession, request: AccessRequest, notary: Notary) -> None:
    """Stop the days; the first decision of a request is among the figures of the policy."""
    clock.stop(request, notary.territory.zone)
    if request.measured:
        return
    request.measured = True
    if (policy := await find_policy(session, request.dataset_id, lock=True)) is not None:
        policy.answer_days = [*policy.answer_days, request.days_used][-DAYS_KEPT:]


async def _settle(
    session: AsyncSession, actor: Actor, request: AccessRequest, state: State, event: Event, words: str
) -> None:
    request.state, request.since, request.decided_by = state, now(), actor.person_id
    request.reminded_at = None
    offer = request.offer if event is Event.COUNTER else None
    await note(session, actor, request, event, Side.PRODUCER, words, offer)
    await tell(session, request, event, Side.PRODUCER)

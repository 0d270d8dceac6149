"""What either side does with a request, as it was typed in a form or sent by a program."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.access.agreements.signatures import AgreementSigner
from udi.portal.access.models import AccessSide
from udi.portal.access.requests import decisions, requester_actions
from udi.portal.access.requests.queries import (
    AccessRequestCase,
    get_case,
    get_case_for_side,
)
from udi.portal.access.requests.thread import write_message
from udi.portal.access.requests.transitions import (
    BY_PRODUCER,
    BY_REQUESTER,
    AccessRequestEvent,
)
from udi.portal.projects.forms import read_number


async def get_case_for_event(
    session: AsyncSession, member: Actor, id_: UUID, event: str
) -> AccessRequestCase:
    """A request, for who does something with it: held until the transaction ends, where only one side does it.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
        ForbiddenError: it is for the other side to do.
    """
    if event in BY_PRODUCER and event not in BY_REQUESTER:
        return await get_case_for_side(session, member, id_, AccessSide.PRODUCER)
    if event in BY_REQUESTER and event not in BY_PRODUCER:
        return await get_case_for_side(session, member, id_, AccessSide.REQUESTER)
    return await get_case(session, member, id_)


async def apply_event(
    session: AsyncSession,
    member: Actor,
    case: AccessRequestCase,
    event: str,
    payload: Mapping[str, str],
    notary: AgreementSigner,
) -> None:
    """Do it; `said` is what was typed or sent with it.

    Raises:
        NotFoundError: there is no such step.
        ConflictError, PreconditionError, InvalidError: as each of them says.
    """
    words = payload.get("words", "")
    request = case.request
    territory = notary.territory
    both: dict[str, Any] = {
        "revision": read_number(payload.get("revision", "")),
        "notary": notary,
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
            await decisions.accept_offer(
                session, member, request, step=payload.get("offer", ""), notary=notary
            )
        case AccessRequestEvent.QUESTION:
            await decisions.ask_question(session, member, request, words, **both)
        case AccessRequestEvent.COUNTER:
            offer = decisions.OfferInput(
                *(
                    payload.get(name, "")
                    for name in ("months", "columns", "rows", "megabytes")
                )
            )
            await decisions.make_counter_offer(
                session, member, request, words, offer, **both
            )
        case AccessRequestEvent.GRANT:
            await decisions.grant_request(session, member, request, words, **both)
        case AccessRequestEvent.REFUSE:
            await decisions.refuse_request(session, member, request, words, **both)
        case _:
            raise NotFoundError

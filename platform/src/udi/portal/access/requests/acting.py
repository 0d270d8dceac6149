"""What either side does with a request, as it was typed in a form or sent by a program."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.access.agreements.notary import Notary
from udi.portal.access.requests import asking, deciding
from udi.portal.access.requests.queries import Case, get_as, get_case
from udi.portal.access.requests.states import BY_PRODUCER, BY_REQUESTER, Event, Side
from udi.portal.access.requests.thread import write_message
from udi.portal.projects.forms import read_number


async def get_to_act(session: AsyncSession, member: Actor, id_: UUID, event: str) -> Case:
    """A request, for who does something with it: held until the transaction ends, where only one side does it.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
        ForbiddenError: it is for the other side to do.
    """
    if event in BY_PRODUCER and event not in BY_REQUESTER:
        return await get_as(session, member, id_, Side.PRODUCER)
    if event in BY_REQUESTER and event not in BY_PRODUCER:
        return await get_as(session, member, id_, Side.REQUESTER)
    return await get_case(session, member, id_)


async def act_on(
    session: AsyncSession, member: Actor, case: Case, event: str, said: Mapping[str, str], notary: Notary
) -> None:
    """Do it; `said` is what was typed or sent with it.

    Raises:
        NotFoundError: there is no such step.
        ConflictError, PreconditionError, InvalidError: as each of them says.
    """
    words, asked, territory = said.get("words", ""), case.request, notary.territory
    both: dict[str, Any] = {"revision": read_number(said.get("revision", "")), "notary": notary}
    match event:
        case Event.MESSAGE:
            await write_message(session, member, asked, words, case.side)
        case Event.ANSWER:
            await asking.answer(session, member, asked, words, territory)
        case Event.WITHDRAW:
            await asking.withdraw(session, member, asked, territory)
        case Event.ACCEPT:
            await deciding.accept(session, member, asked, step=said.get("offer", ""), notary=notary)
        case Event.QUESTION:
            await deciding.question(session, member, asked, words, **both)
        case Event.COUNTER:
            offer = deciding.Offer(*(said.get(name, "") for name in ("months", "columns", "rows", "megabytes")))
            await deciding.counter(session, member, asked, words, offer, **both)
        case Event.GRANT:
            await deciding.grant(session, member, asked, words, **both)
        case Event.REFUSE:
            await deciding.refuse(session, member, asked, words, **both)
        case _:
            raise NotFoundError

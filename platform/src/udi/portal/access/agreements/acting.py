"""What either side does with an agreement, as it was typed in a form or sent by a program."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.access.agreements import changing
from udi.portal.access.agreements.queries import Deed, get_deed
from udi.portal.access.agreements.states import BY_PRODUCER, AgreementEvent
from udi.portal.access.requests.states import Side


async def get_to_act(session: AsyncSession, member: Actor, id_: UUID, event: str) -> Deed:
    """An agreement, held until the transaction ends, for whoever does something with it.

    Raises:
        NotFoundError: there is none, or it is others'.
        ForbiddenError: it is for the other side to do.
    """
    side = Side.PRODUCER if event in BY_PRODUCER else Side.REQUESTER
    return await get_deed(session, member, id_, side=side, lock=True)


async def act_on(session: AsyncSession, member: Actor, deed: Deed, event: str, said: Mapping[str, str]) -> None:
    """Do it; `said` is what was typed or sent with it.

    Raises:
        NotFoundError: there is no such step.
        ConflictError, InvalidError: as each of them says.
    """
    agreement, words, days = deed.agreement, said.get("words", ""), said.get("days", "")
    match event:
        case AgreementEvent.SUSPEND:
            await changing.suspend(session, member, agreement, words)
        case AgreementEvent.RESUME:
            await changing.resume(session, member, agreement)
        case AgreementEvent.REVOKE:
            await changing.revoke(session, member, agreement, words)
        case AgreementEvent.GIVE_NOTICE:
            number = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0  # noqa: PLR2004 - a small number
            await changing.give_notice(session, member, agreement, words, number)
        case AgreementEvent.KEEP:
            await changing.keep(session, member, agreement)
        case AgreementEvent.GIVE_UP:
            await changing.give_up(session, member, agreement)
        case _:
            raise NotFoundError

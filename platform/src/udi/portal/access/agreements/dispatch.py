"""What either side does with an agreement, as it was typed in a form or sent by a program."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.access.agreements import actions
from udi.portal.access.agreements.queries import SignedAgreement, get_signed_agreement
from udi.portal.access.agreements.transitions import AGREEMENT, AgreementEvent
from udi.portal.access.models import AccessSide


async def get_agreement_for_event(
    session: AsyncSession, member: Actor, id_: UUID, event: str
) -> SignedAgreement:
    """An agreement, held until the transaction ends, for whoever does something with it.

    Raises:
        NotFoundError: there is none, or it is others'.
        ForbiddenError: it is for the other side to do.
    """
    if event in AGREEMENT.events_of(AccessSide.PRODUCER):
        side = AccessSide.PRODUCER
    else:
        side = AccessSide.REQUESTER
    return await get_signed_agreement(session, member, id_, side=side, lock=True)


async def apply_event(
    session: AsyncSession,
    member: Actor,
    agreement_case: SignedAgreement,
    event: str,
    payload: Mapping[str, str],
) -> None:
    """Do it; `said` is what was typed or sent with it.

    Raises:
        NotFoundError: there is no such step.
        ConflictError, InvalidError: as each of them says.
    """
    agreement = agreement_case.agreement
    words = payload.get("words", "")
    days = payload.get("days", "")
    match event:
        case AgreementEvent.SUSPEND:
            await actions.suspend_agreement(session, member, agreement, words)
        case AgreementEvent.RESUME:
            await actions.resume_agreement(session, member, agreement)
        case AgreementEvent.REVOKE:
            await actions.revoke_agreement(session, member, agreement, words)
        case AgreementEvent.GIVE_NOTICE:
            if days.isascii() and days.isdigit() and len(days) < 5:  # noqa: PLR2004 - a small number
                number = int(days)
            else:
                number = 0
            await actions.give_notice(session, member, agreement, words, number)
        case AgreementEvent.KEEP:
            await actions.withdraw_notice(session, member, agreement)
        case AgreementEvent.GIVE_UP:
            await actions.give_up_agreement(session, member, agreement)
        case _:
            raise NotFoundError

"""What ends when somebody's account is gone: they lend nothing any more."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.consents.actions import withdraw_consent
from udi.portal.consents.models import Consent
from udi.portal.identity.departures import Departure
from udi.protocol.consent import ConsentState


async def stop_lending(session: AsyncSession, departure: Departure) -> int:
    """Stop all that somebody lends whose account is gone; how many things."""
    if not departure.gone:
        return 0
    query = select(Consent).where(
        Consent.person_id == departure.person.id, Consent.state == ConsentState.GIVEN
    )
    consents = (await session.scalars(query.with_for_update())).all()
    for consent in consents:
        await withdraw_consent(session, consent)
    return len(consents)

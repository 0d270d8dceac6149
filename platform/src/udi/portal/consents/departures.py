"""What ends when somebody's account is gone: they lend nothing any more."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.consents.actions import withdraw_consent
from udi.portal.consents.locks import lock_given
from udi.portal.consents.models import Consent
from udi.portal.identity.departures import Departure
from udi.portal.identity.models import Person


async def lock_lent(session: AsyncSession, person: Person) -> None:
    """Lock what ends with somebody's account, before any of it takes a revision."""
    await lock_given(session, Consent.person_id == person.id)


async def stop_lending(session: AsyncSession, departure: Departure) -> int:
    """Stop all that somebody lends whose account is gone; how many things."""
    if not departure.gone:
        return 0
    consents = await lock_given(session, Consent.person_id == departure.person.id)
    for consent in consents:
        await withdraw_consent(session, consent)
    return len(consents)

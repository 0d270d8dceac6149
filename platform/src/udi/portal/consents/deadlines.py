"""What only time and the end of agreements bring about: consents end, what was kept long enough goes."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.schedules import Schedule, Schedules, run_sessions
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.creation import add_months
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.actions import end_consent
from udi.portal.consents.models import Consent
from udi.protocol.consent import ConsentActor, ConsentEvent, ConsentState
from udi.ui.site import Site

PROOF_MONTHS = 36
"""How long a consent that ended is kept, to show that it was given."""
MOST = 500
ENDS = {
    AgreementState.REVOKED: ConsentActor.PRODUCER,
    AgreementState.GIVEN_UP: ConsentActor.PROJECT,
}
"""Who ended an agreement, and with it the consents under it."""


def list_schedules(site: Site) -> Schedules:
    """End what is over, every minute."""

    async def apply_due(session: AsyncSession, _: Territory) -> None:
        await end_due_consents(session, now())

    run = run_sessions(site.database, site.registry, apply_due)
    return [Schedule("end_due_consents", "* * * * *", run)]


async def end_due_consents(session: AsyncSession, moment: datetime) -> None:
    """End the consents whose time or agreement is over, and forget what was kept long enough; may be repeated."""
    for consent in await _lock_given(session, Consent.expires_at <= moment):
        await end_consent(session, consent, ConsentEvent.EXPIRE, ConsentActor.CLOCK)
    for state, actor in ENDS.items():
        over = select(AccessAgreement.id).where(AccessAgreement.state == state)
        for consent in await _lock_given(session, Consent.agreement_id.in_(over)):
            await end_consent(session, consent, ConsentEvent.REVOKE, actor)
    past_proof = add_months(moment, -PROOF_MONTHS)
    forgotten = or_(
        (Consent.state == ConsentState.REFUSED) & (Consent.expires_at <= moment),
        Consent.ended_at <= past_proof,
    )
    await session.execute(
        delete(Consent).where(forgotten).execution_options(synchronize_session=False)
    )


async def _lock_given(
    session: AsyncSession, condition: ColumnElement[bool]
) -> list[Consent]:
    query = (
        select(Consent)
        .where(Consent.state == ConsentState.GIVEN, condition)
        .order_by(Consent.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    return list((await session.scalars(query)).all())

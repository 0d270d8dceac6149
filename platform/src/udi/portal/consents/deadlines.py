"""What only time and the end of agreements bring about: consents end, what was kept long enough goes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territory_reads import find_territories
from udi.portal.access.agreements.creation import add_months
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.actions import end_consent
from udi.portal.consents.changes import forget_changes
from udi.portal.consents.locks import lock_given
from udi.portal.consents.models import Consent, ConsentChange
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


@dataclass(frozen=True)
class DueConsents:
    """Consents that end, by which event, through whom."""

    condition: ColumnElement[bool]
    event: ConsentEvent
    actor: ConsentActor


def schedule_ends(site: Site) -> Schedule:
    """End what is over, every minute."""

    async def end_due(territory: Territory) -> None:
        await end_due_consents(site.database, territory.id, now())

    async def run() -> None:
        # A territory without a consent has nothing that ends, and without a change nothing to forget.
        among = await find_territories(
            site.database, select(Consent.id), select(ConsentChange.id)
        )
        await run_in_each_territory(site.registry, end_due, among=among)

    return Schedule("end_due_consents", "* * * * *", run)


async def end_due_consents(database: Database, tenant: UUID, moment: datetime) -> None:
    """End the consents whose time or agreement is over, and forget what was kept long enough; may be repeated."""
    await end_each(
        database,
        tenant,
        DueConsents(
            Consent.expires_at <= moment, ConsentEvent.EXPIRE, ConsentActor.CLOCK
        ),
    )
    for state, actor in ENDS.items():
        over = select(AccessAgreement.id).where(AccessAgreement.state == state)
        condition = Consent.agreement_id.in_(over)
        await end_each(
            database, tenant, DueConsents(condition, ConsentEvent.REVOKE, actor)
        )
    past_proof = add_months(moment, -PROOF_MONTHS)
    forgotten = or_(
        (Consent.state == ConsentState.REFUSED) & (Consent.expires_at <= moment),
        Consent.ended_at <= past_proof,
    )
    async with database.session(tenant, role="worker") as session:
        await forget_changes(session, moment)
        ids = (
            select(Consent.id)
            .where(forgotten)
            .order_by(Consent.id)
            .limit(MOST)
            .with_for_update(skip_locked=True)
        )
        await session.execute(
            delete(Consent)
            .where(Consent.id.in_((await session.scalars(ids)).all()))
            .execution_options(synchronize_session=False)
        )


async def end_each(database: Database, tenant: UUID, due: DueConsents) -> int:
    """End consents, each in a transaction of its own: nobody who answers waits for all of them. How many, at most."""
    query = select(Consent.id).where(Consent.state == ConsentState.GIVEN, due.condition)
    async with database.session(tenant, role="worker") as session:
        ids = (await session.scalars(query.order_by(Consent.id).limit(MOST))).all()
    for id_ in ids:
        async with database.session(tenant, role="worker") as session:
            for consent in await lock_given(
                session, (Consent.id == id_) & due.condition
            ):
                await end_consent(session, consent, due.event, due.actor)
    return len(ids)

"""What time does: requests lapse, close and are forgotten, each day that an answer is late is seen; a legal hold stops it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.subject_requests.actions import (
    Move,
    destroy_contents,
    mark_late,
    move_request,
)
from udi.node.subject_requests.lending import forget_lenders
from udi.node.subject_requests.models import (
    Lender,
    SubjectPerson,
    SubjectRequest,
    SubjectSession,
)
from udi.node.subject_requests.plan import (
    RequestFacts,
    may_be_forgotten,
    plan_clock,
)
from udi.node.subject_requests.portal_sync.tickets import delete_expired_tickets
from udi.protocol.subject_requests import SubjectRequestActor

IDLE = timedelta(days=1)
"""How long somebody without a request is remembered after their login."""


async def advance_requests(session: AsyncSession) -> int:
    """Have time do what is due in a territory; how many requests changed."""
    moment = now()
    await delete_expired_tickets(session)
    query = select(SubjectRequest).where(~SubjectRequest.legal_hold).with_for_update()
    changed = 0
    for request in (await session.scalars(query)).all():
        changed += await _advance(session, request, moment)
    await session.flush()
    await forget_lenders(session)
    await _forget_people(session, moment)
    return changed


async def _advance(
    session: AsyncSession, request: SubjectRequest, moment: datetime
) -> bool:
    if request.ended_at is not None:
        if may_be_forgotten(request, moment):
            await session.delete(request)
            return True
        if request.destroyed_at is None:
            await destroy_contents(session, request)
            return True
        return False
    facts = RequestFacts.of(request)
    event = plan_clock(facts, moment)
    if event is not None:
        move = Move(event=event, role=SubjectRequestActor.CLOCK)
        await move_request(session, request, move)
        return True
    return mark_late(request, facts, moment)


async def _forget_people(session: AsyncSession, moment: datetime) -> None:
    """Forget those who asked or lent once, and of whom nothing is here any more."""
    asks = exists().where(
        SubjectRequest.tenant_id == SubjectPerson.tenant_id,
        SubjectRequest.subject_id == SubjectPerson.id,
    )
    reads = exists().where(
        SubjectSession.tenant_id == SubjectPerson.tenant_id,
        SubjectSession.person_id == SubjectPerson.id,
    )
    lends = exists().where(
        Lender.tenant_id == SubjectPerson.tenant_id,
        Lender.subject_id == SubjectPerson.id,
    )
    await session.execute(
        delete(SubjectPerson).where(
            SubjectPerson.last_login_at < moment - IDLE, ~asks, ~reads, ~lends
        )
    )


def schedule_clock(database: Database, registry: TerritoryRegistry) -> Schedule:
    """Every hour, in each territory."""

    async def advance(session: AsyncSession, _: Territory) -> None:
        await advance_requests(session)

    run = run_sessions(database, registry, advance)
    return Schedule("advance_subject_requests", "17 * * * *", run)

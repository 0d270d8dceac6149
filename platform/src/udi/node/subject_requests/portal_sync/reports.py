"""The worker tells the portal how requests stand: dates and states, once the person's browser came back there."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from msgspec import MsgspecError
from msgspec.json import decode
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.territory_reads import find_territories
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.spaces.models import Space
from udi.node.subject_requests.models import (
    ReportState,
    RequestChannel,
    SubjectRequest,
)
from udi.node.subject_requests.plan import RequestFacts
from udi.protocol.deadlines import receipt_day
from udi.protocol.subject_request_reports import (
    PATH,
    PaperRequestReport,
    ReportOutcome,
    SubjectRequestReport,
    SubjectRequestReportAnswer,
    SubjectRequestReports,
)
from udi.protocol.subject_requests import SubjectRequestState, SubjectRight

log = structlog.get_logger()
MOST_AT_ONCE = 200
LINKING = timedelta(hours=24)
"""How long a browser has to come back to the portal."""
LONGEST_PAUSE = timedelta(hours=1)
FIRST_PAUSE = timedelta(minutes=1)
TAKEN: Mapping[ReportOutcome | None, ReportState] = {
    ReportOutcome.ACCEPTED: ReportState.LINKED,
    ReportOutcome.GONE: ReportState.GONE,
}


async def report_requests(
    database: Database, portal: PortalClient, territory: Territory
) -> int:
    """Tell what changed; of how many requests.

    Raises:
        PortalUnavailableError: the portal did not take it; it is told again later.
    """
    async with database.session(territory.id, role="worker") as session:
        rows = await _list_changed(session)
        sequences = {row.id: row.sequence for row, _ in rows}
        reports = _write_reports(rows, now())
    if not rows:
        return 0
    outcomes = _read_answer(await portal.send(territory, PATH, reports))
    async with database.session(territory.id, role="worker") as session:
        await _store_outcomes(session, outcomes, sequences)
    return len(rows)


def _read_answer(content: bytes) -> Mapping[UUID, ReportOutcome]:
    try:
        return decode(content, type=SubjectRequestReportAnswer).requests
    except MsgspecError as error:
        raise PortalUnavailableError(
            "The portal's answer about requests cannot be read."
        ) from error


def _changed(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """What is true of the requests that the portal is told of now."""
    return (
        SubjectRequest.reported_sequence < SubjectRequest.sequence,
        SubjectRequest.report_state != ReportState.DETACHED,
        SubjectRequest.report_after <= moment,
    )


async def _list_changed(
    session: AsyncSession,
) -> Sequence[tuple[SubjectRequest, Space]]:
    query = (
        select(SubjectRequest, Space)
        .join(
            Space,
            (Space.tenant_id == SubjectRequest.tenant_id)
            & (Space.id == SubjectRequest.space_id),
        )
        .where(*_changed(now()))
        .order_by(SubjectRequest.report_after)
        .limit(MOST_AT_ONCE)
    )
    return [(row, space) for row, space in await session.execute(query)]


def _write_reports(
    rows: Sequence[tuple[SubjectRequest, Space]], moment: datetime
) -> SubjectRequestReports:
    requests = []
    paper = []
    for row, space in rows:
        facts = RequestFacts.of(row)
        status: dict[str, Any] = {
            "id": row.id,
            "sequence": row.sequence,
            "state": SubjectRequestState(row.state),
            "received_on": row.received_on,
            "due_on": row.due_on,
            "extended": row.extended,
            "was_late": row.was_late or facts.is_late(moment),
            "decided_on": _day(row.decided_at, facts),
            "ended_on": _day(row.ended_at, facts),
        }
        if row.channel == RequestChannel.PAPER:
            right = SubjectRight(row.right)
            paper.append(PaperRequestReport(**status, producer=space.slug, right=right))
        else:
            requests.append(
                SubjectRequestReport(
                    **status,
                    confirmation=row.confirmation,
                    news=row.news,
                    escalated=row.escalated,
                )
            )
    return SubjectRequestReports(requests=requests, paper=paper)


def _day(moment: datetime | None, facts: RequestFacts) -> date | None:
    if moment is None:
        return None
    return receipt_day(moment, facts.zone)


async def _store_outcomes(
    session: AsyncSession,
    outcomes: Mapping[UUID, ReportOutcome],
    sequences: Mapping[UUID, int],
) -> None:
    """Note what the portal took; a change that came meanwhile is told next time."""
    query = select(SubjectRequest).where(SubjectRequest.id.in_(sequences))
    for row in await session.scalars(query.with_for_update()):
        outcome = outcomes.get(row.id)
        if outcome in TAKEN:
            row.report_state = TAKEN[outcome]
            row.reported_sequence = max(row.reported_sequence, sequences[row.id])
            row.report_tries = 0
        elif outcome is ReportOutcome.UNCONFIRMED or outcome is None:
            _try_later(row)
        else:
            row.report_state = ReportState.DETACHED
            log.warning("request not known to the portal", outcome=outcome)
    await session.flush()


def _try_later(row: SubjectRequest) -> None:
    """With growing pauses, for a day; a request that the portal knew is told for ever."""
    moment = now()
    is_new = row.report_state == ReportState.PENDING
    if (
        is_new
        and row.channel == RequestChannel.PORTAL
        and moment >= row.received_at + LINKING
    ):
        row.report_state = ReportState.DETACHED
        return
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.report_tries, 10))
    row.report_tries += 1
    row.report_after = moment + pause


def schedule_reports(
    database: Database, registry: TerritoryRegistry, portal: PortalClient
) -> Schedule:
    """Tell each territory's portal, every minute."""

    async def report(territory: Territory) -> None:
        try:
            await report_requests(database, portal, territory)
        except PortalUnavailableError as error:
            log.info("requests not reported", reason=str(error), detail=error.detail)
            raise

    async def run() -> None:
        changed = select(SubjectRequest.id).where(*_changed(now()))
        among = await find_territories(database, changed)
        await run_in_each_territory(registry, report, among=among)

    return Schedule("report_subject_requests", "* * * * * 25", run)

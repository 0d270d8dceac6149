"""What a node reports of requests: taken from the node that holds them, with the confirmation of the browser, in order."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import list_linked_producers
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.portal.selfdata.requests.request_nodes import map_request_nodes
from udi.protocol.credentials import CONFIRMATION
from udi.protocol.subject_request_reports import (
    PaperRequestReport,
    ReportOutcome,
    SubjectRequestReport,
    SubjectRequestReports,
    SubjectRequestStatus,
)
from udi.protocol.subject_requests import SUBJECT_REQUEST, SubjectRequestState

TELL_NEWS = "tell_subject_request_news"
EARLIEST = date(2018, 5, 25)
"""Since when the law is in force."""
CLOCK_DIFFERENCE = timedelta(days=2)
"""How far the day at the node may be ahead."""
LONGEST = timedelta(days=800)
"""From the receipt to the day of an answer: three months, however long the clock stood."""


@cache
def list_reachable_states(state: str) -> frozenset[SubjectRequestState]:
    """Where a request may stand after this state, whatever happened between two reports; the state itself too."""
    reachable = {SubjectRequestState(state)}
    waiting = [SubjectRequestState(state)]
    while waiting:
        current = waiting.pop()
        for row in SUBJECT_REQUEST:
            if row.state == current and row.target not in reachable:
                reachable.add(row.target)
                waiting.append(row.target)
    return frozenset(reachable)


async def take_reports(
    session: AsyncSession, node: Node, reports: SubjectRequestReports
) -> Mapping[UUID, ReportOutcome]:
    """Take each report that may be taken; what became of each, by identifier."""
    ids = [report.id for report in (*reports.requests, *reports.paper)]
    query = (
        select(SubjectRequest)
        .where(SubjectRequest.id.in_(ids))
        .order_by(SubjectRequest.id)
        .with_for_update()
    )
    rows = {row.id: row for row in await session.scalars(query)}
    outcomes: dict[UUID, ReportOutcome] = {}
    for report in reports.requests:
        outcomes[report.id] = await _take_report(
            session, node, rows.get(report.id), report
        )
    producers = await _map_producers(session, node, reports.paper)
    for paper in reports.paper:
        row = rows.get(paper.id) or _make_paper_row(node, paper, producers)
        outcomes[paper.id] = _take_paper(node, row, paper)
        if row is not None and outcomes[paper.id] is ReportOutcome.ACCEPTED:
            session.add(row)
            rows[paper.id] = row
    await session.flush()
    return outcomes


async def _take_report(
    session: AsyncSession,
    node: Node,
    row: SubjectRequest | None,
    report: SubjectRequestReport,
) -> ReportOutcome:
    if row is None:
        return ReportOutcome.UNKNOWN
    if row.on_paper or row.node_id != node.id:
        return ReportOutcome.REFUSED
    if not row.confirmation_hash:
        row.written_at = row.written_at or now()
        return ReportOutcome.UNCONFIRMED
    digest = CONFIRMATION.hexdigest(report.confirmation)
    if not compare_digest(row.confirmation_hash, digest):
        return ReportOutcome.REFUSED
    accepted = _find_acceptance(row)
    if report.sequence <= row.sequence:
        return accepted
    if not _may_follow(row, report):
        return ReportOutcome.REFUSED
    is_told = row.news_at is not None and row.state == report.state
    _write_status(row, report)
    row.escalated = report.escalated
    if not report.news:
        row.news_at = None
    elif not is_told:
        row.news_at = now()
        if row.person_id is not None:
            payload = {"request": str(row.id), "sequence": report.sequence}
            await jobs.enqueue(session, TELL_NEWS, payload)
    return accepted


def _find_acceptance(row: SubjectRequest) -> ReportOutcome:
    """The outcome of a report that is taken: the node learns that nobody reads there any more."""
    return ReportOutcome.ACCEPTED if row.person_id else ReportOutcome.GONE


def _may_follow(row: SubjectRequest, report: SubjectRequestStatus) -> bool:
    """Whether a request can have come to this state, which is none of a draft, on days that can be."""
    latest = now().date() + CLOCK_DIFFERENCE
    happened = [report.received_on, report.decided_on, report.ended_on]
    return (
        report.state is not SubjectRequestState.DRAFTED
        and report.state in list_reachable_states(row.state)
        and report.received_on >= EARLIEST
        and all(
            report.received_on <= day <= latest for day in happened if day is not None
        )
        and report.received_on <= report.due_on <= report.received_on + LONGEST
    )


def _write_status(row: SubjectRequest, report: SubjectRequestStatus) -> None:
    row.sequence = report.sequence
    row.state = report.state
    row.received_on = report.received_on
    row.due_on = report.due_on
    row.extended = report.extended
    row.was_late = report.was_late
    row.decided_on = report.decided_on
    row.ended_on = report.ended_on


async def _map_producers(
    session: AsyncSession, node: Node, paper: Sequence[PaperRequestReport]
) -> Mapping[str, UUID]:
    """The producers whose requests this node takes, by slug."""
    if not paper:
        return {}
    if node.hosted:
        producers = list(await session.scalars(select(Organisation)))
    else:
        producers = list(await list_linked_producers(session, node))
    ids = [producer.id for producer in producers]
    nodes = await map_request_nodes(session, ids)
    return {
        producer.slug: producer.id
        for producer in producers
        if node.id in {taker.id for taker in nodes.get(producer.id, ())}
    }


def _make_paper_row(
    node: Node, paper: PaperRequestReport, producers: Mapping[str, UUID]
) -> SubjectRequest | None:
    """A new row of what came on paper; None where the node does not hold this producer."""
    organisation_id = producers.get(paper.producer)
    if organisation_id is None:
        return None
    return SubjectRequest(
        id=paper.id,
        organisation_id=organisation_id,
        node_id=node.id,
        on_paper=True,
        right=paper.right,
        drafted_at=now(),
        state=SubjectRequestState.SUBMITTED,
        sequence=0,
    )


def _take_paper(
    node: Node, row: SubjectRequest | None, paper: PaperRequestReport
) -> ReportOutcome:
    if row is None or not row.on_paper or row.node_id != node.id:
        return ReportOutcome.REFUSED
    if row.right != paper.right:
        return ReportOutcome.REFUSED
    if paper.sequence <= row.sequence:
        return ReportOutcome.ACCEPTED
    if not _may_follow(row, paper):
        return ReportOutcome.REFUSED
    _write_status(row, paper)
    return ReportOutcome.ACCEPTED

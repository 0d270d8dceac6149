"""Recording what became of a push, and sending its report (again)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal.audit import record
from udi.portal.nodes.models import Node, Report, ReportDeliveryState
from udi.portal.nodes.rudi import store_fault
from udi.protocol.faults import MOST_FAULTS, Fault, shorten

SEND_REPORT = "send_report"
LONGEST_TITLE = 150
LONGEST_VERSION = 20


def make_report(
    node: Node,
    *,
    method: str,
    submitted_at: datetime,
    resource_id: UUID | None,
    title: str = "",
    version: str = "",
    faults: Sequence[Fault] = (),
    translations: Sequence[Fault] = (),
    comment: str = "",
) -> Report:
    """What became of a push; refused when there are faults. `translations` are what was read otherwise in one that is accepted.

    Of a refused record only the codes, field names and reasons are kept (at most a hundred), never its body.
    """
    return Report(
        id=uuid4(),
        node_id=node.id,
        method=method,
        submitted_at=submitted_at,
        treated_at=now(),
        resource_id=resource_id,
        resource_title=shorten(title, LONGEST_TITLE),
        comment=comment,
        version=shorten(version, LONGEST_VERSION),
        accepted=not faults,
        faults=[store_fault(fault) for fault in (faults or translations)[:MOST_FAULTS]],
        delivery=ReportDeliveryState.PENDING
        if resource_id and node.url
        else ReportDeliveryState.ANSWERED,
    )


async def save_reports(session: AsyncSession, reports: Sequence[Report]) -> None:
    """Keep them, and queue the sending of those that are about a dataset of a node that takes them."""
    session.add_all(reports)
    await session.flush()
    payloads = [
        {"report": str(report.id)}
        for report in reports
        if report.delivery == ReportDeliveryState.PENDING
    ]
    await jobs.enqueue_each(session, SEND_REPORT, payloads)


async def resend_report(session: AsyncSession, actor: Actor, report: Report) -> None:
    """Give a report that could not be delivered all its attempts again.

    Raises:
        ConflictError: it is delivered, or still being tried.
    """
    if report.delivery != ReportDeliveryState.FAILED:
        raise ConflictError(
            "This report is not waiting for anybody.",
            remedy="Look at the list of nodes again.",
        )
    report.delivery = ReportDeliveryState.PENDING
    report.last_error = ""
    await jobs.enqueue(session, SEND_REPORT, {"report": str(report.id)})
    record(session, actor, "report.resent", report.id)


async def resend_failed_reports(session: AsyncSession, actor: Actor, node: Node) -> int:
    """The same for every failed report of one node; how many there were."""
    query = select(Report).where(
        Report.node_id == node.id, Report.delivery == ReportDeliveryState.FAILED
    )
    reports = (await session.scalars(query)).all()
    for report in reports:
        await resend_report(session, actor, report)
    return len(reports)

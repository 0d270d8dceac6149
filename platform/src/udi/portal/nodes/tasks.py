"""Sending each report back to the node that pushed (RUDI: `PUT {node}/resources/{id}/report`)."""

from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import select

from udi.kit.clock import now
from udi.kit.http import OutgoingError, RefusedAddressError
from udi.kit.jobs import Handlers, Job
from udi.kit.keys import SIGNER
from udi.kit.program_calls import call_program
from udi.kit.web_addresses import origin_of
from udi.portal.nodes.models import Node, Report, ReportDeliveryState
from udi.portal.nodes.rudi import report_document
from udi.portal.nodes.sources import emails, webhooks
from udi.protocol.credentials import REPORT
from udi.ui.site import Site

log = structlog.get_logger()
SEND_REPORT = "send_report"
LONGEST_ANSWER = 64 * 1024
WORTH_ANOTHER_TRY = {401, 408, 425, 429}
"""A token is refused for a moment too: while keys or clocks differ, or a node that runs another version."""


class ReportDeliveryError(Exception):
    """The node did not take the report; `final` when asking again would change nothing.

    The reason is `unreachable`, `address` (it may not be reached from here) or the status that it answered.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


def task_handlers(site: Site) -> Handlers:
    """The jobs of this domain, for the portal's worker."""

    async def send(job: Job) -> None:
        await send_report(site, job)

    return {
        SEND_REPORT: send,
        **emails.task_handlers(site),
        **webhooks.task_handlers(site),
    }


async def send_report(site: Site, job: Job) -> None:
    """Deliver one report, or note why not; fails (to be tried again) unless the refusal is final."""
    report_id = UUID(job.payload["report"])
    row = await _find(site, job.tenant, report_id)
    if row is None:
        return
    report, node = row
    try:
        await _put(site, job.tenant, report, node)
    except ReportDeliveryError as error:
        final = error.final or job.last
        await _note(
            site,
            job.tenant,
            report_id,
            ReportDeliveryState.FAILED if final else ReportDeliveryState.PENDING,
            str(error),
        )
        if not final:
            raise
        log.warning(
            "report not delivered",
            node=node.slug,
            report=str(report_id),
            reason=str(error),
        )
    else:
        await _note(site, job.tenant, report_id, ReportDeliveryState.SENT)


async def _find(
    site: Site, tenant: UUID, report_id: UUID
) -> tuple[Report, Node] | None:
    query = select(Report, Node).join(Node, Node.id == Report.node_id)
    waiting = query.where(
        Report.id == report_id, Report.delivery == ReportDeliveryState.PENDING
    )
    async with site.database.session(tenant, role="worker") as session:
        row = (await session.execute(waiting)).one_or_none()
    if row is None:
        return None
    return (row.Report, row.Node)


async def _put(site: Site, tenant: UUID, report: Report, node: Node) -> None:
    territory = await site.registry.get_served(tenant)
    signer = site.services[SIGNER]
    audience = origin_of(node.url)
    token = signer.sign(
        REPORT,
        subject=str(report.resource_id),
        issuer=territory.origin,
        audience=audience,
    )
    try:
        answer = await call_program(
            site.outgoing,
            "PUT",
            f"{node.url}/resources/{report.resource_id}/report",
            is_ours=node.hosted,
            headers={"Authorization": f"Bearer {token}"},
            json=report_document(
                report, partial(site.pages.gettext, territory.languages[0])
            ),
            limit=LONGEST_ANSWER,
        )
    except RefusedAddressError as error:
        raise ReportDeliveryError("address", final=True) from error
    except OutgoingError as error:
        raise ReportDeliveryError("unreachable") from error
    if not answer.is_success:
        final = answer.status_code < 500 and answer.status_code not in WORTH_ANOTHER_TRY  # noqa: PLR2004 - RFC 9110
        raise ReportDeliveryError(str(answer.status_code), final=final)


async def _note(
    site: Site,
    tenant: UUID,
    report_id: UUID,
    delivery: ReportDeliveryState,
    error: str = "",
) -> None:
    async with site.database.session(tenant, role="worker") as session:
        report = await session.get_one(
            Report, (tenant, report_id), with_for_update=True
        )
        report.attempts += 1
        report.delivery = delivery
        report.last_error = error
        if delivery is ReportDeliveryState.SENT:
            report.sent_at = now()

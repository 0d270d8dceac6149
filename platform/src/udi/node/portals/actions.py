"""Joining and leaving further portals, and the outbox of each: asked with the change itself, settled by its reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.node.portals.models import FurtherDelivery, FurtherDeliveryState, FurtherPortal
from udi.node.portals.queries import (
    find_further_delivery,
    find_portal,
    list_further_deliveries,
    list_portals,
)

KEPT_REPORTS = 20
LONGEST_ERROR = 300
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=10)
OTHER_METHOD = {("POST", "ERR-304"): "PUT", ("PUT", "ERR-104"): "POST"}
"""The portal knows the dataset when the node thought not, or the reverse."""
SWITCHED = "switched"


@dataclass(frozen=True)
class JoinedPortal:
    """What a node knows of a portal that it joins."""

    origin: str
    name: dict[str, str]
    client_id: str
    credential: str
    spaces: dict[str, dict[str, str]]


async def apply_portal(
    session: AsyncSession, registration: JoinedPortal
) -> FurtherPortal:
    """Know a further portal, or bring what is known up to date; one that was being left is joined again."""
    portal = await find_portal(session, registration.origin)
    if portal is None:
        portal = FurtherPortal(origin=registration.origin)
        session.add(portal)
    portal.name = registration.name
    portal.client_id = registration.client_id
    portal.credential = registration.credential
    portal.spaces = registration.spaces
    portal.left_at = None
    await session.flush()
    return portal


async def announce_to_further_portals(
    session: AsyncSession,
    space_slug: str,
    dataset_id: UUID,
    *,
    record: Mapping[str, Any],
) -> None:
    """Have each further portal that shows this space told a record."""
    for portal in await list_portals(session, staying=True):
        if space_slug in portal.spaces:
            portal_record = record_for_portal(record, portal.spaces[space_slug])
            await request_delivery(session, portal.id, dataset_id, record=portal_record)


async def withdraw_from_further_portals(
    session: AsyncSession, dataset_id: UUID, *, reason: str
) -> None:
    """Have every further portal that shows a dataset, or was to, take it off."""
    for showing in await list_further_deliveries(session, dataset_id):
        if showing.delivery.holds or showing.delivery.leaves:
            queue_further_delivery(
                showing.delivery, method="DELETE", record={"reason": reason}
            )
    await session.flush()


async def request_delivery(
    session: AsyncSession, portal_id: UUID, dataset_id: UUID, *, record: dict[str, Any]
) -> None:
    """Have one further portal told a record."""
    delivery = await find_further_delivery(session, portal_id, dataset_id, lock=True)
    if delivery is None:
        delivery = FurtherDelivery(
            dataset_id=dataset_id,
            portal_id=portal_id,
            revision=0,
            report_id="",
            earlier_reports=[],
            is_published=False,
        )
        session.add(delivery)
    queue_further_delivery(
        delivery,
        method="PUT" if delivery.is_published and not delivery.leaves else "POST",
        record=record,
    )
    await session.flush()


def record_for_portal(
    record: Mapping[str, Any], organisation: Mapping[str, str]
) -> dict[str, Any]:
    """The same record, of the organisation that its producer is on another portal."""
    producer = {
        "organization_id": organisation["id"],
        "organization_name": organisation["name"],
    }
    return {**record, "producer": {**record["producer"], **producer}}


def queue_further_delivery(
    delivery: FurtherDelivery,
    *,
    method: str,
    record: dict[str, Any] | None,
    error: str = "",
) -> None:
    """Replace what the portal should know; anything asked before and not sent yet is forgotten."""
    _set_aside_report(delivery)
    delivery.revision += 1
    delivery.method = method
    delivery.record = record
    delivery.state = FurtherDeliveryState.QUEUED
    delivery.attempts = 0
    delivery.next_attempt_at = None
    delivery.error = error
    delivery.report_id = ""
    delivery.report = None
    delivery.updated_at = now()


def _set_aside_report(delivery: FurtherDelivery, report_id: str = "") -> None:
    if aside := report_id or delivery.report_id:
        delivery.earlier_reports = [*delivery.earlier_reports, aside][-KEPT_REPORTS:]


def note_further_sent(
    delivery: FurtherDelivery, *, revision: int, report_id: str
) -> None:
    """The portal took it; its report says later whether it accepts, or is here already."""
    if delivery.revision != revision:
        _set_aside_report(delivery, report_id)
    elif delivery.state == FurtherDeliveryState.QUEUED:
        delivery.state = FurtherDeliveryState.SENT
        delivery.report_id = report_id
        delivery.updated_at = now()
        delivery.next_attempt_at = None
        delivery.error = delivery.error if delivery.error == SWITCHED else ""


def note_further_failure(
    delivery: FurtherDelivery, *, revision: int, error: str
) -> None:
    """An attempt failed though the portal answers: another follows, later each time."""
    if delivery.revision == revision and delivery.state == FurtherDeliveryState.QUEUED:
        delay = min(FIRST_DELAY * float(2 ** min(delivery.attempts, 10)), LONGEST_DELAY)
        delivery.attempts += 1
        delivery.error = error[:LONGEST_ERROR]
        delivery.next_attempt_at = now() + delay


class ReportOutcome(StrEnum):
    """What a report made of a dataset on its portal."""

    NOTHING = ""
    PUBLISHED = "published"
    REFUSED = "refused"
    OFF = "off"
    WITHDRAWN = "withdrawn"
    """By the team there."""


def apply_delivery_report(
    delivery: FurtherDelivery, report: Mapping[str, Any]
) -> ReportOutcome:
    """Take in a report of that portal.

    One of its team, which withdrew the dataset there, ends what was still to be sent there.
    """
    report_id = str(report.get("report_id") or "")
    if report_id and report_id in delivery.earlier_reports:
        return ReportOutcome.NOTHING
    if report.get("withdrawn_by_team") and delivery.is_published:
        _set_aside_report(delivery)
        delivery.revision = delivery.revision + 1
        delivery.method = "POST"
        delivery.is_published = False
        _conclude(delivery, FurtherDeliveryState.REFUSED, report)
        return ReportOutcome.WITHDRAWN
    if delivery.report_id and report_id != delivery.report_id:
        return ReportOutcome.NOTHING
    if report.get("method") not in {None, delivery.method}:
        return ReportOutcome.NOTHING
    return _apply_current_report(delivery, report)


def _apply_current_report(
    delivery: FurtherDelivery, report: Mapping[str, Any]
) -> ReportOutcome:
    before = delivery.state
    if report.get("integration_status") == "OK":
        delivery.is_published = delivery.method != "DELETE"
        _conclude(delivery, FurtherDeliveryState.ACCEPTED, report)
        outcome = (
            ReportOutcome.PUBLISHED if delivery.is_published else ReportOutcome.OFF
        )
        if before != FurtherDeliveryState.ACCEPTED:
            return outcome
        return ReportOutcome.NOTHING
    codes = {
        str(error.get("error_code")) for error in report.get("integration_errors") or ()
    }
    if len(codes) == 1:
        other = OTHER_METHOD.get((delivery.method, codes.pop()))
    else:
        other = None
    if other and delivery.error != SWITCHED:
        delivery.report_id = str(report.get("report_id") or "")
        queue_further_delivery(
            delivery, method=other, record=delivery.record, error=SWITCHED
        )
        return ReportOutcome.NOTHING
    _conclude(delivery, FurtherDeliveryState.REFUSED, report)
    if before != FurtherDeliveryState.REFUSED:
        return ReportOutcome.REFUSED
    return ReportOutcome.NOTHING


def _conclude(
    delivery: FurtherDelivery, state: FurtherDeliveryState, report: Mapping[str, Any]
) -> None:
    delivery.state = state
    delivery.report = dict(report)
    delivery.report_id = str(report.get("report_id") or "")
    delivery.updated_at = now()
    delivery.error = ""
    delivery.next_attempt_at = None


def retry_further_delivery(delivery: FurtherDelivery) -> None:
    """Tell that portal the same thing again.

    Raises:
        ConflictError: it arrived, or is still being tried.
    """
    if delivery.state not in {FurtherDeliveryState.REFUSED, FurtherDeliveryState.SENT}:
        raise ConflictError(
            "There is nothing to send again.",
            remedy="Check the dataset's page again.",
        )
    queue_further_delivery(delivery, method=delivery.method, record=delivery.record)


async def leave_portal(
    session: AsyncSession, portal: FurtherPortal, *, reason: str
) -> int:
    """Have a portal take off all that it shows of this node, and tell it nothing else; how many datasets."""
    portal.left_at = portal.left_at or now()
    deliveries = await session.scalars(
        select(FurtherDelivery).where(FurtherDelivery.portal_id == portal.id)
    )
    leaving = [
        further_delivery
        for further_delivery in deliveries
        if further_delivery.holds or further_delivery.leaves
    ]
    for delivery in leaving:
        if (
            delivery.method != "DELETE"
            or delivery.state == FurtherDeliveryState.REFUSED
        ):
            queue_further_delivery(delivery, method="DELETE", record={"reason": reason})
    await session.flush()
    return len(leaving)


async def forget_portal(session: AsyncSession, portal: FurtherPortal) -> None:
    """Know a portal no more, and what it was told."""
    await session.delete(portal)
    await session.flush()


def record_contact(portal: FurtherPortal, at: datetime) -> None:
    """The portal answered: its reports until then are taken in."""
    portal.reports_read_at = at
    portal.error = ""

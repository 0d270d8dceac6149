"""What the portal should know of a dataset: queued with the change itself, settled by the portal's report."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.node.datasets.models import (
    Dataset,
    DatasetState,
    Delivery,
    DeliveryState,
    Version,
)
from udi.node.files.models import FileAccess
from udi.node.portals.queries import list_further_deliveries

PUSH_DATASET = "push_dataset"
KEEP_VERSIONS = "keep_versions"
KEPT_REPORTS = 20
OTHER_METHOD = {("POST", "ERR-304"): "PUT", ("PUT", "ERR-104"): "POST"}
SWITCHED = "switched"
LONGEST_ERROR = 300


async def queue_delivery(
    session: AsyncSession,
    dataset: Dataset,
    *,
    method: str,
    record: dict[str, Any] | None,
    file_id: UUID | None = None,
    listed_parts: Sequence[UUID] | None = None,
    error: str = "",
) -> None:
    """Replace what the portal should know; anything asked before and not sent yet is forgotten.

    `file_id` is the file that a new `record` describes, `listed_parts` the parts that it names (`Delivery`); without
    them, the record is about those of the last one.
    """
    delivery = dataset.delivery
    if delivery is None:
        delivery = Delivery(
            dataset_id=dataset.id,
            method=method,
            revision=0,
            earlier_reports=[],
            report_id="",
        )
        dataset.delivery = delivery
    if delivery.report_id:
        delivery.earlier_reports = [*delivery.earlier_reports, delivery.report_id][
            -KEPT_REPORTS:
        ]
    delivery.revision += 1
    delivery.file_id = file_id or delivery.file_id
    if listed_parts is not None:
        delivery.listed_parts = list(listed_parts)
    delivery.method = method
    delivery.record = record
    delivery.state = DeliveryState.QUEUED
    delivery.attempts = 0
    delivery.next_attempt_at = None
    delivery.error = error
    delivery.report_id = ""
    delivery.report = None
    delivery.updated_at = now()
    await session.flush()
    await jobs.enqueue(
        session,
        PUSH_DATASET,
        {"dataset": str(dataset.id), "revision": delivery.revision},
    )


async def note_sent(
    session: AsyncSession, delivery: Delivery, *, revision: int, report_id: str
) -> None:
    """The portal took it; its report says later whether it accepts. The report may even be here already."""
    if delivery.revision != revision:
        delivery.earlier_reports = [*delivery.earlier_reports, report_id][
            -KEPT_REPORTS:
        ]
    elif delivery.state == DeliveryState.QUEUED:
        delivery.state = DeliveryState.SENT
        delivery.report_id = report_id
        delivery.error = ""
        delivery.next_attempt_at = None
        delivery.updated_at = now()
    await session.flush()


async def note_failure(
    session: AsyncSession,
    delivery: Delivery,
    *,
    revision: int,
    error: str,
    next_attempt_at: datetime | None,
) -> None:
    """An attempt failed; without a next one, a person must decide."""
    if delivery.revision != revision or delivery.state != DeliveryState.QUEUED:
        return
    delivery.attempts += 1
    delivery.error = error[:LONGEST_ERROR]
    delivery.next_attempt_at = next_attempt_at
    delivery.updated_at = now()
    if next_attempt_at is None:
        delivery.state = DeliveryState.FAILED
    await session.flush()


async def apply_report(
    session: AsyncSession, dataset: Dataset, report: Mapping[str, Any]
) -> bool:
    """Take in a report of the portal; False when it is about something asked before, which changes nothing.

    One of the territory's team, which withdrew the dataset, closes it, and what was still to be sent is not.
    """
    delivery = dataset.delivery
    report_id = str(report.get("report_id") or "")
    if delivery is None or (report_id and report_id in delivery.earlier_reports):
        return False
    if report.get("withdrawn_by_team") and dataset.record is not None:
        await _close(session, dataset, delivery, report)
        await session.flush()
        return True
    if delivery.report_id and report_id != delivery.report_id:
        return False
    if report.get("method") not in {None, delivery.method}:
        return False
    delivery.report = dict(report)
    delivery.report_id = report_id
    delivery.updated_at = now()
    if report.get("integration_status") == "OK":
        _accept(dataset, delivery)
        if dataset.retained_versions is not None and delivery.method != "DELETE":
            await jobs.enqueue(session, KEEP_VERSIONS, {"dataset": str(dataset.id)})
    elif (method := _other_method(delivery, report)) is not None:
        await queue_delivery(
            session, dataset, method=method, record=delivery.record, error=SWITCHED
        )
    else:
        await _refuse(session, dataset, delivery)
    await session.flush()
    return True


def _accept(dataset: Dataset, delivery: Delivery) -> None:
    if delivery.state == DeliveryState.ACCEPTED:
        return
    delivery.state = DeliveryState.ACCEPTED
    delivery.error = ""
    delivery.next_attempt_at = None
    withdrawn = delivery.method == "DELETE"
    dataset.record = None if withdrawn else delivery.record
    dataset.accepted_file_id = None if withdrawn else delivery.file_id
    dataset.accepted_parts = [] if withdrawn else delivery.listed_parts
    if withdrawn:
        dataset.state = DatasetState.WITHDRAWN
    else:
        dataset.state = DatasetState.PUBLISHED
    dataset.updated_at = now()
    dataset.record_event(
        None,
        "dataset.off_portal" if withdrawn else "dataset.accepted",
    )


async def _refuse(session: AsyncSession, dataset: Dataset, delivery: Delivery) -> None:
    """What the portal refused is closed again, unless another shows it; what it accepted before stays open."""
    if delivery.state == DeliveryState.REFUSED:
        return
    delivery.state = DeliveryState.REFUSED
    delivery.next_attempt_at = None
    dataset.record_event(None, "dataset.refused")
    if delivery.method == "DELETE":
        return
    dataset.state = DatasetState.REFUSED
    dataset.updated_at = now()
    await close_refused(session, dataset)


async def close_refused(session: AsyncSession, dataset: Dataset) -> None:
    """Close what no portal takes: to be asked whenever one of them refused it or took it off."""
    if dataset.state != DatasetState.REFUSED or any(
        showing.delivery.holds
        for showing in await list_further_deliveries(session, dataset.id)
    ):
        return
    if dataset.record is None:
        dataset.opened_at = None
    marks = set[UUID]()
    if dataset.record is not None:
        marks = {*dataset.accepted_parts}
        marks |= {dataset.accepted_file_id} if dataset.accepted_file_id else set()
    _close_newer_versions(dataset.versions, marks)
    for part in dataset.parts:
        _close_newer_versions(part.versions, marks)
        if part.id not in marks:
            part.published_at = None


def _close_newer_versions(versions: Sequence[Version], accepted: set[UUID]) -> None:
    """Close each version of a file that came after the one that the portal accepted; all where it accepted none.

    `accepted` are the ids of the files that the accepted record names.
    """
    newest = max(
        (version.number for version in versions if version.file_id in accepted),
        default=0,
    )
    for version in versions:
        if version.number > newest:
            version.published_at = None
            version.file.access = FileAccess.DRAFT


async def _close(
    session: AsyncSession,
    dataset: Dataset,
    delivery: Delivery,
    report: Mapping[str, Any],
) -> None:
    """What the team took off the portal is closed, as what the portal refuses: its producer reads why, and decides."""
    if delivery.report_id:
        delivery.earlier_reports = [*delivery.earlier_reports, delivery.report_id][
            -KEPT_REPORTS:
        ]
    delivery.revision += 1
    delivery.state = DeliveryState.REFUSED
    delivery.next_attempt_at = None
    delivery.method = "POST"
    delivery.report = dict(report)
    delivery.report_id = str(report["report_id"])
    delivery.updated_at = now()
    dataset.record = None
    dataset.state = DatasetState.REFUSED
    dataset.updated_at = now()
    await close_refused(session, dataset)
    dataset.record_event(
        None,
        "dataset.withdrawn_by_team",
        reason=str(report.get("comment") or ""),
    )


def _other_method(delivery: Delivery, report: Mapping[str, Any]) -> str | None:
    """The portal knows the dataset when the node thought not, or the reverse: say it the other way, once."""
    errors = report.get("integration_errors") or []
    codes = {str(error.get("error_code")) for error in errors}
    if len(codes) != 1 or delivery.error == SWITCHED:
        return None
    return OTHER_METHOD.get((delivery.method, codes.pop()))

"""Publishing, at once or when the file was looked at; withdrawing, and asking the portal again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.crash import crash_at
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.announce import is_public
from udi.node.datasets.actions.outbox import queue_delivery
from udi.node.datasets.actions.parts import (
    list_parts_to_publish,
    open_parts,
)
from udi.node.datasets.descriptions.description import check_answers, is_restricted
from udi.node.datasets.descriptions.prefill import remove_cell_answers
from udi.node.datasets.models import (
    Author,
    Dataset,
    DatasetState,
    DeliveryState,
    Version,
)
from udi.node.datasets.records.parts import ListedPart, list_published_parts
from udi.node.datasets.records.rudi import compose_document
from udi.node.datasets.versions.findings import is_being_read
from udi.node.datasets.versions.publishability import access_of, may_publish, stops_of
from udi.node.files.models import FileAccess
from udi.node.portals.actions import (
    announce_to_further_portals,
    withdraw_from_further_portals,
)
from udi.node.spaces.senders import Sender
from udi.protocol.licence_terms import find_licence_code
from udi.protocol.rules import dig

RETRIABLE_STATES = (DeliveryState.FAILED, DeliveryState.REFUSED, DeliveryState.SENT)


async def publish_dataset(
    session: AsyncSession, actor: Author | None, dataset: Dataset, territory: Territory
) -> None:
    """Open the dataset to everyone on the node, or restrict it, but for files kept back; announce it to the portals.

    A first publication, a new version, a corrected description or a return after withdrawal: the same act. Of its parts,
    the record names those that are published; where the dataset is not public, those that nothing stops too.

    Raises:
        InvalidError: the description is not complete, or the portal would refuse it.
    """
    dataset.description = remove_cell_answers(dataset.description, dataset.proposals)
    if refusals := check_answers(dataset.description, has_file=dataset.has_file):
        raise InvalidError("The description is not complete yet.", refusals=refusals)
    at = now()
    version = dataset.newest
    is_in_catalogue = dataset.in_catalogue
    _change_access(actor, dataset, at)
    if is_public(dataset):
        parts = list_published_parts(dataset)
    else:
        parts = list_parts_to_publish(dataset)
    if version is None:
        _require_links(dataset, parts)
    record = compose_document(dataset, version, territory, at=at, parts=parts)
    dataset.document = record if dataset.document is not None else None
    for published in dataset.versions:
        if published.published_at is not None or published is version:
            published.file.access = access_of(dataset, published)
        if published is not version and published.preparation is not None:
            published.preparation.forget_cells()
    if version is not None:
        version.published_at = version.published_at or at
    open_parts(dataset, parts, at)
    dataset.opened_at = dataset.opened_at or at
    dataset.withdrawn_at = None
    dataset.withdrawal_reason = ""
    dataset.state = DatasetState.PUBLISHING
    dataset.updated_at = at
    numbered = {"version": version.number} if version else {}
    dataset.record_event(actor, "dataset.published", **numbered)
    await queue_delivery(
        session,
        dataset,
        method="PUT" if is_in_catalogue else "POST",
        record=record,
        file_id=version.file_id if version else None,
        listed_parts=[listed.mark for listed in parts],
    )
    await announce_to_further_portals(
        session, dataset.space.slug, dataset.id, record=record
    )
    crash_at("publish.opened")


def _require_links(dataset: Dataset, parts: Sequence[ListedPart]) -> None:
    """Refuse a dataset that leads nowhere: without a file here, something of it must be elsewhere, or beside it."""
    if parts or dig(dataset.document or {}, "available_formats"):
        return
    raise InvalidError(
        "The description is not complete yet.",
        refusals=[Refusal("links", "Add a link first: this dataset has no link.")],
    )


def _change_access(actor: Author | None, dataset: Dataset, at: datetime) -> None:
    """Take the answer in about who may read; that this changed is told in the history.

    Restricted data have no open licence: copies that were made while they had one stay under it.
    """
    restricted = is_restricted(dataset.description)
    if restricted is dataset.restricted:
        return
    dataset.restricted = restricted
    if restricted:
        dataset.former_licence = published_licence(dataset)
    else:
        dataset.former_licence = ""
    if restricted and dataset.former_licence:
        dataset.closed_at = at
    else:
        dataset.closed_at = None
    if dataset.opened_at is not None and restricted:
        dataset.record_event(
            actor,
            "dataset.restricted",
            licence=dataset.former_licence,
        )
    elif dataset.opened_at is not None:
        dataset.record_event(actor, "dataset.opened")


def published_licence(dataset: Dataset) -> str:
    """The code of the licence under which the data are published; empty where there is none, or they are restricted."""
    published = (
        dataset.record or (dataset.delivery.record if dataset.delivery else None) or {}
    )
    if dataset.opened_at:
        return find_licence_code(published)
    return ""


async def publish_when_clear(
    session: AsyncSession, author: Author, dataset: Dataset, territory: Territory
) -> None:
    """Publish the version that waits, with nobody looking, as soon as its file was looked at and nothing stops that.

    The dataset must be locked. Where this may not be, or something stops it, the version goes on waiting for a person.
    """
    version = dataset.pending
    if version is None or version.preparation is None or not may_publish(dataset):
        return
    await session.refresh(version.preparation, with_for_update=True)
    is_requested = version.is_publication_requested
    version.preparation.request_publication(author)
    if not (is_being_read(version) or (is_requested and stops_of(dataset, version))):
        await _publish_or_stop(session, dataset, version, territory)


async def publish_requested(
    session: AsyncSession, dataset: Dataset, version: Version, territory: Territory
) -> None:
    """The same for the version that waits, once its file was looked at: its publication was asked for meanwhile."""
    if may_publish(dataset):
        await _publish_or_stop(session, dataset, version, territory)


async def _publish_or_stop(
    session: AsyncSession, dataset: Dataset, version: Version, territory: Territory
) -> None:
    if stops := stops_of(dataset, version):
        dataset.record_event(
            None,
            "version.stopped",
            number=version.number,
            stops=stops,
        )
        return
    requester = version.preparation.requester if version.preparation else Sender()
    try:
        await publish_dataset(session, requester, dataset, territory)
    except InvalidError:
        dataset.record_event(
            None,
            "version.stopped",
            number=version.number,
            stops=["description"],
        )


async def withdraw_dataset(
    session: AsyncSession, actor: Author, dataset: Dataset, *, reason: str
) -> None:
    """Close the dataset's files at once, and take it off the portals.

    Raises:
        ConflictError: it is not published.
        InvalidError: no reason is given.
    """
    if dataset.opened_at is None or dataset.withdrawn_at is not None:
        raise ConflictError(
            "This dataset is not published.", remedy="Check its page again."
        )
    if not reason:
        raise InvalidError(
            refusals=[
                Refusal(
                    "reason", "Give the reason: people who use the data will read it."
                )
            ]
        )
    for version in dataset.files:
        if version.published_at is not None:
            version.file.access = FileAccess.WITHDRAWN
    dataset.state = DatasetState.WITHDRAWING
    dataset.withdrawn_at = now()
    dataset.withdrawal_reason = reason
    dataset.updated_at = now()
    dataset.record_event(actor, "dataset.withdrawn", reason=reason)
    await queue_delivery(session, dataset, method="DELETE", record={"reason": reason})
    await withdraw_from_further_portals(session, dataset.id, reason=reason)


async def retry_delivery(
    session: AsyncSession, actor: Author, dataset: Dataset
) -> None:
    """Announce the same thing again, with all attempts.

    Raises:
        ConflictError: the announcement arrived, or is still being tried.
    """
    delivery = dataset.delivery
    if (
        delivery is None
        or delivery.state not in RETRIABLE_STATES
        or dataset.state not in {DatasetState.PUBLISHING, DatasetState.WITHDRAWING}
    ):
        raise ConflictError(
            "There is nothing to send again.",
            remedy="Check the dataset's page again.",
        )
    dataset.record_event(actor, "delivery.retried")
    await queue_delivery(
        session, dataset, method=delivery.method, record=delivery.record
    )

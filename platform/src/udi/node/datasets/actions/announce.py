"""What portals are told of a dataset that is published already: its parts, and the tables of its file."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.outbox import queue_delivery
from udi.node.datasets.models import Dataset, DatasetPart, DatasetState, Version
from udi.node.datasets.records.parts import list_published_parts, replace_parts
from udi.node.datasets.records.rudi import replace_tables
from udi.node.datasets.versions.publishability import PUBLIC_STATES
from udi.node.portals.actions import announce_to_further_portals
from udi.protocol.faults import InvalidRecord
from udi.protocol.restricted_data import conceal_document
from udi.protocol.rules import entries
from udi.protocol.validation import validate


def is_public(dataset: Dataset) -> bool:
    """Whether the dataset is on the portals, or on its way there."""
    return (
        dataset.opened_at is not None
        and dataset.withdrawn_at is None
        and dataset.state in PUBLIC_STATES
    )


async def announce_parts(
    session: AsyncSession,
    dataset: Dataset,
    territory: Territory,
    *,
    without: DatasetPart | None = None,
) -> None:
    """Tell the portals which parts are published now, and of which period the main file is.

    The rest of the record stays as it was announced. After a refusal nothing is told: what somebody publishes next names the parts of then. `without` is a part that is
    about to be removed.

    Raises:
        InvalidRecord: the portal would refuse it.
    """
    listed = [
        entry for entry in list_published_parts(dataset) if entry.part is not without
    ]
    main = next((one for one in dataset.versions if one.published_at), None)
    if dataset.document is not None:
        dataset.document = replace_parts(
            dataset.document, dataset, listed, territory.origin, main=main
        )
    record = dataset.delivery.record if dataset.delivery else None
    if not is_public(dataset) or record is None:
        return
    record = replace_parts(record, dataset, listed, territory.origin, main=main)
    if main is not None:
        record = replace_tables(record, dataset, main, territory.origin)
    await _announce_record(
        session, dataset, record, listed_parts=[entry.mark for entry in listed]
    )


async def announce_tables(
    session: AsyncSession, dataset: Dataset, version: Version, territory: Territory
) -> None:
    """Tell the portals of the tables of a published file, of that of all periods and of the models that parts follow, where reading it again changed them.

    Raises:
        InvalidRecord: the portal would refuse it.
    """
    delivery = dataset.delivery
    record = delivery.record if delivery else None
    if record is None or delivery is None or not is_public(dataset):
        return
    if version.file_id not in {delivery.file_id, *delivery.listed_parts}:
        return
    listed = list_published_parts(dataset)
    main = next(
        (one for one in dataset.versions if one.file_id == delivery.file_id), None
    )
    renewed = replace_parts(record, dataset, listed, territory.origin, main=main)
    if main is not None:
        renewed = replace_tables(renewed, dataset, main, territory.origin)
    if _read_facts(conceal_document(renewed)) != _read_facts(record):
        marks = [entry.mark for entry in listed]
        await _announce_record(session, dataset, renewed, listed_parts=marks)


def _read_facts(record: dict[str, Any]) -> list[Any]:
    """What a record says of each of its media that comes from reading the file: its tables, and the model that it follows."""
    return [
        (media.get("file_tables"), media.get("file_structure"))
        for _, media in entries(record, "available_formats")
    ]


async def _announce_record(
    session: AsyncSession,
    dataset: Dataset,
    record: dict[str, Any],
    *,
    listed_parts: Sequence[UUID],
) -> None:
    """Queue a changed record, which names these parts, for the portals."""
    at = now()
    updated = at.isoformat().replace("+00:00", "Z")
    record["dataset_dates"] = {**record["dataset_dates"], "updated": updated}
    record = conceal_document(record)
    if faults := validate(record):
        raise InvalidRecord(faults)
    dataset.state = DatasetState.PUBLISHING
    dataset.updated_at = at
    await queue_delivery(
        session,
        dataset,
        method="PUT" if dataset.in_catalogue else "POST",
        record=record,
        listed_parts=listed_parts,
    )
    await announce_to_further_portals(
        session, dataset.space.slug, dataset.id, record=record
    )

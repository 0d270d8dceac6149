"""What only the territory can say about a record: whose it is, who may publish it, which words it uses."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset, DatasetState, Withdrawal
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import list_producers, missing_organisations
from udi.protocol import kinds
from udi.protocol.faults import Fault
from udi.protocol.structures import Record
from udi.protocol.themes import THEMES

ID, PRODUCER = "global_id", "producer.organization_id"


async def find_dataset(session: AsyncSession, dataset_id: UUID) -> Dataset | None:
    """The dataset of this id, withdrawn or not."""
    return await session.scalar(select(Dataset).where(Dataset.id == dataset_id))


def is_published(dataset: Dataset | None) -> bool:
    """Whether the catalogue shows it."""
    return dataset is not None and dataset.state == DatasetState.PUBLISHED


def change_faults(node: Node, dataset: Dataset | None, dataset_id: UUID) -> list[Fault]:
    """What forbids the node to change or withdraw this dataset (104, 111)."""
    if dataset is None or not is_published(dataset):
        return [kinds.UNKNOWN_DATASET.at(ID, value=str(dataset_id))]
    return [] if dataset.node_id == node.id else [kinds.OTHER_PROVIDER.at(ID)]


def creation_faults(node: Node, dataset: Dataset | None) -> list[Fault]:
    """What forbids the node to create a dataset under an id that is known (304, 111).

    A node may publish again what it withdrew.
    """
    if dataset is None or (dataset.node_id == node.id and not is_published(dataset)):
        return []
    if dataset.node_id != node.id and not is_published(dataset):
        return [kinds.OTHER_PROVIDER.at(ID)]
    return [kinds.DATASET_EXISTS.at(ID, value=str(dataset.id))]


async def withdrawal_faults(session: AsyncSession, dataset: Dataset | None) -> list[Fault]:
    """What forbids publishing a dataset again: the team withdrew it (108)."""
    if dataset is None or is_published(dataset):
        return []
    query = select(Withdrawal.reason).where(Withdrawal.id == dataset.id, Withdrawal.by_team)
    reason = await session.scalar(query)
    return [] if reason is None else [kinds.WITHDRAWN_BY_TEAM.at(ID, reason=reason)]


async def territory_faults(session: AsyncSession, node: Node, record: Record) -> list[Fault]:
    """What the record says that does not suit the territory (110, 112, 113, 303, 304)."""
    faults = await _producer_faults(session, node, record.producer.id)
    if record.theme not in THEMES:
        faults.append(kinds.UNKNOWN_THEME.at("theme", value=record.theme, allowed=tuple(THEMES)))
    names = ((Dataset.local_id, "local_id", record.local_id), (Dataset.doi, "doi", record.doi))
    for column, field, value in names:
        taken = select(Dataset.id).where(column == value, Dataset.id != record.id)
        if value and await session.scalar(taken.limit(1)):
            faults.append(kinds.IDENTIFIER_USED.at(field, value=value))
    return faults


async def _producer_faults(session: AsyncSession, node: Node, producer: UUID) -> list[Fault]:
    linked = await list_producers(session, node)
    if not (node.hosted or linked):
        return [kinds.NODE_WITHOUT_PROVIDER.at(PRODUCER)]
    if await missing_organisations(session, [producer]):
        return [kinds.UNKNOWN_PRODUCER.at(PRODUCER, value=str(producer))]
    if not (node.hosted or producer in linked):
        return [kinds.PRODUCER_NOT_LINKED.at(PRODUCER, value=str(producer))]
    return []

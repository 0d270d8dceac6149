"""Reads of producers: what each publishes, from where, and what is late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.identity.queries import count_members
from udi.portal.nodes.models import Node, NodeProducer, NodeState, NodeWaiting
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import list_producers
from udi.portal.territory.assessments import AssessedDataset
from udi.protocol.inbox import NodeInboxKind


@dataclass(frozen=True)
class ProducerNode:
    """Where a producer's data are: the hosted node, a node of its own, or a catalogue that the portal reads."""

    name: str
    is_hosted: bool


@dataclass(frozen=True)
class LateDataset:
    """A dataset that a catalogue describes, past the rhythm that it announces."""

    id: UUID
    title: str
    days: int


@dataclass(frozen=True)
class ProducerStatus:
    """A producer with what it publishes."""

    organisation: Organisation
    nodes: tuple[ProducerNode, ...]
    datasets: int
    late_at_nodes: int
    """How many datasets its nodes tell to be late: they wait there, and in «To do»."""
    late_datasets: tuple[LateDataset, ...]
    """Those of catalogues that the portal reads, the latest first: nothing else names them to their producer."""
    last_published_at: datetime | None
    """When its last dataset, or new version of one, came."""
    people: int = 0
    """Who may act for it and logged in once: where there is nobody, nobody reads what waits for it."""

    @property
    def late(self) -> int:
        """How many of its datasets are past the rhythm that they announce."""
        return self.late_at_nodes + len(self.late_datasets)


SORT_KEYS: Mapping[str, Any] = {
    "name": lambda status: status.organisation.name.casefold(),
    "kind": lambda status: status.organisation.kind,
    "node": lambda status: [node.name.casefold() for node in status.nodes],
    "datasets": lambda status: status.datasets,
    "late": lambda status: status.late,
    "people": lambda status: status.people,
    "last": lambda status: (
        status.last_published_at.timestamp() if status.last_published_at else 0.0
    ),
}
"""What the table may be sorted by."""


async def list_producer_status(
    session: AsyncSession,
    datasets: Iterable[AssessedDataset],
    today: date,
    zone: tzinfo,
) -> list[ProducerStatus]:
    """Every producer by name, with what it publishes among these datasets."""
    own_datasets: dict[UUID, list[AssessedDataset]] = {}
    looked_after: dict[UUID, list[AssessedDataset]] = {}
    for dataset in datasets:
        own_datasets.setdefault(dataset.organisation_id, []).append(dataset)
        looked_after.setdefault(dataset.steward_id, []).append(dataset)
    nodes = await _list_nodes(session)
    late_at_nodes = await _count_late_at_nodes(session)
    people = await count_members(session)
    return [
        _make_status(
            organisation,
            tuple(nodes.get(organisation.id, ())),
            own_datasets.get(organisation.id, []),
            late_at_nodes.get(organisation.id, 0),
            _list_late(looked_after.get(organisation.id, []), today, zone),
            people.get(organisation.slug, 0),
        )
        for organisation in await list_producers(session)
        if not organisation.unclaimed or organisation.id in own_datasets
    ]


def _make_status(
    organisation: Organisation,
    nodes: tuple[ProducerNode, ...],
    datasets: list[AssessedDataset],
    late_at_nodes: int,
    late_datasets: tuple[LateDataset, ...],
    people: int,
) -> ProducerStatus:
    last = max((dataset.described_at for dataset in datasets), default=None)
    return ProducerStatus(
        organisation,
        nodes,
        len(datasets),
        late_at_nodes,
        late_datasets,
        last,
        people,
    )


def _list_late(
    datasets: Iterable[AssessedDataset], today: date, zone: tzinfo
) -> tuple[LateDataset, ...]:
    """Those of catalogues: nodes tell of theirs."""
    late = []
    for dataset in datasets:
        if not dataset.assessment.is_harvested:
            continue
        days = dataset.count_late_days(today, zone)
        if days:
            late.append(LateDataset(dataset.id, dataset.title, days))
    return tuple(sorted(late, key=lambda dataset: -dataset.days))


async def _count_late_at_nodes(session: AsyncSession) -> dict[UUID, int]:
    """How many datasets of each producer are late, as their active nodes tell."""
    query = (
        select(NodeWaiting.organisation_id, func.sum(NodeWaiting.number))
        .join(
            Node,
            (Node.tenant_id == NodeWaiting.tenant_id)
            & (Node.id == NodeWaiting.node_id),
        )
        .where(NodeWaiting.kind == NodeInboxKind.UPDATE, Node.state == NodeState.ACTIVE)
        .group_by(NodeWaiting.organisation_id)
    )
    return {id_: int(number) for id_, number in await session.execute(query)}


async def _list_nodes(session: AsyncSession) -> dict[UUID, list[ProducerNode]]:
    """Nodes that may publish for a producer, and those that hold a dataset of it, by producer."""
    pairs = union(
        select(NodeProducer.organisation_id, NodeProducer.node_id),
        select(Dataset.organisation_id, Dataset.node_id).where(IS_PUBLISHED),
    ).subquery()
    query = (
        select(pairs.c.organisation_id, Node.name, Node.hosted)
        .join(Node, Node.id == pairs.c.node_id)
        .order_by(Node.name, Node.id)
    )
    nodes: dict[UUID, list[ProducerNode]] = {}
    for organisation_id, name, hosted in await session.execute(query):
        nodes.setdefault(organisation_id, []).append(ProducerNode(name, hosted))
    return nodes


def sort_producers(
    producers: list[ProducerStatus], column: str, *, descending: bool
) -> list[ProducerStatus]:
    """The producers by a column of `SORT_KEYS`; those that are alike stay by name.

    Raises:
        KeyError: there is no such column.
    """
    return sorted(producers, key=SORT_KEYS[column], reverse=descending)

"""What only the territory can say about a record: whose it is, who may publish it, which words it uses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset, DatasetState, Withdrawal
from udi.portal.nodes.models import Node, NodeProducer
from udi.portal.organisations.models import Organisation
from udi.protocol import fault_kinds
from udi.protocol.faults import Fault
from udi.protocol.rules import dig
from udi.protocol.structures import Record
from udi.protocol.themes import THEMES

ID = "global_id"
PRODUCER = "producer.organization_id"
UNIQUE = {"local_id": Dataset.local_id, "doi": Dataset.doi}


async def find_dataset(session: AsyncSession, dataset_id: UUID) -> Dataset | None:
    """The dataset of this id, withdrawn or not."""
    return await session.scalar(select(Dataset).where(Dataset.id == dataset_id))


async def list_producer_ids(session: AsyncSession, node: Node) -> set[UUID]:
    """Organisations for which the node was given the right to push."""
    query = select(NodeProducer.organisation_id).where(NodeProducer.node_id == node.id)
    return set(await session.scalars(query))


async def missing_organisations(
    session: AsyncSession, organisation_ids: Iterable[UUID]
) -> list[UUID]:
    """Those of the ids that are no organisation of the territory."""
    ids = set(organisation_ids)
    existing_ids = set(
        await session.scalars(select(Organisation.id).where(Organisation.id.in_(ids)))
    )
    return sorted(ids - existing_ids)


def is_published(dataset: Dataset | None) -> bool:
    """Whether the catalogue shows it."""
    return dataset is not None and dataset.state == DatasetState.PUBLISHED


def change_faults(node: Node, dataset: Dataset | None, dataset_id: UUID) -> list[Fault]:
    """What forbids the node to change or withdraw this dataset (104, 111)."""
    if dataset is None or not is_published(dataset):
        return [fault_kinds.UNKNOWN_DATASET.at(ID, value=str(dataset_id))]
    if dataset.node_id == node.id:
        return []
    return [fault_kinds.OTHER_PROVIDER.at(ID)]


def creation_faults(node: Node, dataset: Dataset | None) -> list[Fault]:
    """What forbids the node to create a dataset under an id that is known (304, 111).

    A node may publish again what it withdrew.
    """
    if dataset is None or (dataset.node_id == node.id and not is_published(dataset)):
        return []
    if dataset.node_id != node.id and not is_published(dataset):
        return [fault_kinds.OTHER_PROVIDER.at(ID)]
    return [fault_kinds.DATASET_EXISTS.at(ID, value=str(dataset.id))]


@dataclass(frozen=True)
class RecordClaims:
    """What a record says that only the territory can judge; None and empty where it cannot be read."""

    id: UUID | None
    producer: UUID | None
    theme: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, record: Record) -> Self:
        """Those of a record that is right by itself."""
        return cls(
            record.id, record.producer.id, record.theme, tuple(identifiers(record))
        )

    @classmethod
    def within(cls, document: Mapping[str, Any]) -> Self:
        """Those of a document with faults, as far as they can be read."""
        lines = [(field, _read_line(document.get(field))) for field in UNIQUE]
        return cls(
            _read_id(document.get(ID)),
            _read_id(dig(document, *PRODUCER.split("."))),
            _read_line(document.get("theme")),
            tuple((field, line) for field, line in lines if line),
        )


def _read_line(value: object) -> str:
    """A line that a database may be asked for, empty for anything else."""
    line = value.strip() if isinstance(value, str) else ""
    return line if line.isprintable() else ""


def _read_id(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


@dataclass(frozen=True)
class ValidationContext:
    """What the territory knows about the records of a push: read once for all of them."""

    node: Node
    datasets_by_id: Mapping[UUID, Dataset]
    linked: frozenset[UUID]
    """Organisations for which the node may push."""
    missing: frozenset[UUID]
    """Those named that the territory does not know."""
    withdrawn: Mapping[UUID, str]
    """Reasons of the team, by dataset that it took off."""
    titles_by_identifier: Mapping[tuple[str, str], Mapping[UUID, str]]
    """Datasets, with their titles, by field and value of an identifier that names one only."""

    @classmethod
    async def load(
        cls,
        session: AsyncSession,
        node: Node,
        claims: Sequence[RecordClaims],
        datasets_by_id: Mapping[UUID, Dataset],
    ) -> Self:
        """Look up what the claims of records need."""
        away = [
            dataset.id
            for dataset in datasets_by_id.values()
            if not is_published(dataset)
        ]
        query = select(Withdrawal.id, Withdrawal.reason).where(
            Withdrawal.id.in_(away), Withdrawal.by_team
        )
        return cls(
            node,
            datasets_by_id,
            linked=frozenset(await list_producer_ids(session, node)),
            missing=frozenset(
                await missing_organisations(
                    session, [claim.producer for claim in claims if claim.producer]
                )
            ),
            withdrawn={row.id: row.reason for row in await session.execute(query)}
            if away
            else {},
            titles_by_identifier=await _taken(session, claims),
        )

    def faults(self, claims: RecordClaims, *, changing: bool) -> list[Fault]:
        """What forbids the record here (104, 108, 110 to 113, 303, 304), as a change or as a new one."""
        faults = []
        if claims.id:
            faults += self._dataset_faults(claims.id, changing=changing)
        if claims.producer:
            faults += self._producer_faults(claims.producer)
        if claims.theme and claims.theme not in THEMES:
            faults.append(
                fault_kinds.UNKNOWN_THEME.at(
                    "theme", value=claims.theme, allowed=tuple(THEMES)
                )
            )
        for field, value in claims.identifiers:
            for id_, title in self.titles_by_identifier.get((field, value), {}).items():
                if id_ != claims.id:
                    faults.append(
                        fault_kinds.IDENTIFIER_OF_OTHER.at(
                            field, value=value, title=title
                        )
                    )
        return faults

    def _dataset_faults(self, dataset_id: UUID, *, changing: bool) -> list[Fault]:
        dataset = self.datasets_by_id.get(dataset_id)
        if changing:
            faults = change_faults(self.node, dataset, dataset_id)
        else:
            faults = creation_faults(self.node, dataset)
        if not faults and dataset_id in self.withdrawn and not is_published(dataset):
            reason = self.withdrawn[dataset_id]
            return [fault_kinds.WITHDRAWN_BY_TEAM.at(ID, reason=reason)]
        return faults

    def _producer_faults(self, producer: UUID) -> list[Fault]:
        if not (self.node.hosted or self.linked):
            return [fault_kinds.NODE_WITHOUT_PROVIDER.at(PRODUCER)]
        if producer in self.missing:
            return [fault_kinds.UNKNOWN_PRODUCER.at(PRODUCER, value=str(producer))]
        if not (self.node.hosted or producer in self.linked):
            return [fault_kinds.PRODUCER_NOT_LINKED.at(PRODUCER, value=str(producer))]
        return []


def identifiers(record: Record) -> list[tuple[str, str]]:
    """Fields and values that name one dataset of the territory only."""
    return [
        (field, value)
        for field, value in (("local_id", record.local_id), ("doi", record.doi))
        if value
    ]


async def _taken(
    session: AsyncSession, claims: Sequence[RecordClaims]
) -> dict[tuple[str, str], dict[UUID, str]]:
    pairs = [pair for claim in claims for pair in claim.identifiers]
    titles_by_identifier: dict[tuple[str, str], dict[UUID, str]] = {}
    for field in dict.fromkeys(field for field, _ in pairs):
        column = UNIQUE[field]
        query = select(column, Dataset.id, Dataset.title).where(
            column.in_([value for name, value in pairs if name == field])
        )
        for value, id_, title in await session.execute(query):
            titles_by_identifier.setdefault((field, value), {})[id_] = title
    return titles_by_identifier

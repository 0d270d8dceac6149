"""The rows of one producer's space, out of a node's database and into another's, with its people and its files."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.archive import contents
from udi.kit.rows import (
    TENANT,
    ArchivedTable,
    ImportMapping,
    Row,
    add_rows,
    parse_rows,
    read_rows,
    sort_by_dependency,
)
from udi.node.datasets.exchange.push_locks import stop_pushes
from udi.node.datasets.models import Dataset, Version
from udi.node.files.models import ErasedDataset
from udi.node.identity.models import Person
from udi.node.spaces.models import Space

LOCAL_TABLES = {
    "audit_event",
    "membership",
    "moved",
    "space",
    "space_day",
    "subject_request_settings",
}
"""What is a node's own: what was done there, who was seen there, addresses that lead away, the space, what a day cost, whom
people's requests about their data lead to."""
MOVED_TABLES = tuple(
    sorted(
        sort_by_dependency(
            [
                table
                for table in contents.CARRIED["node"]
                if table.name not in LOCAL_TABLES
            ]
        ),
        key=lambda table: table.name != "person",
    )
)
"""What moves: people first, whom the others name, then tables that others point to."""
PEOPLE = ("person_id", "granted_by")


@dataclass(frozen=True)
class SpaceContents:
    """What a space holds, by its identifiers; nothing is added or changed while these are locked."""

    space: Space
    datasets: frozenset[UUID]
    all_datasets: frozenset[UUID]
    """With those that were erased: their history stays."""
    versions: frozenset[UUID]

    def row_filter(self, carried: ArchivedTable) -> ColumnElement[bool]:
        """Which rows of a table are the space's."""
        columns = carried.table.c
        if "space_id" in columns:
            return columns.space_id == self.space.id
        if "version_id" in columns:
            return columns.version_id.in_(self.versions)
        return columns.dataset_id.in_(self.all_datasets)


async def lock_space(session: AsyncSession, slug: str) -> SpaceContents | None:
    """Lock a space with its datasets, once nothing of it is on its way to the portal, and say what it holds."""
    space_id = await session.scalar(select(Space.id).where(Space.slug == slug))
    if space_id is None:
        return None
    await stop_pushes(session, space_id)
    space = (
        await session.scalars(
            select(Space).where(Space.id == space_id).with_for_update()
        )
    ).one()
    mine = (
        select(Dataset.id)
        .where(Dataset.space_id == space.id)
        .with_for_update(of=Dataset)
    )
    datasets = frozenset(await session.scalars(mine))
    erased = frozenset(
        await session.scalars(
            select(ErasedDataset.id).where(ErasedDataset.space_id == space.id)
        )
    )
    versions = frozenset(
        await session.scalars(
            select(Version.id).where(Version.dataset_id.in_(datasets))
        )
    )
    return SpaceContents(space, datasets, datasets | erased, versions)


async def read_people(
    session: AsyncSession, inventory: SpaceContents
) -> frozenset[UUID]:
    """Those whom the rows of the space name."""
    person_ids = set[UUID]()
    for carried in MOVED_TABLES:
        for name in set(PEOPLE) & set(carried.table.c.keys()):
            query = (
                select(carried.table.c[name])
                .where(inventory.row_filter(carried))
                .distinct()
            )
            person_ids |= {
                person_id
                for person_id in await session.scalars(query)
                if person_id is not None
            }
    return frozenset(person_ids)


def lines_of(
    session: AsyncSession,
    inventory: SpaceContents,
    carried: ArchivedTable,
    people: Collection[UUID],
) -> AsyncIterator[bytes]:
    """The rows of one table, as lines."""
    only = (
        Person.id.in_(people)
        if carried.name == "person"
        else inventory.row_filter(carried)
    )
    return read_rows(session, carried, inventory.space.tenant_id, only)


async def delete_space_rows(session: AsyncSession, inventory: SpaceContents) -> None:
    """Delete the rows of the space, as the owner; its people, and the space itself, stay."""
    for carried in reversed(MOVED_TABLES):
        if carried.name != "person":
            table = carried.table
            await session.execute(
                delete(table).where(
                    table.c[TENANT] == inventory.space.tenant_id,
                    inventory.row_filter(carried),
                )
            )
    await session.flush()


async def import_rows(
    session: AsyncSession,
    space: Space,
    lines: Mapping[str, Iterable[bytes]],
    addresses: Mapping[str, str],
) -> dict[str, int]:
    """Put the rows into a space of another node, as the owner; how many, by table."""
    people = dict[UUID, UUID]()
    counts = {}
    for carried in MOVED_TABLES:
        rows = parse_rows(carried, lines[carried.name], ImportMapping(addresses))
        if carried.name == "person":
            rows = iter(await _select_new_people(session, list(rows), people))
        placed = (_adapt_row(row, space, people) for row in rows)
        counts[carried.name] = await add_rows(session, carried, placed, space.tenant_id)
    return counts


async def _select_new_people(
    session: AsyncSession, rows: list[Row], people: dict[UUID, UUID]
) -> list[Row]:
    """Those whom this node does not know; the others are who they are here."""
    new = []
    for row in rows:
        same = select(Person.id).where(
            Person.issuer == row["issuer"], Person.subject == row["subject"]
        )
        existing_id = await session.scalar(same)
        people[row["id"]] = existing_id or row["id"]
        new += [] if existing_id else [row]
    return new


def _adapt_row(row: Row, space: Space, people: Mapping[UUID, UUID]) -> Row:
    changed: dict[str, Any] = {
        name: people.get(row[name], row[name]) for name in PEOPLE if name in row
    }
    return {**row, **changed, **({"space_id": space.id} if "space_id" in row else {})}

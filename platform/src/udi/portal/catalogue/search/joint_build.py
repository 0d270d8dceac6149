"""Writing the joint index: the territories that came to share or left, and the datasets that changed.

With each dataset that changed, the copies that other territories have of it are written again: which of them is the
nearest to the producer is part of a document.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import structlog
import tantivy
from sqlalchemy import select

from udi.kit.db import Database
from udi.kit.memory import release_memory
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.search.build import (
    HEAP,
    LANGUAGES,
    IndexWriterCache,
    TenantIndex,
    read_rows,
)
from udi.portal.catalogue.search.index import CURRENT
from udi.portal.catalogue.search.joint_index import (
    KEY,
    REFERENCE,
    TENANT,
    DatasetCopy,
    Reference,
    describe_copy,
    find_copies,
    list_nearer,
    make_joint_document,
    make_joint_schema,
    write_reference,
)
from udi.portal.catalogue.search.words import keep_stemmed
from udi.ui.locale import in_languages, spoken_languages

log = structlog.get_logger()
MEMBERS = "members"
"""The file of the index that names the territories whose datasets it holds."""
BATCH = 250
"""Datasets written at once, and read with their descriptions."""
Changes = Mapping[UUID, Collection[UUID]]
Value = TypeVar("Value")


def list_joint_languages(territories: Iterable[Territory]) -> tuple[str, ...]:
    """All languages of some territories, in one order."""
    return tuple(
        sorted({code for territory in territories for code in territory.languages})
    )


class JointIndex(TenantIndex):
    """The folder of the joint index; it has a writer of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.pen = IndexWriterCache()

    async def follow(
        self,
        database: Database,
        sharing: Mapping[UUID, Territory],
        changes: Changes,
        position: str,
        *,
        force_rebuild: bool,
    ) -> None:
        """Make the index say what these territories have; without a change there is nothing to do."""
        with in_languages(list_joint_languages(sharing.values())):
            if (
                self.consume_rebuild_request()
                or force_rebuild
                or not self.exists()
                or not self.has_languages(spoken_languages())
            ):
                self.write_position(position)
                await self._rebuild(database, sharing)
                return
            await self._update(database, sharing, changes, position)

    async def _rebuild(
        self, database: Database, sharing: Mapping[UUID, Territory]
    ) -> None:
        await asyncio.to_thread(self.pen.close_writer)
        path = self.make_folder()
        if not (self.folder / MEMBERS).exists():
            self._write_members(())
        index = tantivy.Index(make_joint_schema(), path=str(path))
        writer = index.writer(HEAP, 1)
        try:
            await asyncio.to_thread(writer.commit)
            joint = JointWriting(database, index, writer, sharing)
            await joint.write_first(
                [
                    reference
                    for tenant in sharing
                    for reference in await _list_datasets(database, tenant)
                ]
            )
            await asyncio.to_thread(writer.wait_merging_threads)
        except BaseException:
            self.request_rebuild()
            raise
        del writer
        await asyncio.to_thread(release_memory)
        stemmed = " ".join(sorted(keep_stemmed(spoken_languages())))
        (self.folder / LANGUAGES).write_text(stemmed)
        self._write_members(sharing)
        self.switch_to(path)
        log.info("joint search index built", territories=len(sharing))

    async def _update(
        self,
        database: Database,
        sharing: Mapping[UUID, Territory],
        changes: Changes,
        position: str,
    ) -> None:
        members = self._read_members()
        joined = sharing.keys() - members
        left = members - sharing.keys()
        changed = [
            (tenant, dataset)
            for tenant in members & sharing.keys()
            for dataset in changes.get(tenant, ())
        ]
        if not (joined or left or changed):
            return
        self.write_position(position)
        path = (self.folder / CURRENT).resolve()
        try:
            writer = await asyncio.to_thread(self.pen.open_writer, path)
            index = tantivy.Index.open(str(path))
            joint = JointWriting(database, index, writer, sharing)
            gone = find_copies(index, TENANT, [str(tenant) for tenant in left])
            await joint.write([copy.reference for copy in gone])
            for tenant in joined:
                await joint.write(await _list_datasets(database, tenant))
            await joint.write(changed)
        except ValueError as error:
            self.pen.discard_writer()
            log.exception("joint search index damaged", error=str(error))
            self.request_rebuild()
            return
        except BaseException:
            self.pen.discard_writer()
            raise
        self._write_members(sharing)
        if left:
            # What was deleted stays in the files and among the words until they are made again.
            self.request_rebuild()

    def _read_members(self) -> set[UUID]:
        try:
            return {*map(UUID, json.loads((self.folder / MEMBERS).read_text()))}
        except (OSError, ValueError):
            return set()

    def _write_members(self, sharing: Iterable[UUID]) -> None:
        (self.folder / MEMBERS).write_text(json.dumps(sorted(map(str, sharing))))


class JointWriting:
    """One round of writing, batch after batch; each is committed, so that the next finds the copies of before."""

    def __init__(
        self,
        database: Database,
        index: tantivy.Index,
        writer: tantivy.IndexWriter,
        sharing: Mapping[UUID, Territory],
    ) -> None:
        self._database = database
        self._index = index
        self._writer = writer
        self._sharing = sharing

    async def write_first(self, references: Sequence[Reference]) -> None:
        """Write all that an empty index is to hold: each dataset once, and those that several territories have again.

        As many steps as there are datasets, however many territories have the same.
        """
        first: dict[str, Reference] = {}
        repeated: set[Reference] = set()
        for batch in _split(references):
            rows = await self._read(batch)
            copies = list(_describe(rows).values())
            for copy in copies:
                for key in copy.keys:
                    other = first.setdefault(key, copy.reference)
                    if other[0] != copy.tenant:
                        repeated |= {other, copy.reference}
            await asyncio.to_thread(self._add, rows, copies)
        for batch in _split(sorted(repeated)):
            rows = await self._read(batch)
            await asyncio.to_thread(self._replace, batch, rows, _describe(rows))

    async def write(self, references: Sequence[Reference]) -> None:
        """Read these datasets again, with the copies of them; what is public no more, or not shared, leaves the index."""
        for batch in _split(references):
            await self._write_batch({*batch})

    async def _write_batch(self, batch: set[Reference]) -> None:
        rows = await self._read(batch)
        fresh = _describe(rows)
        former = self._find(REFERENCE, map(write_reference, batch))
        touched = {key for copy in [*former, *fresh.values()] for key in copy.keys}
        others = {
            copy.reference
            for copy in self._find(KEY, touched)
            if copy.reference not in batch
        }
        other_rows = await self._read(others)
        rows |= other_rows
        copies = fresh | _describe(other_rows)
        await asyncio.to_thread(self._replace, batch | others, rows, copies)

    def _add(
        self, rows: Mapping[Reference, Any], copies: Iterable[DatasetCopy]
    ) -> None:
        for copy in copies:
            row = rows[copy.reference]
            territory = self._sharing[copy.tenant]
            self._writer.add_document(make_joint_document(row, territory, copy, ()))
        self._writer.commit()
        self._index.reload()

    def _replace(
        self,
        references: Collection[Reference],
        rows: Mapping[Reference, Any],
        copies: Mapping[Reference, DatasetCopy],
    ) -> None:
        keys = {key for copy in copies.values() for key in copy.keys}
        standing = [
            copy for copy in self._find(KEY, keys) if copy.reference not in references
        ]
        holders = defaultdict[str, list[DatasetCopy]](list)
        for copy in [*standing, *copies.values()]:
            for key in copy.keys:
                holders[key].append(copy)
        for reference in references:
            self._writer.delete_documents_by_term(REFERENCE, write_reference(reference))
        for reference, copy in copies.items():
            nearer = list_nearer(
                copy, (other for key in copy.keys for other in holders[key])
            )
            self._writer.add_document(
                make_joint_document(
                    rows[reference], self._sharing[reference[0]], copy, nearer
                )
            )
        self._writer.commit()
        self._index.reload()

    def _find(self, field: str, values: Iterable[str]) -> list[DatasetCopy]:
        return find_copies(self._index, field, list(values))

    async def _read(self, references: Iterable[Reference]) -> dict[Reference, Any]:
        """The rows of those that are public, and whose territory shares."""
        rows: dict[Reference, Any] = {}
        for tenant, ids in _group(references):
            if tenant not in self._sharing:
                continue
            async with self._database.session(tenant, role="public") as session:
                for ids_of_batch in _split(ids):
                    part = Dataset.id.in_(ids_of_batch)
                    rows |= {
                        (tenant, row.id): row for row in await read_rows(session, part)
                    }
        return rows


def _describe(rows: Mapping[Reference, Any]) -> dict[Reference, DatasetCopy]:
    """The copies that some rows are. One that cannot be read is left out: the others do not wait for it."""
    copies: dict[Reference, DatasetCopy] = {}
    for reference, row in rows.items():
        try:
            copies[reference] = describe_copy(row, reference[0])
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            log.warning(
                "dataset left out of the joint search index",
                tenant=str(reference[0]),
                dataset=str(reference[1]),
                error=type(error).__name__,
            )
    return copies


def _split(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def _group(references: Iterable[Reference]) -> Iterator[tuple[UUID, list[UUID]]]:
    groups = defaultdict[UUID, list[UUID]](list)
    for tenant, dataset in sorted(references):
        groups[tenant].append(dataset)
    yield from groups.items()


async def _list_datasets(database: Database, tenant: UUID) -> list[Reference]:
    async with database.session(tenant, role="public") as session:
        ids = await session.scalars(select(Dataset.id).order_by(Dataset.seq))
        return [(tenant, dataset) for dataset in ids]

"""Writing the index of one territory: whole, or the datasets that changed. Rows are read as the public role sees them."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
import tantivy
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.memory import release_memory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.search.index import (
    CURRENT,
    POSITION,
    delete_documents,
    make_document,
    make_schema,
)
from udi.portal.catalogue.search.words import DEFAULT, keep_stemmed
from udi.portal.organisations.models import Organisation
from udi.ui.locale import spoken_languages

log = structlog.get_logger()
BATCH = 250
"""Rows in memory at once: their descriptions are the most of it."""
HEAP = 15_000_000
HEAP_TO_BUILD = 256_000_000
"""Bytes that a writer fills before it writes a segment: a whole index is made of few, which are read faster."""
REBUILD_REQUEST = "rebuild"
LANGUAGES = "languages"
"""The file of an index that names the languages in whose stems its words are."""
ROWS = select(
    Dataset.id,
    Dataset.seq,
    Dataset.title,
    Dataset.titles,
    Dataset.keywords,
    Dataset.synopsis,
    Dataset.record,
    Dataset.theme,
    Dataset.access,
    Dataset.licence,
    Dataset.formats,
    Dataset.modified_at,
    Dataset.published_at,
    Dataset.local_id,
    Dataset.doi,
    Dataset.harvester_id,
    Dataset.other_origins,
    Dataset.period_start,
    Dataset.period_end,
    Dataset.west,
    Dataset.south,
    Dataset.east,
    Dataset.north,
    Organisation.slug.label("producer"),
    Organisation.name.label("producer_name"),
).join(
    Organisation,
    (Organisation.tenant_id == Dataset.tenant_id)
    & (Organisation.id == Dataset.organisation_id),
)


class IndexWriterCache:
    """The writer of the index that was written last: it stays open, so that nobody waits for what it merges meanwhile."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._writer: tantivy.IndexWriter | None = None

    def open_writer(self, path: Path) -> tantivy.IndexWriter:
        """The writer of the index in a folder; that of another one is put away.

        Raises:
            ValueError: the index is damaged.
        """
        if self._writer is None or self._path != path:
            self.close_writer()
            self._writer = tantivy.Index.open(str(path)).writer(HEAP, 1)
            self._path = path
        return self._writer

    def close_writer(self) -> None:
        """Let go of the writer once it has merged; takes as long as that."""
        writer = self._writer
        self._writer = None
        if writer is not None:
            writer.wait_merging_threads()

    def discard_writer(self) -> None:
        """Let go of the writer, and of what it was given since its last commit."""
        self._writer = None


class TenantIndex:
    """The folder of one territory: `current` leads to the index in use, `slug` says whose it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def exists(self) -> bool:
        """Whether there is an index to read."""
        return (self.folder / CURRENT / "meta.json").exists()

    def request_rebuild(self) -> None:
        """Ask the process that writes the indexes to make this one again; the present one serves meanwhile."""
        for folder in (self.folder, self.folder.parent):
            # A mark that the operator's command left is root's, which nobody else may touch.
            (folder / REBUILD_REQUEST).unlink(missing_ok=True)
            (folder / REBUILD_REQUEST).touch()

    def consume_rebuild_request(self) -> bool:
        """Whether a rebuild was asked for, once."""
        is_requested = (self.folder / REBUILD_REQUEST).exists()
        (self.folder / REBUILD_REQUEST).unlink(missing_ok=True)
        return is_requested

    def has_languages(self, languages: Sequence[str]) -> bool:
        """Whether its words are stemmed in these languages, or in those of the time when it did not say in which."""
        try:
            stemmed = (self.folder / LANGUAGES).read_text().split()
        except FileNotFoundError:
            stemmed = sorted(DEFAULT)
        return stemmed == sorted(keep_stemmed(tuple(languages)))

    def has_position(self) -> bool:
        """Whether it was said how far the index reads."""
        return (self.folder / POSITION).exists()

    def write_position(self, position: str) -> None:
        """Say how far the index reads, before it does: a copy of the database that is not there yet knows it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary_file = self.folder / f"{POSITION}.new"
        temporary_file.write_text(position)
        temporary_file.replace(self.folder / POSITION)

    async def build(self, database: Database, tenant: UUID, slug: str) -> None:
        """Make the index anew beside the present one, then take its place."""
        path = self.make_folder()
        index = tantivy.Index(make_schema(), path=str(path))
        writer = index.writer(HEAP_TO_BUILD, 1)
        count = 0
        last = 0
        async with database.session(tenant, role="public") as session:
            rows = await read_rows(session, Dataset.seq > last)
            while rows:
                adding = asyncio.create_task(
                    asyncio.to_thread(_add_documents, writer, rows)
                )
                count = count + len(rows)
                last = rows[-1].seq
                rows = await read_rows(session, Dataset.seq > last)
                await adding
        await asyncio.to_thread(_finish_writing, writer)
        del writer, index
        await asyncio.to_thread(release_memory)
        (self.folder / "slug").write_text(slug)
        stemmed = " ".join(sorted(keep_stemmed(spoken_languages())))
        (self.folder / LANGUAGES).write_text(stemmed)
        self.switch_to(path)
        log.info("search index built", territory=slug, datasets=count)

    async def update(
        self,
        database: Database,
        tenant: UUID,
        changed: Collection[UUID],
        pen: IndexWriterCache,
    ) -> None:
        """Read these datasets again; those that are public no more leave the index."""
        try:
            writer = await asyncio.to_thread(
                pen.open_writer, (self.folder / CURRENT).resolve()
            )
            async for ids, rows in _read_batches(database, tenant, changed):
                delete_documents(writer, ids)
                await asyncio.to_thread(_add_documents, writer, rows)
            await asyncio.to_thread(writer.commit)
        except ValueError as error:
            pen.discard_writer()
            log.exception("search index damaged", tenant=str(tenant), error=str(error))
            self.request_rebuild()
        except BaseException:
            pen.discard_writer()
            raise

    def make_folder(self) -> Path:
        """A folder in which an index can be made beside the present one."""
        path = self.folder / secrets.token_hex(6)
        path.mkdir(parents=True)
        return path

    def switch_to(self, path: Path) -> None:
        """Have the index in this folder of the territory's serve from now on."""
        link = self.folder / f"{CURRENT}.new"
        link.unlink(missing_ok=True)
        link.symlink_to(path.name)
        link.replace(self.folder / CURRENT)
        for old in self.folder.iterdir():
            if old.is_dir() and not old.is_symlink() and old.name != path.name:
                shutil.rmtree(old, ignore_errors=True)


async def _read_batches(
    database: Database, tenant: UUID, ids: Collection[UUID]
) -> AsyncIterator[tuple[Sequence[UUID], Sequence[Any]]]:
    ordered = sorted(ids)
    async with database.session(tenant, role="public") as session:
        for start in range(0, len(ordered), BATCH):
            part = ordered[start : start + BATCH]
            yield part, await read_rows(session, Dataset.id.in_(part))


async def read_rows(session: AsyncSession, which: ColumnElement[bool]) -> Sequence[Any]:
    """The next public rows of a territory, `BATCH` at most."""
    return (
        await session.execute(ROWS.where(which).order_by(Dataset.seq).limit(BATCH))
    ).all()


def _add_documents(writer: tantivy.IndexWriter, rows: Sequence[Any]) -> None:
    for row in rows:
        writer.add_document(make_document(row))


def _finish_writing(writer: tantivy.IndexWriter) -> None:
    writer.commit()
    writer.wait_merging_threads()

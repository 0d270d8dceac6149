"""A producer's space as one file, on its way from one node to another: rows, files, and the sha256 of each."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi import __version__
from udi.cli.archive.contents import DESCRIPTION, entry_of, revisions
from udi.cli.archive.tar_file import (
    MANIFEST,
    ArchiveReader,
    ArchiveWriter,
    InvalidArchiveError,
)
from udi.cli.local.errors import LocalError
from udi.cli.own.space_rows import MOVED_TABLES, SpaceContents, lines_of, read_people
from udi.kit.clock import now
from udi.kit.revisions import revision_chain
from udi.kit.rows import ImportMapping, Row, parse_rows
from udi.node.files.models import object_key
from udi.node.files.storage.store import ObjectStore
from udi.settings import Settings

KIND = "space of a producer"
FILE_TABLE = next(table for table in MOVED_TABLES if table.name == "stored_file")


@dataclass(frozen=True)
class SpaceTransferArchive:
    """An archive that was found whole."""

    reader: ArchiveReader
    description: dict[str, Any]

    def read_lines(self) -> Mapping[str, Iterable[bytes]]:
        """The rows of each table."""
        return {
            carried_table.name: self.reader.read_lines(entry_of("node", carried_table))
            for carried_table in MOVED_TABLES
        }

    def read_rows(self, table: str) -> Iterator[Row]:
        """Those of one table, as they were there."""
        carried = next(
            carried_table
            for carried_table in MOVED_TABLES
            if carried_table.name == table
        )
        return parse_rows(
            carried, self.reader.read_lines(entry_of("node", carried)), ImportMapping()
        )


async def write_space(
    session: AsyncSession,
    inventory: SpaceContents,
    store: ObjectStore,
    target: Path,
    *,
    territory: str,
    origin: str,
) -> int:
    """Write a locked space, read it again whole, and give the number of its files.

    Raises:
        LocalError: a file is gone or damaged, or the archive is not what was written; none is left.
    """
    _require_new(target)
    space = inventory.space
    figures = {
        "figures_dataset_id": str(space.figures_dataset_id or ""),
        "publishes_figures": space.publishes_figures,
    }
    about = {
        "kind": KIND,
        "format": 1,
        "release": __version__,
        "made_at": now().isoformat(),
        "origin": origin,
        "territory": {"slug": territory, "id": str(space.tenant_id)},
        "producer": {"slug": space.slug, "id": str(space.organisation_id), **figures},
        "revision": revision_chain("node")[-1],
    }
    with ArchiveWriter(target) as writer:
        await writer.add_json(DESCRIPTION, about)
        people = await read_people(session, inventory)
        for carried in MOVED_TABLES:
            await writer.add(
                entry_of("node", carried), lines_of(session, inventory, carried, people)
            )
        files = await _write_files(session, inventory, store, writer)
        await writer.add_json(MANIFEST, writer.manifest())
        writer.finish()
    with open_space_archive(target):
        return files


def _require_new(target: Path) -> None:
    if target.exists():
        raise LocalError(f"{target} exists already", "choose another --file")


async def _write_files(
    session: AsyncSession,
    inventory: SpaceContents,
    store: ObjectStore,
    writer: ArchiveWriter,
) -> int:
    table = FILE_TABLE.table
    query = (
        table.select().where(inventory.row_filter(FILE_TABLE)).order_by(table.c.sha256)
    )
    last = ""
    count = 0
    for row in (await session.execute(query)).all():
        if row.sha256 == last:
            continue
        last = row.sha256
        key = object_key(row.tenant_id, row.space_id, row.dataset_id, row.id)
        entry = await writer.add(f"files/{row.sha256}", _bytes_of(store, key, row.size))
        if entry.sha256 != row.sha256:
            cause = f"The object {key} is damaged: its sha256 is not the one of its row"
            raise LocalError(
                cause, "restore it from the backup of the files, then try again"
            )
        count += 1
    return count


async def _bytes_of(store: ObjectStore, key: str, size: int) -> AsyncIterator[bytes]:
    try:
        async for piece in store.stream(key, 0, size):
            yield piece
    except FileNotFoundError as error:
        raise LocalError(
            f"The object {key} is gone", "restore it from the backup of the files"
        ) from error


@contextmanager
def open_space_archive(path: Path) -> Iterator[SpaceTransferArchive]:
    """An archive, once it was read whole and each entry is what its manifest says.

    Raises:
        InvalidArchiveError: it is cut, changed, or no space's.
    """
    reader = ArchiveReader(path)
    try:
        reader.scan()
        about = reader.read_json(DESCRIPTION)
        manifest = reader.read_json(MANIFEST)
        entries = list(reader.entries.values())
        if (
            not isinstance(about, dict)
            or about.get("kind") != KIND
            or about.get("format") != 1
        ):
            raise InvalidArchiveError("it is not that of a producer's space")
        if (
            not entries
            or entries[-1].path != MANIFEST
            or not isinstance(manifest, dict)
        ):
            raise InvalidArchiveError("it does not end with its manifest")
        if manifest.get("entries") != [
            entry.manifest_entry() for entry in entries[:-1]
        ]:
            raise InvalidArchiveError("its entries are not those of its manifest")
        archive = SpaceTransferArchive(reader, about)
        _require_files(archive)
        yield archive
    finally:
        reader.close()


def _require_files(archive: SpaceTransferArchive) -> None:
    try:
        for row in archive.read_rows("stored_file"):
            entry = archive.reader.entries.get(f"files/{row['sha256']}")
            if (
                entry is None
                or entry.size != row["size"]
                or entry.sha256 != row["sha256"]
            ):
                raise InvalidArchiveError(
                    f"the file {row['id']} is missing, or is another"
                )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidArchiveError("its list of files holds what is no file") from error


def require_known_revision(settings: Settings, archive: SpaceTransferArchive) -> None:
    """See that this release knows how the archive is written.

    Raises:
        LocalError: it is of a newer one.
    """
    if archive.description.get("revision") not in revisions(settings, "node"):
        raise LocalError(
            f"The archive was made by the release {archive.description.get('release')}",
            "upgrade UDI here first",
        )


async def import_files(
    archive: SpaceTransferArchive, store: ObjectStore, tenant: UUID, space: UUID
) -> int:
    """Bring the bytes that are not here yet; how many files. A stopped one begins again."""
    count = 0
    for row in archive.read_rows("stored_file"):
        key = object_key(tenant, space, row["dataset_id"], row["id"])
        if not await _is_stored(store, key, row["sha256"]):
            await store.put(
                key,
                _iterate_pieces(archive.reader.read_pieces(f"files/{row['sha256']}")),
            )
        count += 1
    return count


async def _is_stored(store: ObjectStore, key: str, sha256: str) -> bool:
    digest = hashlib.sha256()
    try:
        for piece in await asyncio.to_thread(lambda: store.read(key)):
            digest.update(piece)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == sha256


async def _iterate_pieces(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece

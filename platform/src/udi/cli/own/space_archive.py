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
from udi.cli.archive.tape import MANIFEST, Reader, RefusedArchiveError, Writer
from udi.cli.local.errors import LocalError
from udi.cli.own.space_rows import CARRIED, Held, lines_of, read_people
from udi.kit.clock import now
from udi.kit.revisions import chain
from udi.kit.rows import Moves, Row, parse_rows
from udi.node.files.models import object_key
from udi.node.files.store import ObjectStore
from udi.settings import Settings

KIND = "space of a producer"
FILES = next(each for each in CARRIED if each.name == "stored_file")


@dataclass(frozen=True)
class SpaceArchive:
    """An archive that was found whole."""

    reader: Reader
    about: dict[str, Any]

    def lines(self) -> Mapping[str, Iterable[bytes]]:
        """The rows of each table."""
        return {each.name: self.reader.lines(entry_of("node", each)) for each in CARRIED}

    def rows(self, table: str) -> Iterator[Row]:
        """Those of one table, as they were there."""
        carried = next(each for each in CARRIED if each.name == table)
        return parse_rows(carried, self.reader.lines(entry_of("node", carried)), Moves())


async def write_space(
    session: AsyncSession, held: Held, store: ObjectStore, target: Path, *, territory: str, origin: str
) -> int:
    """Write a locked space, read it again whole, and give the number of its files.

    Raises:
        LocalError: a file is gone or damaged, or the archive is not what was written; none is left.
    """
    _require_new(target)
    space = held.space
    figures = {"figures_dataset_id": str(space.figures_dataset_id or ""), "publishes_figures": space.publishes_figures}
    about = {
        "kind": KIND, "format": 1, "release": __version__, "made_at": now().isoformat(), "origin": origin,
        "territory": {"slug": territory, "id": str(space.tenant_id)},
        "producer": {"slug": space.slug, "id": str(space.organisation_id), **figures},
        "revision": chain("node")[-1],
    }  # fmt: skip
    with Writer(target) as writer:
        await writer.add_json(DESCRIPTION, about)
        people = await read_people(session, held)
        for carried in CARRIED:
            await writer.add(entry_of("node", carried), lines_of(session, held, carried, people))
        files = await _write_files(session, held, store, writer)
        await writer.add_json(MANIFEST, writer.manifest())
        writer.finish()
    with opened(target):
        return files


def _require_new(target: Path) -> None:
    if target.exists():
        raise LocalError(f"{target} exists already", "choose another --file")


async def _write_files(session: AsyncSession, held: Held, store: ObjectStore, writer: Writer) -> int:
    table = FILES.table
    query = table.select().where(held.only(FILES)).order_by(table.c.sha256)
    last, count = "", 0
    for row in (await session.execute(query)).all():
        if row.sha256 == last:
            continue
        last, key = row.sha256, object_key(row.tenant_id, row.space_id, row.dataset_id, row.id)
        entry = await writer.add(f"files/{row.sha256}", _bytes_of(store, key, row.size))
        if entry.sha256 != row.sha256:
            cause = f"The object {key} is damaged: its sha256 is not the one of its row"
            raise LocalError(cause, "restore it from the backup of the files, then try again")
        count += 1
    return count


async def _bytes_of(store: ObjectStore, key: str, size: int) -> AsyncIterator[bytes]:
    try:
        async for piece in store.stream(key, 0, size):
            yield piece
    except FileNotFoundError as error:
        raise LocalError(f"The object {key} is gone", "restore it from the backup of the files") from error


@contextmanager
def opened(path: Path) -> Iterator[SpaceArchive]:
    """An archive, once it was read whole and each entry is what its manifest says.

    Raises:
        RefusedArchiveError: it is cut, changed, or no space's.
    """
    reader = Reader(path)
    try:
        reader.scan()
        about, manifest, found = reader.json(DESCRIPTION), reader.json(MANIFEST), list(reader.entries.values())
        if not isinstance(about, dict) or about.get("kind") != KIND or about.get("format") != 1:
            raise RefusedArchiveError("it is not that of a producer's space")
        if not found or found[-1].path != MANIFEST or not isinstance(manifest, dict):
            raise RefusedArchiveError("it does not end with its manifest")
        if manifest.get("entries") != [entry.listed() for entry in found[:-1]]:
            raise RefusedArchiveError("its entries are not those of its manifest")
        archive = SpaceArchive(reader, about)
        _require_files(archive)
        yield archive
    finally:
        reader.close()


def _require_files(archive: SpaceArchive) -> None:
    try:
        for row in archive.rows("stored_file"):
            entry = archive.reader.entries.get(f"files/{row['sha256']}")
            if entry is None or entry.size != row["size"] or entry.sha256 != row["sha256"]:
                raise RefusedArchiveError(f"the file {row['id']} is missing, or is another")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedArchiveError("its list of files holds what is no file") from error


def require_known(settings: Settings, archive: SpaceArchive) -> None:
    """See that this release knows how the archive is written.

    Raises:
        LocalError: it is of a newer one.
    """
    if archive.about.get("revision") not in revisions(settings, "node"):
        raise LocalError(
            f"The archive was made by the release {archive.about.get('release')}", "upgrade UDI here first"
        )


async def put_files(archive: SpaceArchive, store: ObjectStore, tenant: UUID, space: UUID) -> int:
    """Bring the bytes that are not here yet; how many files. A stopped one begins again."""
    count = 0
    for row in archive.rows("stored_file"):
        key = object_key(tenant, space, row["dataset_id"], row["id"])
        if not await _is_there(store, key, row["sha256"]):
            await store.put(key, _several(archive.reader.pieces(f"files/{row['sha256']}")))
        count += 1
    return count


async def _is_there(store: ObjectStore, key: str, sha256: str) -> bool:
    digest = hashlib.sha256()
    try:
        for piece in await asyncio.to_thread(lambda: store.read(key)):
            digest.update(piece)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == sha256


async def _several(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece

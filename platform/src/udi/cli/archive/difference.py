"""What changed in a territory since an archive of it: rows by table, files, and what all its tables are to be then."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.archive import contents
from udi.cli.archive.exporter import (
    ExportResult,
    ProgressReporter,
    TerritoryExport,
    export_territory,
    iterate_pieces,
    write_files,
)
from udi.cli.archive.verification import TerritoryArchive, open_archive
from udi.cli.local.errors import LocalError
from udi.kit.rows import ArchivedTable, read_rows
from udi.settings import ProgramName, Settings

DIGEST_BYTES = 16
"""Of the digest by which rows are compared with those of an earlier archive."""


@dataclass(frozen=True)
class TableSummary:
    """All rows of a table in the order of its key: how many, and the sha256 of their lines."""

    rows: int
    sha256: str


@dataclass
class TableSummariser:
    """Sums up the lines of a table while they pass."""

    rows: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, line: bytes) -> None:
        """Take one more line, with its end."""
        self.rows += 1
        self._digest.update(line)

    def summary(self) -> TableSummary:
        """What passed so far."""
        return TableSummary(self.rows, self._digest.hexdigest())


RowDigests = dict[str, str]
"""The digest of each row of a table by its key, a line of JSON."""


@dataclass(frozen=True)
class ArchiveBase:
    """The archive that a difference follows: its name, the versions of its databases, and its rows as digests."""

    manifest: str
    revisions: dict[str, str]
    rows: dict[str, RowDigests]


def key_of(carried: ArchivedTable, row: dict[str, Any]) -> str:
    """The key of a row within its territory, as a line of JSON has it."""
    names = contents.list_key_columns(carried)
    return json.dumps(
        [row[name] for name in names], ensure_ascii=False, separators=(",", ":")
    )


def digest_row(line: bytes) -> str:
    """The digest of a row's line, without its end."""
    return hashlib.sha256(line).hexdigest()[: 2 * DIGEST_BYTES]


def read_base(archive: TerritoryArchive) -> ArchiveBase:
    """The rows of an archive, whole or itself a difference, as a difference needs them."""
    rows = {}
    for program in contents.PROGRAMS:
        for carried in contents.CARRIED[program]:
            rows[contents.entry_of(program, carried)] = dict(
                _list_digests(archive, program, carried)
            )
    description = archive.description
    return ArchiveBase(archive.signature.manifest, description["revisions"], rows)


def _list_digests(
    archive: TerritoryArchive, program: ProgramName, carried: ArchivedTable
) -> Iterable[tuple[str, str]]:
    if archive.follows:
        for line in archive.reader.read_lines(contents.index_of(program, carried)):
            key, digest = json.loads(line)
            yield json.dumps(key, ensure_ascii=False, separators=(",", ":")), digest
        return
    for line in archive.reader.read_lines(contents.entry_of(program, carried)):
        yield key_of(carried, json.loads(line)), digest_row(line)


def require_same_schema(base: ArchiveBase, revisions: dict[str, str]) -> None:
    """Refuse to compare rows with those of another version of the databases.

    Raises:
        LocalError: the archive was made before or after a migration.
    """
    if base.revisions != revisions:
        cause = "The archive is of another version of the databases, so that its rows cannot be compared"
        raise LocalError(
            cause, "write a whole archive: `udi tenant export`, without --since"
        )


@dataclass
class DifferenceCounts:
    """How many rows a difference brings and takes away, by table; tables where nothing changed are left out."""

    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)


@dataclass
class DifferenceExport(TerritoryExport):
    """One difference under way: what changed since the base."""

    base: ArchiveBase
    counts: DifferenceCounts

    async def write(
        self, portal: AsyncSession, node: AsyncSession, *, with_files: bool
    ) -> tuple[int, int, int]:
        """Every entry but the manifest; no catalogue for others, so no dataset, then files and accounts written."""
        require_same_schema(self.base, self.revisions)
        await self._write_description(with_files=with_files)
        await self._write_tenant_files(portal)
        self.report("rows that changed")
        sessions: dict[ProgramName, AsyncSession] = {"portal": portal, "node": node}
        summaries = {}
        digests = set[str]()
        for program, session in sessions.items():
            for carried in contents.CARRIED[program]:
                comparison = _TableComparison(
                    carried,
                    self.base.rows[contents.entry_of(program, carried)],
                    read_rows(session, carried, self.tenant.id),
                )
                summary = await self._write_table(program, comparison)
                summaries[contents.entry_of(program, carried)] = summary
                digests |= comparison.file_digests
        comparison_document = {
            entry: {"rows": summary.rows, "sha256": summary.sha256}
            for entry, summary in summaries.items()
        }
        await self.writer.add_json(contents.COMPARISON, comparison_document)
        accounts = await self._write_identity(portal, node)
        files = await write_files(self, node, only=digests)
        return 0, files, accounts

    def describe(self) -> dict[str, Any]:
        """The same, and which archive it follows."""
        return {**super().describe(), "follows": self.base.manifest}

    async def _write_table(
        self, program: ProgramName, comparison: "_TableComparison"
    ) -> TableSummary:
        carried = comparison.carried
        await self.writer.add(contents.entry_of(program, carried), comparison.changed())
        removed = [f"{key}\n".encode() for key in comparison.unseen]
        await self.writer.add(
            contents.removed_of(program, carried), iterate_pieces(removed)
        )
        await self.writer.add(
            contents.index_of(program, carried), iterate_pieces(comparison.index)
        )
        name = f"{program}.{carried.name}"
        if comparison.changes:
            self.counts.changed[name] = comparison.changes
        if removed:
            self.counts.removed[name] = len(removed)
        return comparison.summariser.summary()


class _TableComparison:
    """The rows of a table against those of the base, while they pass once."""

    def __init__(
        self, carried: ArchivedTable, base: RowDigests, lines: AsyncIterator[bytes]
    ) -> None:
        self.carried = carried
        self.unseen = dict(base)
        """Rows of the base that did not pass: once all did, those that were removed."""
        self.index: list[bytes] = []
        self.changes = 0
        self.file_digests = set[str]()
        """Of the files whose rows were added or changed."""
        self.summariser = TableSummariser()
        self._lines = lines

    async def changed(self) -> AsyncIterator[bytes]:
        """The lines that are not in the base as they are."""
        async for line in self._lines:
            self.summariser.add(line)
            row = json.loads(line)
            key = key_of(self.carried, row)
            digest = digest_row(line.rstrip(b"\n"))
            self.index.append(f'[{key},"{digest}"]\n'.encode())
            if self.unseen.pop(key, "") == digest:
                continue
            self.changes += 1
            if self.carried.name == contents.FILES_TABLE:
                self.file_digests.add(row["sha256"])
            yield line


async def export_difference(
    settings: Settings,
    slug: str,
    target: Path,
    *,
    since: Path,
    refuse_writes: bool = False,
    end_requests: bool = False,
    tell: ProgressReporter,
) -> tuple[ExportResult, DifferenceCounts]:
    """Write what changed in a territory since an archive of it, whole or itself a difference.

    Raises:
        NotFoundError, ConflictError: as `export_territory`.
        LocalError: as there; or the archive is not whole, or of another territory or version of the databases.
    """
    counts = DifferenceCounts()
    tell("reading the archive that it follows")
    with open_archive(settings, since) as archive:
        if archive.slug != slug:
            raise LocalError(
                f"{since} is the archive of «{archive.slug}»",
                "name the last one of this territory",
            )
        if not (archive.with_files or archive.follows):
            raise LocalError(
                f"{since} was made without the files", "write a whole archive first"
            )
        base = read_base(archive)
    result = await export_territory(
        settings,
        slug,
        target,
        refuse_writes=refuse_writes,
        end_requests=end_requests,
        build=partial(DifferenceExport, base=base, counts=counts),
        tell=tell,
    )
    return result, counts

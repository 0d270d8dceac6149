"""A copy that follows a territory: rows of an archive put into it, then compared with those of the origin."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.archive import contents
from udi.cli.archive.difference import TableSummariser, TableSummary
from udi.cli.archive.tar_file import ArchiveReader
from udi.cli.archive.verification import TerritoryArchive, parse_key
from udi.cli.local.errors import LocalError
from udi.kit.rows import (
    TENANT,
    ArchivedTable,
    ImportMapping,
    Row,
    batch_rows,
    parse_rows,
    read_rows,
    replace_addresses,
    sort_by_dependency,
)
from udi.settings import ProgramName

PERSON = ("issuer", "subject")
BEGIN_AGAIN = "write a whole archive there, and import it here with --follow: it replaces the copy"


class DifferentCopyError(LocalError):
    """The copy would not be what the origin was: nothing of this step was written."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            cause,
            f"import the archives in the order in which they were written; else {BEGIN_AGAIN}",
        )


@dataclass(frozen=True)
class CopyTable:
    """A table of a copy, with what is written otherwise there than at the origin."""

    session: AsyncSession
    carried: ArchivedTable
    tenant: UUID
    moves: ImportMapping

    async def remove(self, keys: Iterable[Row]) -> int:
        """Delete the rows of these keys, where they are; how many."""
        count = 0
        for key in keys:
            done: Any = await self.session.execute(
                delete(self.carried.table).where(self._has(key))
            )
            count += done.rowcount
        return count

    async def put(self, list_rows: Callable[[], Iterable[Row]]) -> int:
        """Make the rows that are here as they are said, then add the others; how many.

        In this order: what a new row is alone to have, another may have given up.
        """
        count = 0
        for is_new in (False, True):
            for batch in batch_rows(list_rows()):
                count += await self._put_batch(batch, is_new=is_new)
        return count

    async def _put_batch(self, batch: Sequence[Row], *, is_new: bool) -> int:
        present = await self._list_present(batch)
        rows = [
            {TENANT: self.tenant, **row}
            for row in batch
            if (self._key_of(row) not in present) is is_new
        ]
        if rows:
            await self._write(rows)
        return len(rows)

    async def _list_present(self, batch: Sequence[Row]) -> set[tuple[Any, ...]]:
        """The keys of some rows that are here."""
        columns = [
            self.carried.table.c[name]
            for name in contents.list_key_columns(self.carried)
        ]
        keys = [self._key_of(row) for row in batch]
        query = select(*columns).where(
            self.carried.table.c[TENANT] == self.tenant, tuple_(*columns).in_(keys)
        )
        return {tuple(row) for row in await self.session.execute(query)}

    def _key_of(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in contents.list_key_columns(self.carried))

    async def _write(self, rows: Sequence[Row]) -> None:
        table = self.carried.table
        names = contents.list_key_columns(self.carried)
        values = {column.name for column in self.carried.columns} - {*names}
        statement = insert(table)
        if values:
            statement = statement.on_conflict_do_update(
                index_elements=[TENANT, *names],
                set_={name: statement.excluded[name] for name in values},
            )
        else:
            statement = statement.on_conflict_do_nothing()
        await self.session.execute(statement, rows)

    async def recognise(self) -> None:
        """Give people the accounts that they have here by now: an address may be confirmed after a row was brought."""
        table = self.carried.table
        if not {*PERSON} <= {*table.columns.keys()}:
            return
        moved = {old: new for old, new in self.moves.people.items() if old != new}
        query = select(table.c.issuer, table.c.subject).where(
            table.c[TENANT] == self.tenant,
            table.c.issuer.in_({issuer for issuer, _ in moved}),
        )
        present = {tuple(row) for row in await self.session.execute(query.distinct())}
        for issuer, subject in sorted(present & moved.keys()):
            new_issuer, new_subject = moved[issuer, subject]
            await self.session.execute(
                update(table)
                .where(
                    table.c[TENANT] == self.tenant,
                    table.c.issuer == issuer,
                    table.c.subject == subject,
                )
                .values(issuer=new_issuer, subject=new_subject)
            )

    async def summarise(self) -> TableSummary:
        """The rows as they would be at the origin: how many, and their digest."""
        back = ImportMapping(
            {new: old for old, new in self.moves.addresses.items()},
            {new: old for old, new in self.moves.people.items()},
        )
        summariser = TableSummariser()
        async for line in read_rows(self.session, self.carried, self.tenant):
            summariser.add(self._write_back(line, back))
        return summariser.summary()

    def _write_back(self, line: bytes, back: ImportMapping) -> bytes:
        columns = {*self.carried.table.columns.keys()}
        has_addresses = bool(self.carried.address_columns and back.addresses)
        if not has_addresses and not {*PERSON} <= columns:
            return line
        row = json.loads(line)
        for name in self.carried.address_columns & row.keys():
            row[name] = replace_addresses(row[name], back.addresses)
        if {*PERSON} <= row.keys():
            who = (row["issuer"], row["subject"])
            row["issuer"], row["subject"] = back.people.get(who, who)
        return (
            json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        )

    def _has(self, key: Row) -> ColumnElement[bool]:
        columns = self.carried.table.c
        return and_(
            columns[TENANT] == self.tenant,
            *(columns[name] == value for name, value in key.items()),
        )


async def apply_difference(
    session: AsyncSession,
    archive: TerritoryArchive,
    program: ProgramName,
    moves: ImportMapping,
) -> dict[str, int]:
    """Bring what changed into the rows of a program; how many rows were brought or taken away, by table.

    Raises:
        DifferentCopyError: the rows do not fit those that are here.
    """
    reader = archive.reader
    tables = [
        CopyTable(session, carried, archive.tenant_id, moves)
        for carried in sort_by_dependency(contents.CARRIED[program])
    ]
    counts: dict[str, int] = {}
    try:
        for table in reversed(tables):
            carried = table.carried
            lines = reader.read_lines(contents.removed_of(program, carried))
            keys = (parse_key(carried, line) for line in lines)
            counts[f"{program}.{carried.name}"] = await table.remove(keys)
        for table in tables:
            carried = table.carried
            entry = contents.entry_of(program, carried)
            list_rows = partial(_list_rows, reader, entry, carried, moves)
            count = await table.put(list_rows)
            counts[f"{program}.{carried.name}"] += count
            await table.recognise()
    except IntegrityError as error:
        cause = f"Rows of the {program} contradict those that are here"
        raise DifferentCopyError(cause) from error
    return counts


def _list_rows(
    reader: ArchiveReader, entry: str, carried: ArchivedTable, moves: ImportMapping
) -> Iterable[Row]:
    return parse_rows(carried, reader.read_lines(entry), moves)


async def compare_copy(
    session: AsyncSession,
    archive: TerritoryArchive,
    program: ProgramName,
    moves: ImportMapping,
) -> dict[str, TableSummary]:
    """Compare every table with the origin's at the moment of the archive, by count and digest; what each has, by table.

    Raises:
        DifferentCopyError: one is not the same.
    """
    summaries = {}
    for carried in contents.CARRIED[program]:
        table = CopyTable(session, carried, archive.tenant_id, moves)
        summary = await table.summarise()
        name = f"{program}.{carried.name}"
        if not _is_same(archive, contents.entry_of(program, carried), summary):
            raise DifferentCopyError(
                f"With this archive, {name} would not be as it was at the origin"
            )
        summaries[name] = summary
    return summaries


def _is_same(archive: TerritoryArchive, entry: str, summary: TableSummary) -> bool:
    if archive.follows:
        expected = archive.reader.read_json(contents.COMPARISON)[entry]
        return summary == TableSummary(expected["rows"], expected["sha256"])
    return summary.sha256 == archive.reader.entries[entry].sha256

"""Files of the journal: a portion of each territory's lines, from where the last file ends, with its checkpoint."""

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from udi.cli.journal_folder import (
    FILE_MODE,
    list_whole_files,
    lock_folder,
    make_readable_folder,
    remove_unfinished,
    write_output,
    write_whole_file,
)
from udi.cli.local.errors import explain_refusal
from udi.kit.credentials import InvalidSignatureError, SignedDocumentKind
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.hash_chain import CHECKPOINT, ChainHead, make_checkpoint
from udi.kit.keys import Signer, verify_document
from udi.kit.tenancy import INSTALLATION_ID, INSTALLATION_SLUG
from udi.portal.audit.journal_lines import (
    ChangedEventError,
    JournalChain,
    find_digest,
    number_events,
    stream_lines,
)
from udi.portal.tenants.queries import get_tenant, list_tenants
from udi.settings import Settings

JOURNAL = SignedDocumentKind(typ="udi-journal")
AUDIENCE = "udi-journal"
CHECKPOINT_ROOM = 8192
"""Bytes at the end of a file that hold its last line."""
RESTORED = (
    "If a backup was restored since, begin a new chain, which has every event again"
    " (--new-chain)"
)
NEW_CHAIN = "another chain than the files here: every event again, from number 1"

ExportRow = dict[str, Any]


@dataclass(frozen=True)
class JournalExport:
    """The journal of one territory, or the installation's own."""

    database: Database
    signer: Signer
    tenant: UUID
    slug: str

    async def number(self, *, new_chain: bool) -> JournalChain:
        """Number what is new; that is committed before a line leaves."""
        async with self.database.session(self.tenant, role="worker") as session:
            return await number_events(session, self.slug, new_chain=new_chain)

    async def find_head(self, chain: JournalChain, number: int) -> ChainHead:
        """The line of this number.

        Raises:
            ConflictError: the chain has none.
        """
        async with self.database.session(self.tenant, role="worker") as session:
            digest = await find_digest(session, chain.count, number)
        if digest is None:
            raise ConflictError(
                f"The journal of «{self.slug}» has {chain.head.number} lines, and what follows number {number} was asked for.",
                remedy=f"{RESTORED}; else give a smaller number.",
            )
        return ChainHead(number, digest)

    async def write(
        self, chain: JournalChain, start: ChainHead, stream: BinaryIO
    ) -> None:
        """The lines after `start`, and their checkpoint; nothing when there are none.

        Raises:
            ConflictError: an event was changed in the database.
        """
        if chain.head.number == start.number:
            return
        try:
            async with self.database.session(self.tenant, role="worker") as session:
                async for line in stream_lines(session, self.slug, chain, start):
                    stream.write(line)
        except ChangedEventError as error:
            raise ConflictError(
                f"In the database, the event of line {error.number} of the journal of «{self.slug}» is not what it was"
                " when the line was numbered.",
                remedy="Somebody changed the database past the programs: compare with what the collector holds, then"
                " begin a new chain (--new-chain).",
            ) from error
        claims = {
            "territory": self.slug,
            "chain": chain.seed,
            "first": start.number + 1,
            "previous": start.digest,
            "last": chain.head.number,
            "digest": chain.head.digest,
        }
        document = self.signer.sign_document(
            claims, kind=JOURNAL, issuer=AUDIENCE, audience=AUDIENCE
        )
        stream.write(make_checkpoint(document))


async def export_to_folder(
    settings: Settings, folder: Path, slug: str, *, new_chain: bool
) -> list[ExportRow]:
    """A file of what is new for each territory, or for one; those that have nothing new are not in the answer.

    Where the database does not continue what the folder holds of a territory, or its files cannot be written, its row
    has the `refusal`, and the others are written. One run at a time writes to a folder.
    """
    rows = []
    async with _open_journals(settings, slug) as journals, lock_folder(folder):
        for journal in journals:
            try:
                row = await _export_new(
                    journal, folder / journal.slug, new_chain=new_chain
                )
            except ConflictError as error:
                row = _refuse(journal, f"{error} {error.remedy}")
            except OSError as error:
                row = _refuse(journal, str(explain_refusal(error)))
            if row["lines"] or row["refusal"]:
                rows.append(row)
    return rows


async def export_to_file(
    settings: Settings, file: Path, slug: str, after: int, *, new_chain: bool
) -> list[ExportRow]:
    """One territory's lines after a number, in one file or on the standard output; no file where there are none.

    Raises:
        ConflictError: the journal has not so many lines.
    """
    async with _open_journals(settings, slug) as journals:
        journal = journals[0]
        chain = await journal.number(new_chain=new_chain)
        start = await journal.find_head(chain, after)
        if start.number == chain.head.number:
            return []
        with write_output(file) as stream:
            await journal.write(chain, start, stream)
    return [_row(journal, chain, start, file)]


@asynccontextmanager
async def _open_journals(
    settings: Settings, slug: str
) -> AsyncIterator[Sequence[JournalExport]]:
    """The installation's own journal first, then each territory's, whatever its state; or the one of this slug."""
    signer = Signer.from_file(settings.get_secret_path("signing_keys"))
    database = Database(settings, "portal", pool_size=1)
    try:
        names = await _list_names(database, slug)
        yield [JournalExport(database, signer, tenant, name) for tenant, name in names]
    finally:
        await database.close()


async def _list_names(database: Database, slug: str) -> list[tuple[UUID, str]]:
    installation = [(INSTALLATION_ID, INSTALLATION_SLUG)]
    if slug == INSTALLATION_SLUG:
        return installation
    async with database.platform_session(role="worker") as session:
        if slug:
            tenant = await get_tenant(session, slug)
            return [(tenant.id, tenant.slug)]
        tenants = await list_tenants(session)
    return installation + [(tenant.id, tenant.slug) for tenant in tenants]


async def _export_new(
    journal: JournalExport, folder: Path, *, new_chain: bool
) -> ExportRow:
    chain = await journal.number(new_chain=new_chain)
    remove_unfinished(folder)
    start, changed = await _find_start(journal, chain, folder)
    if start.number == chain.head.number:
        return _row(journal, chain, start, folder)
    name = f"{chain.seed[:8]}-{start.number + 1:012}-{chain.head.number:012}.jsonl"
    make_readable_folder(folder)
    with write_whole_file(folder / name, mode=FILE_MODE) as stream:
        await journal.write(chain, start, stream)
    row = _row(journal, chain, start, folder / name)
    if changed:
        row["note"] = NEW_CHAIN
    return row


def _row(
    journal: JournalExport, chain: JournalChain, start: ChainHead, file: Path
) -> ExportRow:
    return {
        "territory": journal.slug,
        "lines": chain.head.number - start.number,
        "last": chain.head.number,
        "file": str(file),
        "note": "",
        "refusal": "",
    }


def _refuse(journal: JournalExport, refusal: str) -> ExportRow:
    return {
        "territory": journal.slug,
        "lines": 0,
        "last": "",
        "file": "",
        "note": "",
        "refusal": refusal,
    }


async def _find_start(
    journal: JournalExport, chain: JournalChain, folder: Path
) -> tuple[ChainHead, bool]:
    """Where the files of a chain end, which is where the database must go on; and whether those here are all of others.

    A chain that has no file here begins with its first line.

    Raises:
        ConflictError: the database has another line where the files end.
    """
    files = list_whole_files(folder)
    continued = [file for file in files if file.name.startswith(chain.seed[:8])]
    if not continued:
        return ChainHead(0, chain.seed), bool(files)
    end = _read_end(continued[-1])
    if await journal.find_head(chain, end.number) != end:
        raise _other_chain(journal, folder)
    return end, False


def _read_end(file: Path) -> ChainHead:
    """The last line of a file of ours, as its checkpoint says. The database is what proves it: no key is asked.

    Raises:
        ConflictError: it does not end with a checkpoint.
    """
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - CHECKPOINT_ROOM))
        last_line = stream.read().rpartition(b"\n{")[2]
    try:
        match = CHECKPOINT.fullmatch(b"{" + last_line)
        payload = match.group(1).split(b".")[1] if match else b""
        claims = json.loads(base64.urlsafe_b64decode(payload + b"=="))
        return ChainHead(int(claims["last"]), str(claims["digest"]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ConflictError(
            f"{file} does not end with a checkpoint.",
            remedy="Put the collector's copy in its place, or move it away: its lines are written again.",
        ) from error


def _other_chain(journal: JournalExport, folder: Path) -> ConflictError:
    return ConflictError(
        f"The database does not continue the journal of «{journal.slug}» that {folder} holds.",
        remedy=f"{RESTORED}; else the database or the folder was changed by hand.",
    )


def verify_checkpoint(document: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a checkpoint that one of the keys signed.

    Raises:
        ValueError: none did.
    """
    try:
        return verify_document(
            document, keys, kind=JOURNAL, issuer=AUDIENCE, audience=AUDIENCE
        )
    except (InvalidSignatureError, KeyError, AttributeError) as error:
        msg = "none of the published keys signed it as it is"
        raise ValueError(msg) from error

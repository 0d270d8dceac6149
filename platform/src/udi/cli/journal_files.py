"""Files of the journals: a portion of the lines of each territory and program, from where the last file ends, with its checkpoint."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import select

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
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.hash_chain import CHECKPOINT, ChainHead, make_checkpoint
from udi.kit.journal_lines import (
    ChangedEventError,
    JournalChain,
    ProgramJournal,
    find_digest,
    number_events,
    stream_lines,
)
from udi.kit.keys import Signer, verify_document
from udi.kit.tenancy import INSTALLATION_ID, INSTALLATION_SLUG
from udi.node.datasets.journal import JOURNAL as NODE_JOURNAL
from udi.node.subject_requests.dossiers.signing import make_node_signer
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.audit.journal import JOURNAL as PORTAL_JOURNAL
from udi.portal.tenants.queries import list_tenants
from udi.settings import ProgramName, Settings

JOURNAL = SignedDocumentKind(typ="udi-journal")
AUDIENCE = "udi-journal"
CHECKPOINT_ROOM = 8192
"""Bytes at the end of a file that hold its last line."""
RESTORED = (
    "If a backup was restored since, begin a new chain, which has every event again"
    " (--new-chain)"
)
NEW_CHAIN = "another chain than the files here: every event again, from number 1"
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
JOURNALS: Mapping[ProgramName, ProgramJournal] = {
    "portal": PORTAL_JOURNAL,
    "node": NODE_JOURNAL,
}

ExportRow = dict[str, Any]


def make_portal_signer(settings: Settings) -> Signer:
    """What signs for the portal."""
    return Signer.from_file(settings.get_secret_path("signing_keys"))


SIGNERS: Mapping[ProgramName, Callable[[Settings], Signer]] = {
    "portal": make_portal_signer,
    "node": make_node_signer,
}
"""What signs the journal of each program; its public keys are at `/.well-known/jwks.json` of the program."""


@dataclass(frozen=True)
class ExportScope:
    """Whose journals are exported: of one territory, or of all, and of which programs."""

    slug: str
    """Empty: all territories, and the installation."""
    programs: Sequence[ProgramName]
    new_chain: bool


@dataclass(frozen=True)
class JournalExport:
    """The journal of one territory at one program, or the installation's own."""

    database: Database
    signer: Signer
    tenant: UUID
    slug: str

    @property
    def journal(self) -> ProgramJournal:
        """What the program notes."""
        return JOURNALS[self.database.program]

    @property
    def title(self) -> str:
        """What refusals call it."""
        return f"journal of «{self.slug}» at the {self.database.program}"

    async def number(self, *, new_chain: bool) -> JournalChain:
        """Number what is new; that is committed before a line leaves."""
        async with self.database.session(self.tenant, role="worker") as session:
            return await number_events(
                session, self.journal, self.slug, new_chain=new_chain
            )

    async def find_head(self, chain: JournalChain, number: int) -> ChainHead:
        """The line of this number.

        Raises:
            ConflictError: the chain has none.
        """
        async with self.database.session(self.tenant, role="worker") as session:
            digest = await find_digest(session, self.journal, chain.count, number)
        if digest is None:
            raise ConflictError(
                f"The {self.title} has {chain.head.number} lines, and what follows number {number} was asked for.",
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
                lines = stream_lines(session, self.journal, self.slug, chain, start)
                async for line in lines:
                    stream.write(line)
        except ChangedEventError as error:
            raise ConflictError(
                f"In the database, the event of line {error.number} of the {self.title} is not what it was"
                " when the line was numbered.",
                remedy="Unless a producer moved to another node, with the history of its datasets, somebody changed the"
                " database past the programs: compare with what the collector holds, then begin a new chain"
                " (--new-chain).",
            ) from error
        claims = {
            "territory": self.slug,
            "program": self.database.program,
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
    settings: Settings, folder: Path, scope: ExportScope
) -> list[ExportRow]:
    """A file of what is new in each journal; those that have nothing new are not in the answer.

    Where the database does not continue what the folder holds of a journal, or its files cannot be written, its row
    has the `refusal`, and the others are written. One run at a time writes to a folder.
    """
    rows = []
    async with _open_journals(settings, scope) as journals, lock_folder(folder):
        for journal in journals:
            try:
                row = await _export_new(
                    journal, folder / journal.slug, new_chain=scope.new_chain
                )
            except ConflictError as error:
                row = _refuse(journal, f"{error} {error.remedy}")
            except OSError as error:
                row = _refuse(journal, str(explain_refusal(error)))
            if row["lines"] or row["refusal"]:
                rows.append(row)
    return rows


async def export_to_file(
    settings: Settings, file: Path, scope: ExportScope, after: int
) -> list[ExportRow]:
    """The lines of the scope's one journal after a number, in one file or on the standard output; no file where there are none.

    Raises:
        ConflictError: the journal has not so many lines.
    """
    async with _open_journals(settings, scope) as journals:
        journal = journals[0]
        chain = await journal.number(new_chain=scope.new_chain)
        start = await journal.find_head(chain, after)
        if start.number == chain.head.number:
            return []
        with write_output(file) as stream:
            await journal.write(chain, start, stream)
    return [_row(journal, chain, start, file)]


@asynccontextmanager
async def _open_journals(
    settings: Settings, scope: ExportScope
) -> AsyncIterator[Sequence[JournalExport]]:
    """The journals of a scope, whatever the state of their territories; the installation's own first.

    Raises:
        NotFoundError: there is none.
    """
    async with AsyncExitStack() as stack:
        journals = list[JournalExport]()
        for program in scope.programs:
            signer = SIGNERS[program](settings)
            database = Database(settings, program, pool_size=1)
            stack.push_async_callback(database.close)
            journals += [
                JournalExport(database, signer, tenant, name)
                for tenant, name in await _list_names(database)
                if scope.slug in {"", name}
            ]
        if scope.slug and not journals:
            raise NotFoundError(
                f"There is no journal of a territory «{scope.slug}».",
                remedy="See `udi tenant list`.",
            )
        yield journals


async def _list_names(database: Database) -> list[tuple[UUID, str]]:
    """Whose journals a program has."""
    async with database.platform_session(role="worker") as session:
        if database.program == "portal":
            tenants = await list_tenants(session)
            installation = (INSTALLATION_ID, INSTALLATION_SLUG)
            return [installation, *((tenant.id, tenant.slug) for tenant in tenants)]
        rows = await session.execute(
            select(NodeTenant.id, NodeTenant.slug).order_by(NodeTenant.slug)
        )
        return [(row.id, row.slug) for row in rows]


async def _export_new(
    journal: JournalExport, folder: Path, *, new_chain: bool
) -> ExportRow:
    chain = await journal.number(new_chain=new_chain)
    remove_unfinished(folder)
    start, changed = await _find_start(journal, chain, folder)
    if start.number == chain.head.number:
        return _row(journal, chain, start, folder)
    name = (
        f"{_prefix(journal, chain)}{start.number + 1:012}-{chain.head.number:012}.jsonl"
    )
    make_readable_folder(folder)
    with write_whole_file(folder / name, mode=FILE_MODE) as stream:
        await journal.write(chain, start, stream)
    row = _row(journal, chain, start, folder / name)
    if changed:
        row["note"] = NEW_CHAIN
    return row


def _prefix(journal: JournalExport, chain: JournalChain) -> str:
    """How the names of a chain's files begin."""
    return f"{journal.database.program}-{chain.seed[:8]}-"


def _row(
    journal: JournalExport, chain: JournalChain, start: ChainHead, file: Path
) -> ExportRow:
    return {
        "territory": journal.slug,
        "program": journal.database.program,
        "lines": chain.head.number - start.number,
        "last": chain.head.number,
        "file": str(file),
        "note": "",
        "refusal": "",
    }


def _refuse(journal: JournalExport, refusal: str) -> ExportRow:
    return {
        "territory": journal.slug,
        "program": journal.database.program,
        "lines": 0,
        "last": "",
        "file": "",
        "note": "",
        "refusal": refusal,
    }


async def _find_start(
    journal: JournalExport, chain: JournalChain, folder: Path
) -> tuple[ChainHead, bool]:
    """Where the files of a chain end, which is where the database must go on; and whether the program's are all of others.

    A chain that has no file here begins with its first line.

    Raises:
        ConflictError: the database has another line where the files end.
    """
    files = list_whole_files(folder, journal.database.program)
    prefix = _prefix(journal, chain)
    continued = [file for file in files if file.name.startswith(prefix)]
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
        f"The database does not continue the {journal.title} that {folder} holds.",
        remedy=f"{RESTORED}; else the database or the folder was changed by hand.",
    )


def verify_checkpoint(
    document: str, keys: Mapping[ProgramName, Mapping[str, Any]]
) -> dict[str, Any]:
    """The claims of a checkpoint that one of the keys of its program signed.

    Raises:
        ValueError: none did.
    """
    for program, key_set in keys.items():
        try:
            claims = verify_document(
                document, key_set, kind=JOURNAL, issuer=AUDIENCE, audience=AUDIENCE
            )
        except (InvalidSignatureError, KeyError, AttributeError):
            continue
        if claims.get("program") == program:
            return claims
    msg = "none of the published keys of its program signed it as it is"
    raise ValueError(msg)

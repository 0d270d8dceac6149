"""What an archive holds, by entry: the tables of each domain of both programs, and the few files about the whole."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import migrations
from udi.kit.rows import TENANT, ArchivedTable, ExcludedTable
from udi.portal.tenants.files import PATH
from udi.settings import ProgramName, Settings
from udi.ui.domains import list_domains, resolve

FORMAT = 1
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
DESCRIPTION = "archive.json"
DCAT = "catalogue/dcat-ap.ttl"
RUDI = "catalogue/rudi.jsonl"
ORGANISATIONS = "identity/organisations.jsonl"
ACCOUNTS = "identity/accounts.jsonl"
COMPARISON = "comparison.json"
"""In a difference: of every table, how many rows it has at the end, and their digest."""
FILES_TABLE = "stored_file"
FILE = re.compile(r"files/[0-9a-f]{64}")
TENANT_FILE = re.compile(rf"tenant/{PATH.pattern}")


def _list_archives(program: ProgramName) -> list[Any]:
    """The modules that say what an archive holds of each domain."""
    return [
        resolve(domain.archive) for domain in list_domains(program) if domain.archive
    ]


CARRIED: dict[ProgramName, tuple[ArchivedTable, ...]] = {
    program: tuple(
        table for archive in _list_archives(program) for table in archive.CARRIED
    )
    for program in PROGRAMS
}
LEFT_OUT: dict[ProgramName, tuple[ExcludedTable, ...]] = {
    program: tuple(
        table for archive in _list_archives(program) for table in archive.LEFT_OUT
    )
    for program in PROGRAMS
}


def list_import_steps(
    program: ProgramName,
) -> list[Callable[[AsyncSession, Settings], Awaitable[None]]]:
    """What each domain does with a territory whose rows arrived."""
    return [
        resolve(domain.after_import)
        for domain in list_domains(program)
        if domain.after_import
    ]


def entry_of(program: ProgramName, carried: ArchivedTable) -> str:
    """Where the rows of a table are."""
    return f"{program}/{carried.name}.jsonl"


def removed_of(program: ProgramName, carried: ArchivedTable) -> str:
    """Where a difference has the keys of rows that went."""
    return f"removed/{program}/{carried.name}.jsonl"


def index_of(program: ProgramName, carried: ArchivedTable) -> str:
    """Where a difference has the key and the digest of every row, for the next one."""
    return f"index/{program}/{carried.name}.jsonl"


def list_key_columns(carried: ArchivedTable) -> list[str]:
    """The columns that name a row within its territory."""
    return [
        column.name
        for column in carried.table.primary_key.columns
        if column.name != TENANT
    ]


FIXED_ENTRIES = {
    DESCRIPTION,
    DCAT,
    RUDI,
    ORGANISATIONS,
    ACCOUNTS,
    *(entry_of(program, table) for program in PROGRAMS for table in CARRIED[program]),
}


DIFFERENCE_ENTRIES = {
    DESCRIPTION,
    COMPARISON,
    ORGANISATIONS,
    ACCOUNTS,
    *(
        find_entry(program, table)
        for program in PROGRAMS
        for table in CARRIED[program]
        for find_entry in (entry_of, removed_of, index_of)
    ),
}


def is_entry(path: str, *, follows: bool = False) -> bool:
    """Whether an archive may hold this, beside its manifest and signature; a difference `follows` another."""
    return path in (DIFFERENCE_ENTRIES if follows else FIXED_ENTRIES) or bool(
        FILE.fullmatch(path) or TENANT_FILE.fullmatch(path)
    )


def revisions(settings: Settings, program: ProgramName) -> Sequence[str]:
    """The revisions of a program's database that this release knows, oldest first."""
    scripts = ScriptDirectory.from_config(migrations.configuration(settings, program))
    return [revision.revision for revision in scripts.walk_revisions()][::-1]

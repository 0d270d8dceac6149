"""Which revisions a program's database passes through, as their files say: whoever only asks for that needs no Alembic.

Alembic takes seven megabytes of each web worker's family (docs/reference/sizing.md).
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.settings import ProgramName

Phase = Literal["expand", "contract"]
PACKAGE = Path(__file__).parents[1]
UNRELEASED_REVISIONS = frozenset(
    {
        "access_policies",
        "access_requests",
        "accounts_watched",
        "agreements",
        "audit",
        "calls",
        "catalogue",
        "clients_of_rudi",
        "column_roles",
        "column_units",
        "confirmed_publishers",
        "consent_changes",
        "consent_changes_by_hour",
        "consent_link_columns",
        "consent_links_counted",
        "consent_reminders",
        "consents",
        "data_change_notices",
        "data_requests",
        "dataset_matches",
        "dataset_parts",
        "datasets",
        "dataspace",
        "default_view",
        "departures_noted",
        "disclosure",
        "entries",
        "erased_accounts",
        "expectations",
        "field_words",
        "files_of_operator_requests",
        "following",
        "foundation",
        "further_portals",
        "heartbeats",
        "identity",
        "inbox",
        "inbox_claims",
        "inbox_of_nodes",
        "initial",
        "installation",
        "joining",
        "kinds_of_organisations",
        "layout_of_territories",
        "leaving",
        "lenders",
        "levels_of_logins",
        "links",
        "login_providers",
        "main_file_periods",
        "node_invitations",
        "nodes",
        "organisations",
        "other_origins",
        "outlines",
        "own_nodes_take_requests",
        "packed_descriptions",
        "past_descriptions",
        "portal_counts",
        "preparations",
        "processing_register",
        "project_keys",
        "projects",
        "proven_addresses",
        "read_catalogue_by_place",
        "ready_to_read",
        "refused_addresses",
        "reminders",
        "removal",
        "renamed_records",
        "reports_of_readings",
        "returns_noted",
        "scheduled_run",
        "script_keys",
        "search_of_territories",
        "sharing",
        "source_filters",
        "source_kinds",
        "source_pauses",
        "source_publishers",
        "source_record_aliases",
        "source_revisions",
        "sources",
        "spaces",
        "spent_budgets",
        "subject_request_reminders",
        "subject_requests",
        "suggestions",
        "team",
        "texts_by_language",
        "thanks_noted",
        "time_zone",
        "titles_by_language",
        "tokens",
        "unstated_dates_named",
        "unused_accounts",
        "uploads",
        "uses_told",
        "versions_of_territories",
        "vocabularies",
        "waiting_at_nodes",
        "withdrawn_by_team",
        "words_of_columns",
        "words_of_pictures",
    }
)
"""Revisions of checkouts of before the first release, which the first one of each program replaces."""


async def find_pending(session: AsyncSession, program: ProgramName) -> list[str]:
    """Expanding revisions that the database does not have yet, oldest first; any role may read where it stands."""
    return list_missing_revisions(
        program,
        tuple(
            await session.scalars(
                text("SELECT version_num FROM public.alembic_version")
            )
        ),
    )


def version_table(package: str) -> str:
    """The table that keeps which revisions of a domain of another package the database has."""
    return f"alembic_version_{package}"


async def find_pending_of_package(
    session: AsyncSession, name: str, folder: Path
) -> list[str]:
    """The revisions in the folder of a domain's package that the database does not have yet, oldest first."""
    table = f'public."{version_table(name)}"'
    exists = await session.scalar(
        text("SELECT to_regclass(:table) IS NOT NULL"), {"table": table}
    )
    heads: tuple[str, ...] = ()
    if exists:
        heads = tuple(await session.scalars(text(f"SELECT version_num FROM {table}")))
    return _list_missing(package_chain(folder), heads)


def list_missing_revisions(program: ProgramName, heads: tuple[str, ...]) -> list[str]:
    """Return those that a database at these heads lacks, oldest first.

    A database ahead of this program, which went back a version, lacks none; one of before the first release, all.
    """
    revisions = revision_chain(program)
    if UNRELEASED_REVISIONS.intersection(heads):
        return list(revisions)
    return _list_missing(revisions, heads)


def _list_missing(revisions: tuple[str, ...], heads: tuple[str, ...]) -> list[str]:
    reached = [revisions.index(head) for head in heads if head in revisions]
    if heads and not reached:
        return []
    return list(revisions[max(reached, default=-1) + 1 :])


def unused_since(program: ProgramName, revision: str) -> str:
    """The version that a contracting revision declares."""
    return str(_read_declarations(program)[revision]["unused_since"])


@cache
def revision_chain(program: ProgramName, phase: Phase = "expand") -> tuple[str, ...]:
    """The revisions of one phase of a program, oldest first."""
    return _sort_revisions(
        {
            name: declaration
            for name, declaration in _read_declarations(program).items()
            if declaration["phase"] == phase
        }
    )


@cache
def package_chain(folder: Path) -> tuple[str, ...]:
    """The revisions of a domain of another package, oldest first."""
    return _sort_revisions(_read_folder(folder / "versions"))


def _sort_revisions(declarations: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    after = {
        declaration["down_revision"]: name for name, declaration in declarations.items()
    }
    revisions: list[str] = []
    while (name := after.get(revisions[-1] if revisions else None)) is not None:
        revisions.append(name)
    return tuple(revisions)


@cache
def _read_declarations(program: ProgramName) -> dict[str, dict[str, Any]]:
    return _read_folder(PACKAGE / program / "migrations/versions")


def _read_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """By revision, the names to which its file gives a plain value."""
    return {
        str(declaration["revision"]): declaration
        for declaration in map(_read_constants, folder.glob("*.py"))
    }


def _read_constants(path: Path) -> dict[str, Any]:
    declaration = {}
    for part in ast.parse(path.read_text()).body:
        if (
            isinstance(part, ast.Assign)
            and isinstance(part.value, ast.Constant)
            and isinstance(part.targets[0], ast.Name)
        ):
            declaration[part.targets[0].id] = part.value.value
    return declaration

"""Deleting a territory: everything of it on this installation, the register last, so that a killed try is taken up."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text

from udi.cli.archive import contents, copied_people, placement
from udi.cli.archive.exporter import ProgressReporter
from udi.cli.archive.identity import list_organisations
from udi.cli.archive.requests_left import require_no_requests
from udi.cli.archive.verification import open_archive
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.oidc import client_id, subjects_client_id
from udi.kit.rows import delete_rows
from udi.kit.territories import ARRIVING
from udi.node.files.storage.store import ObjectStore
from udi.node.identity.models import Person as NodePerson
from udi.portal.audit.archive import last_suspended_at
from udi.portal.catalogue.search.feed import request_joint_rebuild
from udi.portal.identity.models import Person
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    RealmAdmin,
    find_or_none,
    list_organisation_members,
)
from udi.portal.identity.provision.agents import remove_agents
from udi.portal.identity.provision.directories import disable_territory_directories
from udi.portal.identity.provision.memberships import MANAGED
from udi.portal.identity.provision.operators import list_operator_accounts
from udi.portal.identity.provision.providers import delete_providers, secret_file
from udi.portal.identity.provision.territory import remove_machine
from udi.settings import ProgramName, Settings
from udi.ui.domains import declare_tables

Databases = Mapping[ProgramName, Database]
JOBS = text(
    "DELETE FROM queue.pgqueuer WHERE convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
)
CHANGES = text("DELETE FROM ops.search_change WHERE tenant_id = :tenant")
EVENT_NOTES = text("DELETE FROM ops.unnumbered_event WHERE tenant_id = :tenant")
SUSPENDED = "suspended"


@dataclass
class DeletionResult:
    """What was deleted."""

    territory: str
    rows: int = 0
    objects: int = 0
    accounts: int = 0
    organisations: int = 0
    clients: int = 0
    providers: int = 0
    kept_organisations: list[str] = field(default_factory=list)
    """Which manage accounts that serve another territory too."""
    secrets: list[str] = field(default_factory=list)


async def retire(
    settings: Settings,
    slug: str,
    *,
    archive: Path | None,
    end_requests: bool = False,
    tell: ProgressReporter,
) -> DeletionResult | None:
    """Delete a territory; None when there is none of this slug. Without an archive, nothing is asked of one.

    Raises:
        ConflictError: it is not suspended, requests of people are not over at its node (without `end_requests`), or the
            archive is not of it as it is now.
    """
    databases: Databases = {
        program: Database(settings, program, pool_size=2)
        for program in contents.PROGRAMS
    }
    try:
        tenant = await _find_tenant(databases, slug)
        if tenant is None:
            return None
        if not end_requests:
            await require_no_requests(databases["node"], tenant, slug)
        if archive is not None:
            tell("verifying the archive")
            await _require_archive(settings, databases, tenant, slug, archive)
        return await _delete_territory(settings, databases, tenant, slug, tell)
    finally:
        for database in databases.values():
            await database.close()


async def _find_tenant(databases: Databases, slug: str) -> UUID | None:
    tenant_id = None
    for program, database in databases.items():
        row = placement.TENANT_MODELS[program]
        async with database.platform_session() as session:
            tenant = (
                await session.execute(select(row.id, row.state).where(row.slug == slug))
            ).one_or_none()
        if tenant is None:
            continue
        if tenant.state not in {SUSPENDED, ARRIVING}:
            remedy = f"Close it first: `udi tenant suspend {slug}`."
            raise ConflictError(
                f"The territory «{slug}» is in use on the {program}.", remedy=remedy
            )
        tenant_id = tenant.id
    return tenant_id


async def _require_archive(
    settings: Settings, databases: Databases, tenant: UUID, slug: str, path: Path
) -> None:
    """The archive is whole, of this territory, with its files, and was made since nothing could change any more."""
    async with databases["portal"].session(tenant, role="worker") as session:
        suspended = await last_suspended_at(session)
    with open_archive(settings, path) as archive:
        remedy = f"Make one now: `udi tenant export {slug}`."
        if archive.tenant_id != tenant:
            raise ConflictError(
                f"{path} is the archive of «{archive.slug}».", remedy=remedy
            )
        if not archive.with_files:
            raise ConflictError(f"{path} was made without the files.", remedy=remedy)
        if archive.follows:
            raise ConflictError(
                f"{path} is a difference, not the whole territory.", remedy=remedy
            )
        if suspended is None:
            raise ConflictError(
                f"It is not noted when the territory «{slug}» was suspended.",
                remedy=f"Say it again: `udi tenant suspend {slug}`, then `udi tenant export {slug}`.",
            )
        if datetime.fromisoformat(archive.description["made_at"]) < suspended:
            raise ConflictError(
                f"{path} was made before the territory was suspended.", remedy=remedy
            )


async def _delete_territory(
    settings: Settings,
    databases: Databases,
    tenant: UUID,
    slug: str,
    tell: ProgressReporter,
) -> DeletionResult:
    retired = DeletionResult(slug)
    tell("accounts, organisations and clients")
    other_subjects = await _list_other_subjects(settings, databases, tenant)
    subjects = await _list_subjects(settings, databases, tenant)
    await asyncio.to_thread(
        _delete_identity, admin.connect(settings), retired, subjects, other_subjects
    )
    tell("objects")
    store = ObjectStore.of(settings)
    async for entry in store.list(str(tenant)):
        await store.delete(entry["path"])
        retired.objects += 1
    if store.folder is not None:
        shutil.rmtree(store.folder / str(tenant), ignore_errors=True)
    for folder in settings.index_folder.glob(f"*/{tenant}"):
        shutil.rmtree(folder, ignore_errors=True)
    tell("secrets and rows")
    _delete_secrets(settings, retired)
    await _delete_rows(databases["node"], tenant, slug, retired)
    await _delete_rows(databases["portal"], tenant, slug, retired)
    request_joint_rebuild(settings)
    return retired


async def _list_subjects(
    settings: Settings, databases: Databases, tenant: UUID
) -> set[str]:
    """The people whom the programs know of a territory."""
    subjects = set[str]()
    people: dict[ProgramName, Any] = {"portal": Person, "node": NodePerson}
    for program, person in people.items():
        query = select(person.subject).where(person.issuer == settings.issuer)
        async with databases[program].session(tenant, role="worker") as session:
            subjects |= set(await session.scalars(query))
    return subjects


async def _list_other_subjects(
    settings: Settings, databases: Databases, tenant: UUID
) -> set[str]:
    others = set[UUID]()
    for program, database in databases.items():
        row = placement.TENANT_MODELS[program]
        async with database.platform_session() as session:
            others |= set(await session.scalars(select(row.id).where(row.id != tenant)))
    subjects = set[str]()
    for other in others:
        subjects |= await _list_subjects(settings, databases, other)
    return subjects


def _delete_identity(
    connection: RealmAdmin,
    retired: DeletionResult,
    subjects: set[str],
    other_subjects: set[str],
) -> None:
    """Accounts first, while it is known whose they are; one that serves anywhere else stays."""
    slug = retired.territory
    accounts = set(subjects)
    organisations = list_organisations(connection, slug)
    retired_ids = {organisation["id"] for organisation in organisations}
    for organisation in organisations:
        members = list_organisation_members(connection, organisation["id"])
        accounts |= {member["id"] for member in members}
    operators = {str(user["id"]) for user in list_operator_accounts(connection)}
    for account in sorted(accounts - other_subjects - operators):
        joined = find_or_none(connection.get_user_organizations, account)
        if (
            joined is not None
            and {organisation["id"] for organisation in joined} <= retired_ids
        ):
            find_or_none(connection.delete_user, account)
            retired.accounts += 1
    retired.providers += delete_providers(connection, slug)
    disable_territory_directories(connection, slug)
    for organisation in organisations:
        members = list_organisation_members(connection, organisation["id"])
        if any(member.get("membershipType") == MANAGED for member in members):
            # Keycloak would delete these accounts, which serve elsewhere.
            retired.kept_organisations.append(organisation["alias"])
            continue
        find_or_none(connection.delete_organization, organisation["id"])
        retired.organisations += 1
    # The library lists all the clients of the realm, or the one of a name.
    clients = connection.get(
        "clients", clientId=f"{slug}-node-", search=True, max=EVERYTHING
    )
    machines = [
        client["clientId"]
        for client in clients or []
        if client["clientId"].startswith(f"{slug}-node-")
    ]
    for name in [
        *(client_id(program, slug) for program in contents.PROGRAMS),
        subjects_client_id(slug),
        *machines,
    ]:
        retired.clients += remove_machine(connection, name)
    retired.clients += remove_agents(connection, slug)


def _delete_secrets(settings: Settings, retired: DeletionResult) -> None:
    slug = retired.territory
    paths = [
        settings.secrets_folder / f"node_credential_{slug}",
        copied_people.file_of(settings, slug),
    ]
    paths += settings.secrets_folder.glob(f"account_{slug}_*")
    paths += settings.secrets_folder.glob(secret_file(slug, "*"))
    for path in paths:
        if path.exists():
            path.unlink()
            retired.secrets.append(path.name)


async def _delete_rows(
    database: Database, tenant: UUID, slug: str, retired: DeletionResult
) -> None:
    """Every table that says whose a row is, the territory's jobs, then its line of the register."""
    declare_tables(database.program)
    row = placement.TENANT_MODELS[database.program]
    async with database.session(tenant, role="owner") as session:
        tables = [
            table
            for table in row.metadata.tables.values()
            if "tenant_id" in table.columns
        ]
        counts = await delete_rows(session, tables, tenant)
        retired.rows += sum(counts.values())
        await session.execute(JOBS, {"tenant": str(tenant)})
        await session.execute(EVENT_NOTES, {"tenant": tenant})
        if database.program == "portal":
            await session.execute(CHANGES, {"tenant": tenant})
        await session.execute(delete(row).where(row.slug == slug))

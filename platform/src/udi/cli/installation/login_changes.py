"""The ways to log in of a territory, for its page on the installation: read with the figures, and changed as an operator asked.

Its files have them, so that a change is a version as any other. A page alone lets nobody in: whoever has the machine wrote
the file of the secret under the name of the entry before, and a name stays with one service.
"""

import asyncio
import tomllib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.login_services import (
    apply_login_services,
    check_login_services,
    list_unknown_claims,
)
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.territories import upsert
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.provider_metadata import ProviderMetadata
from udi.portal.identity.provision.providers import secret_file
from udi.portal.installation.login_entries import TABLES, list_moved
from udi.portal.tenants.actions import apply_tenant, register_values
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_files
from udi.portal.tenants.models import (
    Tenant,
    TerritoryFile,
    TerritoryVersion,
    VersionOrigin,
)
from udi.portal.tenants.tenant_toml import Values, set_values
from udi.portal.tenants.versions import (
    TENANT_FILE,
    get_published,
    lock_versions,
    read_manifest,
    read_published,
    record_applied,
)
from udi.settings import Settings

Entry = dict[str, Any]


async def read_login(
    settings: Settings, portal: Database, tenant: Tenant
) -> dict[str, Any]:
    """What the files of a territory say of them, and of which the secret is here."""
    async with portal.session(tenant.id, role="worker") as session:
        source = await read_published(session, TENANT_FILE)
    providers = list_entries(source or b"", "provider")
    directories = list_entries(source or b"", "directory")
    names = [entry["name"] for entry in (*providers, *directories)]
    return {
        "login_providers": tuple(providers),
        "login_directories": tuple(directories),
        "login_secrets": tuple(
            name
            for name in names
            if (settings.secrets_folder / secret_file(tenant.slug, name)).is_file()
        ),
    }


def list_entries(source: bytes, table: str) -> list[Entry]:
    """The tables `[[login.provider]]` or `[[login.directory]]` of a file."""
    login = tomllib.loads(source.decode()).get("login", {})
    entries: list[Entry] = login.get(table, [])
    return entries


async def change_login(
    settings: Settings,
    portal: Database,
    node: Database,
    tenant: Tenant,
    details: Mapping[str, Any],
) -> str:
    """Put an entry in place of the one of its name, or take that away; the identity service first, then the registers.

    Nothing else of the territory's files is applied. May be repeated.

    Raises:
        ConflictError: something of it is not right, in one sentence; nothing was changed.
        ProvisionError: the identity service refuses, or does not answer.
    """
    connection = await asyncio.to_thread(admin.connect, settings)
    folder = await _read_changed(settings, portal, tenant, details)
    try:
        metadata = await check_login_services(settings, folder, connection)
    except TenantFaultsError as error:
        raise _explain(error) from error
    await asyncio.to_thread(
        apply_login_services, connection, settings, folder, metadata
    )
    await _publish(settings, portal, node, tenant, details, metadata)
    return " ".join(["updated", *list_unknown_claims(folder, metadata)])


async def _read_changed(
    settings: Settings, portal: Database, tenant: Tenant, details: Mapping[str, Any]
) -> TenantFolder:
    entry = details["entry"]
    async with portal.session(tenant.id, role="worker") as session:
        published = await get_published(session)
        files = await read_manifest(session, published.manifest)
        if entry is not None:
            _require_secret_file(settings, tenant.slug, entry)
            known = _list_named(files[TENANT_FILE], entry["name"])
            _require_same_service(known or await _list_former(session, entry), entry)
    return _change_files(tenant.slug, files, details)


def _require_secret_file(settings: Settings, slug: str, entry: Entry) -> None:
    file = secret_file(slug, entry["name"])
    if not (settings.secrets_folder / file).is_file():
        raise ConflictError(
            f"The file «{file}» is absent from the folder of secrets.",
            remedy="Write into it the secret that the service gave; for SAML, which has none, any word.",
        )


def _require_same_service(known: list[Entry], entry: Entry) -> None:
    moved = {key for former in known for key in list_moved(former, entry)}
    if moved:
        raise ConflictError(
            f"«{entry['name']}» is the name of another service: its {', '.join(sorted(moved))} is not this one.",
            remedy="Choose another name.",
        )


def _list_named(source: bytes, name: str) -> list[Entry]:
    return [
        entry
        for table in TABLES
        for entry in list_entries(source, table)
        if entry["name"] == name
    ]


async def _list_former(session: AsyncSession, entry: Entry) -> list[Entry]:
    """The entries that had this name in any version of the files: their secret is still there."""
    manifests = await session.scalars(select(TerritoryVersion.manifest))
    digests = {manifest[TENANT_FILE] for manifest in manifests}
    query = select(TerritoryFile.content).where(TerritoryFile.sha256.in_(digests))
    return [
        former
        for source in await session.scalars(query)
        for former in _list_named(source, entry["name"])
    ]


async def _publish(
    settings: Settings,
    portal: Database,
    node: Database,
    tenant: Tenant,
    details: Mapping[str, Any],
    metadata: Mapping[str, ProviderMetadata],
) -> None:
    """Make the change in what is online now: the team may have published meanwhile, and has no part in it."""
    origins = {name: known.logout_origin for name, known in metadata.items()}
    async with portal.session(tenant.id, role="owner") as session:
        await lock_versions(session)
        published = await get_published(session)
        files = await read_manifest(session, published.manifest)
        folder = _change_files(tenant.slug, files, details)
        await record_applied(
            session, folder.files, published.number, VersionOrigin.OPERATOR
        )
        await apply_tenant(session, folder, settings, origins)
    async with node.platform_session(role="owner") as session:
        values = register_values(folder, settings, "node", origins)
        await upsert(session, NodeTenant, values)


def _change_files(
    slug: str, files: Mapping[str, bytes], details: Mapping[str, Any]
) -> TenantFolder:
    table = str(details["table"])
    entries = replace_entry(
        list_entries(files[TENANT_FILE], table),
        str(details["name"]),
        details["entry"],
    )
    changes: Values = {("login", table): entries or None}
    changed = set_values(files[TENANT_FILE], changes)
    try:
        return read_files({**files, TENANT_FILE: changed}, slug)
    except TenantFaultsError as error:
        raise _explain(error) from error


def replace_entry(entries: list[Entry], name: str, entry: Entry | None) -> list[Entry]:
    """The entries with another one in place of the one of this name, at its place; a new one stands last."""
    replaced = [entry if known["name"] == name else known for known in entries]
    if entry is not None and entry not in replaced:
        replaced.append(entry)
    return [known for known in replaced if known is not None]


def _explain(error: TenantFaultsError) -> ConflictError:
    fault = error.faults[0]
    return ConflictError(f"{fault.where}: {fault.problem}", remedy=fault.remedy)

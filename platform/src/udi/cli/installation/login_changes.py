"""The ways to log in of a territory, for its page on the installation: read with the figures, and changed as an operator asked.

Its files have them, so that a change is a version as any other. A page alone lets nobody in: whoever has the machine gave
the secret under the name of the entry before, and a name stays with one service. It gives no rights either: what an entry
says of groups, of addresses that it vouches for and of claims is written in the files, and stays as it is here.
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
from udi.kit.db import Database, is_unavailable
from udi.kit.errors import ConflictError, ProvisionError
from udi.kit.territories import upsert
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.provider_metadata import ProviderMetadata
from udi.portal.identity.provision.providers import secret_file
from udi.portal.installation.login_entries import (
    TABLES,
    keep_unshown,
    list_moved,
    list_raised,
)
from udi.portal.tenants.actions import apply_tenant, register_values
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_files
from udi.portal.tenants.models import (
    Tenant,
    TerritoryFile,
    TerritoryVersion,
    VersionOrigin,
)
from udi.portal.tenants.toml.tenant_toml import Values, set_values
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


class PartlyAppliedError(Exception):
    """A change ended in the middle of what it applies; to send it again is safe."""

    def __init__(self, cause: Exception) -> None:
        reason = f"{type(cause).__name__}: see the log of the worker."
        if isinstance(cause, ProvisionError):
            reason = str(cause)
        super().__init__(
            f"Part of it was applied, then it failed: send it again. {reason}"
        )


class RegisterUnavailableError(ConnectionError):
    """A register does not answer for now: the same request goes on where it was cut short, once it does."""


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

    What came of it is a sentence for each claim that is not announced, and nothing without one.

    Raises:
        ConflictError: something of it is not right, in one sentence; nothing was changed.
        ProvisionError: the identity service refuses, or does not answer; nothing was changed.
        PartlyAppliedError: something of it was changed.
        RegisterUnavailableError: a database does not answer for now.
    """
    connection = await asyncio.to_thread(admin.connect, settings)
    folder = await _read_changed(settings, portal, tenant, details)
    try:
        metadata = await check_login_services(portal, settings, folder, connection)
    except TenantFaultsError as error:
        raise _explain(error) from error
    try:
        await asyncio.to_thread(
            apply_login_services, connection, settings, folder, metadata
        )
    except Exception as error:
        raise PartlyAppliedError(error) from error
    try:
        await _publish(settings, portal, node, tenant, details, metadata)
    except Exception as error:
        if is_unavailable(error):
            raise RegisterUnavailableError from error
        raise PartlyAppliedError(error) from error
    return " ".join(list_unknown_claims(folder, metadata))


async def _read_changed(
    settings: Settings, portal: Database, tenant: Tenant, details: Mapping[str, Any]
) -> TenantFolder:
    entry = details["entry"]
    async with portal.session(tenant.id, role="worker") as session:
        published = await get_published(session)
        files = await read_manifest(session, published.manifest)
        if entry is not None:
            _require_secret_file(settings, tenant.slug, entry)
            online = _list_named(files[TENANT_FILE], entry["name"])
            _require_same_service(online or await _list_former(session, entry), entry)
            _refuse_rights(online, entry)
    return _change_files(tenant, files, details)


def _require_secret_file(settings: Settings, slug: str, entry: Entry) -> None:
    file = secret_file(slug, entry["name"])
    if not (settings.secrets_folder / file).is_file():
        raise ConflictError(
            f"The file «{file}» is absent from the folder of secrets.",
            remedy=f"Give the play the secret, as «{file}» of `secrets_login_providers`, and run it; with `udi up`, write the file."
            " For SAML, which has no secret, give any word.",
        )


def _require_same_service(known: list[Entry], entry: Entry) -> None:
    moved = {key for former in known for key in list_moved(former, entry)}
    if moved:
        raise ConflictError(
            f"«{entry['name']}» is the name of another service: its {', '.join(sorted(moved))} is not this one.",
            remedy="Choose another name.",
        )


def _refuse_rights(online: list[Entry], entry: Entry) -> None:
    """Whoever may write on the page alone would have rights in the territory else."""
    known = online[0] if online else {}
    if raised := list_raised(known, entry):
        raise ConflictError(
            f"A page does not change what «{entry['name']}» gives people: {', '.join(raised)}.",
            remedy="Write it in the territory's files, then apply them (udi tenant apply).",
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
    """Make the change in what is online now: the team may have published meanwhile, and has no part in it.

    The node has the services alone: what else is new for it comes by `udi tenant sync`, as its fingerprint is not the portal's.
    """
    origins = {name: known.logout_origin for name, known in metadata.items()}
    async with portal.session(tenant.id, role="owner") as session:
        await lock_versions(session)
        published = await get_published(session)
        files = await read_manifest(session, published.manifest)
        folder = _change_files(tenant, files, details)
        await record_applied(
            session, folder.files, published.number, VersionOrigin.OPERATOR
        )
        await apply_tenant(session, folder, settings, origins)
    values = register_values(folder, settings, "node", origins)
    written = {name: values[name] for name in ("slug", "login_providers")}
    async with node.platform_session(role="owner") as session:
        await upsert(session, NodeTenant, written)


def _change_files(
    tenant: Tenant, files: Mapping[str, bytes], details: Mapping[str, Any]
) -> TenantFolder:
    source = files[TENANT_FILE]
    table = str(details["table"])
    name = str(details["name"])
    entry = details["entry"]
    if entry is not None:
        for known in _list_named(source, name):
            entry = keep_unshown(known, entry, tenant.languages)
    entries = replace_entry(list_entries(source, table), name, entry)
    changes: Values = {("login", table): entries or None}
    changed = set_values(source, changes)
    try:
        return read_files({**files, TENANT_FILE: changed}, tenant.slug)
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

"""Where an archive's territory would stand here: whether its names are free, and its files with the hosts it gets."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select

from udi.cli.archive.verification import TerritoryArchive
from udi.cli.local.errors import LocalError
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.territories import ARRIVING, find_taken_hosts
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.audit.archive import was_imported_from
from udi.portal.tenants.files import (
    TenantFaultsError,
    TenantFolder,
    load_files,
    read_folder,
)
from udi.portal.tenants.models import Tenant
from udi.settings import ProgramName, Settings
from udi.ui.domains import list_domains
from udi.ui.pending_revisions import find_pending

Hosts = Mapping[ProgramName, str]
ImportState = Literal["free", "begun", "done"]
TENANT_MODELS: dict[ProgramName, Any] = {"portal": Tenant, "node": NodeTenant}


async def get_state(database: Database, slug: str) -> str | None:
    """The state of a territory in the register of a program; None: it is not there."""
    row = TENANT_MODELS[database.program]
    async with database.platform_session() as session:
        state: str | None = await session.scalar(
            select(row.state).where(row.slug == slug)
        )
    return state


async def get_import_state(
    databases: Mapping[ProgramName, Database], archive: TerritoryArchive, hosts: Hosts
) -> ImportState:
    """Whether the territory may arrive: its names are free, it began to arrive, or this archive arrived already.

    Raises:
        ConflictError: its slug or a host is another's.
        LocalError: a database waits for its migrations.
    """
    states = []
    for program, database in databases.items():
        async with database.platform_session() as session:
            if await find_pending(session, program, list_domains(program)):
                cause = f"The database of the {program} waits for its migrations"
                raise LocalError(cause, "run `udi database migrate`, then import again")
            row = TENANT_MODELS[program]
            states.append(
                await session.scalar(select(row.state).where(row.slug == archive.slug))
            )
            if program in hosts:
                requested_hosts = [hosts[program]]
            else:
                requested_hosts = getattr(archive.folder.file.hosts, program)
            for host, slug in (
                await find_taken_hosts(session, row, archive.slug, requested_hosts)
            ).items():
                remedy = f"Give another with --as-host {program}=<host>."
                raise ConflictError(
                    f"{host} belongs to the territory «{slug}».", remedy=remedy
                )
    if set(states) == {None}:
        return "free"
    if ARRIVING in states:
        return "begun"
    async with databases["portal"].session(archive.tenant_id, role="worker") as session:
        if await was_imported_from(session, archive.signature.manifest):
            return "done"
    remedy = "Retire it first (`udi tenant retire`), or import elsewhere."
    raise ConflictError(
        f"A territory «{archive.slug}» lives here already.", remedy=remedy
    )


def install_tenant_files(
    settings: Settings, archive: TerritoryArchive, hosts: Hosts, standing: ImportState
) -> TenantFolder:
    """Write the territory's files into UDI_TENANTS, whole, with the hosts it gets here.

    Raises:
        ConflictError: other files stand there.
        LocalError: its hosts cannot be changed by program.
    """
    target = settings.tenants / archive.slug
    staging_folder = settings.tenants / f".{archive.slug}.arriving"
    tenant_files = archive.tenant_files()
    tenant_files["tenant.toml"] = replace_hosts(
        tenant_files["tenant.toml"].decode(), hosts
    ).encode()
    if _content(target) != tenant_files:
        if target.exists() and standing == "free":
            remedy = "Move them away, or import elsewhere."
            raise ConflictError(
                f"Other files of «{archive.slug}» are at {target}.", remedy=remedy
            )
        shutil.rmtree(staging_folder, ignore_errors=True)
        staging_folder.mkdir(parents=True)
        for name, content in tenant_files.items():
            path = staging_folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if target.exists():
            shutil.rmtree(target)
        staging_folder.rename(target)
    return read_tenant_files(target, hosts)


def read_tenant_files(target: Path, hosts: Hosts) -> TenantFolder:
    """The territory's files as they are here now.

    Raises:
        LocalError: they are wrong, or have other hosts.
    """
    try:
        folder = read_folder(target)
    except TenantFaultsError as error:
        raise LocalError(
            f"The territory's files are wrong here ({error.faults[0]})", "correct them"
        ) from error
    if any(
        getattr(folder.file.hosts, program) != [host] for program, host in hosts.items()
    ):
        raise LocalError(
            f"The hosts in {target / 'tenant.toml'} could not be changed",
            "change them there by hand",
        )
    return folder


def replace_hosts(source: str, hosts: Hosts) -> str:
    """A tenant.toml with other hosts; the rest of it stays as it was written."""
    match = re.search(r"(?ms)^\[hosts\].*?(?=^\[|\Z)", source)
    if match is None:
        return source
    part = match.group()
    for program, host in hosts.items():
        part = re.sub(rf"(?ms)^(\s*{program}\s*=\s*)\[.*?\]", rf'\g<1>["{host}"]', part)
    return source[: match.start()] + part + source[match.end() :]


def _content(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return load_files(folder)

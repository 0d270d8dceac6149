"""Writes of the team to its territory's files: change the draft, publish it, restore a version."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.tenants import versions
from udi.portal.tenants.actions import write_register
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_files
from udi.portal.tenants.models import TerritoryVersion
from udi.portal.tenants.toml.tenant_toml import Key, Values, set_values
from udi.settings import Settings


async def change_files(
    session: AsyncSession,
    actor: Actor,
    territory: Territory,
    changes: Mapping[str, bytes | None],
) -> TenantFolder:
    """Change files of the draft; what is wrong is refused, and nothing changed. None takes a file away.

    Raises:
        ConflictError: no files were applied yet.
        InvalidFilesError: these files are wrong.
        InvalidError: the operator alone changes this.
    """
    await versions.lock_versions(session)
    files = await versions.read_draft(session)
    for path, content in changes.items():
        if content is None:
            files.pop(path, None)
        else:
            files[path] = content
    try:
        folder = read_files(files, territory.slug)
    except TenantFaultsError as error:
        raise versions.InvalidFilesError(error.faults) from error
    await versions.change_draft(session, actor.person_id, changes)
    return folder


async def change_values(
    session: AsyncSession, actor: Actor, territory: Territory, values: Values
) -> TenantFolder:
    """Change values of `tenant.toml` in the draft; those that hold already stay as they are written, or unwritten.

    Raises:
        ConflictError: no files were applied yet.
        InvalidFilesError: a value is wrong.
        InvalidError: the operator alone changes this.
    """
    await versions.lock_versions(session)
    files = await versions.read_draft(session)
    present = read_files(files, territory.slug).file.model_dump(mode="json")
    changes = {
        key: value
        for key, value in values.items()
        if _find_value(present, key) != value
    }
    source = set_values(files[versions.TENANT_FILE], changes)
    return await change_files(session, actor, territory, {versions.TENANT_FILE: source})


def _find_value(table: Mapping[str, Any], key: Key) -> Any:
    """The value of these keys, a default where the file has none; None where there is no such key."""
    value: Any = table
    for name in key:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


async def publish_draft(
    session: AsyncSession,
    actor: Actor,
    territory: Territory,
    settings: Settings,
    note: str,
) -> TerritoryVersion:
    """Put the draft online.

    Raises:
        ConflictError: there is nothing to publish, or somebody published meanwhile.
        InvalidFilesError: files are wrong.
    """
    version, folder = await versions.publish_draft(
        session, actor.person_id, territory.slug, note
    )
    await write_register(session, folder, settings)
    audit.record(
        session, actor, "territory.published", territory.id, version=version.number
    )
    return version


async def restore_version(
    session: AsyncSession,
    actor: Actor,
    territory: Territory,
    settings: Settings,
    number: int,
) -> TerritoryVersion:
    """Put an old version online again, as a new one.

    Raises:
        NotFoundError: there is no such version.
        ConflictError: it is as what is online.
        InvalidFilesError: its files are wrong by the rules of now.
    """
    version, folder = await versions.restore_version(
        session, actor.person_id, territory.slug, number
    )
    await write_register(session, folder, settings)
    audit.record(
        session,
        actor,
        "territory.restored",
        territory.id,
        version=version.number,
        restored=number,
    )
    return version

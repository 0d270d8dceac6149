"""Sealing a space: its keys, and its older files brought under them."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.keyring import Keyring, OpenKeyring
from udi.node.audit import record_audit_event
from udi.node.files.encryption import sealed_format
from udi.node.files.encryption.sealing_store import (
    SealingStore,
    open_space_key,
    wrap_space_key,
)
from udi.node.files.models import SpaceKey
from udi.node.spaces.models import Sealing, Space


@dataclass
class SealingResult:
    """What a pass over a space did: objects sealed now, their bytes, and objects that were sealed already."""

    objects: int = 0
    bytes: int = 0
    already: int = 0


async def seal_space(
    session: AsyncSession, keyring: Keyring, slug: str, *, renew: bool = False
) -> bool:
    """Seal what comes into a space from now on, as the owner of its keys; `renew` draws another key for it.

    Returns whether anything changed.

    Raises:
        NotFoundError: no space is called so.
    """
    space = await _lock_space(session, slug)
    keyless = (
        await session.scalar(
            select(SpaceKey.id).where(SpaceKey.space_id == space.id).limit(1)
        )
        is None
    )
    if keyless or renew:
        _add_key(session, keyring, space)
    changed = keyless or renew or space.sealing == Sealing.OPEN
    if space.sealing == Sealing.OPEN or renew:
        space.sealing = Sealing.NEW
    if changed:
        record_audit_event(session, None, "space.sealed", space.id, renewed=renew)
    await session.flush()
    return changed


async def unseal_space(session: AsyncSession, slug: str) -> bool:
    """Keep what comes into a space from now on in clear; what is sealed stays so, and readable.

    Raises:
        NotFoundError: no space is called so.
    """
    space = await _lock_space(session, slug)
    changed = space.sealing != Sealing.OPEN
    space.sealing = Sealing.OPEN
    if changed:
        record_audit_event(session, None, "space.unsealed", space.id)
    await session.flush()
    return changed


async def create_missing_keys(session: AsyncSession, open_ring: OpenKeyring) -> int:
    """Give a key to each sealed space that arrived without: keys never leave an installation. How many."""
    keyed = select(SpaceKey.space_id)
    spaces = (
        await session.scalars(
            select(Space).where(Space.sealing != Sealing.OPEN, Space.id.not_in(keyed))
        )
    ).all()
    for space in spaces:
        _add_key(session, open_ring(), space)
        space.sealing = Sealing.NEW
    await session.flush()
    return len(spaces)


async def rewrap_keys(session: AsyncSession, keyring: Keyring) -> int:
    """Wrap every space's key of the territory by the leading key of the installation; no object is touched. How many."""
    rows = (
        await session.scalars(
            select(SpaceKey).where(SpaceKey.wrapped_by != keyring.current_key.id)
        )
    ).all()
    for row in rows:
        key = open_space_key(keyring, row)
        row.wrapped_by, row.wrapped = wrap_space_key(
            keyring, row.tenant_id, row.space_id, row.id, key
        )
    await session.flush()
    return len(rows)


async def reseal_space(
    database: Database,
    store: SealingStore,
    tenant: UUID,
    slug: str,
    tell: Callable[[SealingResult], None],
) -> SealingResult:
    """Seal every object of a space with its newest key, one after the other; begun again where it was stopped.

    Each object is replaced whole or not at all, so that readers and a kill at any moment find one or the other.

    Raises:
        NotFoundError: no sealed space is called so.
    """
    async with database.session(tenant, role="worker") as session:
        space = await _lock_space(session, slug)
        if space.sealing == Sealing.OPEN:
            raise NotFoundError(
                f"The space «{slug}» is not sealed.",
                remedy="Seal it first: `udi producer seal`.",
            )
        space.sealing = Sealing.NEW
    store.keys.forget()
    done = SealingResult()
    entries = [entry async for entry in store.list(f"{tenant}/{space.id}")]
    for entry in entries:
        key = entry["path"]
        try:
            if await store.is_sealed(key):
                done.already += 1
            else:
                await store.put(key, _read_object(store, key))
                done.objects = done.objects + 1
                done.bytes = done.bytes + entry["size"]
        except FileNotFoundError:
            continue
        tell(done)
    async with database.session(tenant, role="worker") as session:
        (await _lock_space(session, slug)).sealing = Sealing.WHOLE
    store.keys.forget()
    return done


async def _read_object(store: SealingStore, key: str) -> AsyncIterator[bytes]:
    async for piece in await store.open(key, 0, 1 << 62):
        yield piece


async def _lock_space(session: AsyncSession, slug: str) -> Space:
    space: Space | None = await session.scalar(
        select(Space).where(Space.slug == slug).with_for_update()
    )
    if space is None:
        raise NotFoundError(
            f"No space is called «{slug}».", remedy="See `udi producer list`."
        )
    return space


def _add_key(session: AsyncSession, keyring: Keyring, space: Space) -> None:
    key_id = uuid.uuid4()
    wrapped_by, wrapped = wrap_space_key(
        keyring, space.tenant_id, space.id, key_id, sealed_format.new_key()
    )
    session.add(
        SpaceKey(id=key_id, space_id=space.id, wrapped_by=wrapped_by, wrapped=wrapped)
    )

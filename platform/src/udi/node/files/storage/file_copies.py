"""Copies every object of a folder into another store, while the node goes on: the way from one machine's disk to S3.

An object does not change once it is whole, unless its space is sealed anew, so a second pass copies only what came or
changed since the first. What was deleted meanwhile is an orphan of the other store, and is swept there within a day.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from udi.node.files.storage.store import ObjectStore

AT_ONCE = 4
CLOCKS_APART = timedelta(hours=1)
"""How far the clock of the other store may be from this machine's: what changed so shortly before its copy is copied again."""

Objects = Mapping[str, Mapping[str, Any]]
"""What a store lists, by key."""


@dataclass
class CopyResult:
    """What one pass did."""

    copied: int = 0
    copied_bytes: int = 0
    present: int = 0
    """Objects that an earlier pass had copied."""
    faulty: list[str] = field(default_factory=list)
    """Keys of objects that the other store does not have, or not in their size."""


async def copy_objects(
    source: ObjectStore, target: ObjectStore, report: Callable[[CopyResult], None]
) -> CopyResult:
    """Copy the objects of every territory that are absent from another store or older there; nothing is deleted.

    `report` is called after each few objects. May be interrupted and repeated. What the folder no longer has when its
    turn comes was deleted meanwhile, and is passed over.

    Raises:
        ValueError: the source is no folder.
        StoreError: the other store does not answer, refuses, or is full.
    """
    if source.folder is None:
        message = "only the objects of a folder are copied"
        raise ValueError(message)
    result = CopyResult()
    for territory in await asyncio.to_thread(_list_territories, source.folder):
        await _copy_territory(source, target, territory, result, report)
    return result


async def _copy_territory(
    source: ObjectStore,
    target: ObjectStore,
    territory: str,
    result: CopyResult,
    report: Callable[[CopyResult], None],
) -> None:
    originals = await _list_objects(source, territory)
    copies = await _list_objects(target, territory)
    pending = [
        key for key, entry in originals.items() if _differs(entry, copies.get(key))
    ]
    result.present += len(originals) - len(pending)
    for start in range(0, len(pending), AT_ONCE):
        sizes = {
            key: originals[key]["size"] for key in pending[start : start + AT_ONCE]
        }
        transfers = [_copy(source, target, key, size) for key, size in sizes.items()]
        copied = [size for size in await asyncio.gather(*transfers) if size is not None]
        result.copied += len(copied)
        result.copied_bytes += sum(copied)
        report(result)
    if pending:
        result.faulty += await _find_faulty(source, target, territory, pending)


async def _copy(
    source: ObjectStore, target: ObjectStore, key: str, size: int
) -> int | None:
    """Copy one object; its bytes, None where it is gone."""
    try:
        await target.put(key, source.stream(key, 0, size))
    except FileNotFoundError:
        return None
    return size


async def _find_faulty(
    source: ObjectStore, target: ObjectStore, territory: str, keys: Sequence[str]
) -> list[str]:
    """Which of the objects copied are not in the other store as they are in the folder now."""
    originals = await _list_objects(source, territory)
    copies = await _list_objects(target, territory)
    return [
        key
        for key in keys
        if key in originals
        and originals[key]["size"] != copies.get(key, {}).get("size")
    ]


async def _list_objects(store: ObjectStore, territory: str) -> Objects:
    return {entry["path"]: entry async for entry in store.list(territory)}


def _differs(entry: Mapping[str, Any], copy: Mapping[str, Any] | None) -> bool:
    if copy is None or entry["size"] != copy["size"]:
        return True
    changed: datetime = entry["last_modified"]
    copied: datetime = copy["last_modified"]
    return changed > copied - CLOCKS_APART


def _list_territories(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if _is_uuid(path.name))


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True

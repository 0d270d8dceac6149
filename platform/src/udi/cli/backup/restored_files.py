"""Putting files back: the node's objects, and the secrets and territories' files of the installation."""

import asyncio
import os
import shutil
from pathlib import Path

from udi.cli.backup.context import BackupContext
from udi.cli.backup.manifest import Manifest, StoredObject
from udi.cli.backup.plan import PASSPHRASE, S3_KEY, S3_SECRET
from udi.cli.backup.restic import SnapshotFile
from udi.cli.backup.restored_cluster import ACCOUNTS
from udi.node.files.storage.store import ObjectStore
from udi.settings import Settings

PRESERVED_SECRETS = {PASSPHRASE, S3_KEY, S3_SECRET, *ACCOUNTS.values()}
"""Secrets of this machine's own repository and of its own cluster, which a restored installation does not change."""


def restore_files(
    source: BackupContext, manifest: Manifest, named: list[StoredObject]
) -> list[str]:
    """Bring back the files that a backup holds; the keys that the database names and that are not there then.

    Files that are here already stay: one never changes once it is written.
    """
    objects = source.objects
    if objects is None:
        object_sizes = asyncio.run(read_object_sizes(source.settings))
        return [
            stored.key
            for stored in named
            if not stored.has_size(object_sizes.get(stored.key))
        ]
    objects.mkdir(parents=True, exist_ok=True)
    if manifest.objects.kind == "held" and manifest.objects.snapshot:
        size_by_key = source.restic.list_files(manifest.objects.snapshot)
        lacking = sum(
            size for key, size in size_by_key.items() if _size(objects / key) != size
        )
        if lacking:
            source.progress.report(
                f"files: restoring {len(size_by_key)}, of which {lacking / 1e6:.1f} MB are not here"
            )
            source.restic.restore(manifest.objects.snapshot, objects)
        _change_owner(objects)
    return [
        stored.key
        for stored in named
        if not stored.has_size(_size(objects / stored.key))
    ]


def _size(path: Path) -> int | None:
    if path.is_file():
        return path.stat().st_size
    return None


def _change_owner(objects: Path) -> None:
    """To the account of the node, which owns the folder around it; numbers of accounts differ between machines."""
    if os.geteuid():
        return
    owner = objects.parent.stat()
    for path in (objects, *objects.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def restore_installation(source: BackupContext, manifest: Manifest) -> None:
    """Bring back secrets and territories' files. Settings and certificates stay this machine's, as the play wrote them."""
    places = {
        "secrets": source.settings.secrets_folder,
        "tenants": source.settings.tenants,
    }
    count = 0
    for name, content in source.restic.read_files(manifest.installation):
        part, _, rest = name.partition("/")
        if rest and part in places and rest not in PRESERVED_SECRETS:
            _write_file(places[part] / rest, content, private=part == "secrets")
            count += 1
    source.progress.report(f"secrets and territories: {count} files")


def _write_file(path: Path, content: SnapshotFile, *, private: bool) -> None:
    path.parent.mkdir(mode=0o700 if private else 0o755, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600 if private else 0o644)
    with partial.open("wb") as file:
        shutil.copyfileobj(content, file)
    partial.chmod(0o600 if private else 0o644)
    partial.replace(path)


async def read_object_sizes(settings: Settings) -> dict[str, int]:
    """Every object of the node's store with its size."""
    return {
        entry["path"]: entry["size"]
        async for entry in ObjectStore.of(settings).list("")
    }

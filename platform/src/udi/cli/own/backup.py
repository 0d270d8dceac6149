"""Backing up a producer's own node: its database, files, keys and settings of its portal, in one encrypted restic repository."""

import asyncio
import shutil
import time
from pathlib import Path

from udi import __version__
from udi.cli.backup.plan import PASSPHRASE
from udi.cli.local import state
from udi.cli.local.errors import LocalError
from udi.cli.own import node_processes
from udi.cli.own.backup_repository import (
    ADDRESS,
    FOLDER,
    MANIFEST,
    PART,
    SAVING,
    NodeBackup,
    find_restic,
    restic_at,
    update_backup_state,
)
from udi.cli.own.database_copy import dump_tables, make_private_folder
from udi.cli.own.folder import FILE, OwnNode
from udi.kit.backups import BackupRun
from udi.kit.clock import now

MAX_BACKUPS = 14


def prepare(own_node: OwnNode, address: str) -> bool:
    """Begin the repository of a node, and draw the passphrase that opens it; whether it was missing.

    Raises:
        LocalError: the address is none, or another passphrase opened what is there.
    """
    state.make_secrets(own_node.settings.secrets_folder, (PASSPHRASE,))
    restic = restic_at(own_node, address)
    begun = restic.exists()
    if not begun:
        restic.initialise()
    path = own_node.folder / FOLDER / ADDRESS
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{restic.repository.address}\n")
    return not begun


def create(own_node: OwnNode) -> NodeBackup:
    """Back a node up, running or not: the database first, then the files that it names, in one snapshot.

    Raises:
        LocalError: no repository was begun, or something stopped on the way; there is no half backup.
    """
    began = time.monotonic()
    restic = find_restic(own_node)
    holds_files = _holds_files(own_node)
    restic.unlock()
    target = own_node.folder / SAVING
    shutil.rmtree(target, ignore_errors=True)
    try:
        with node_processes.run_database(own_node):
            make_private_folder(target)
            copied = asyncio.run(dump_tables(own_node, target))
        label = f"{now():%Y%m%dT%H%M%SZ}"
        moment = now()
        saved = NodeBackup(
            label=label,
            release=__version__,
            made_at=moment,
            seconds=0,
            node=own_node.joined.node.slug,
            holds_files=holds_files,
            copied=copied,
        )
        (target / MANIFEST).write_text(saved.model_dump_json())
        names = [
            name
            for name in (FILE, "secrets", "objects", SAVING)
            if (own_node.folder / name).exists()
        ]
        restic.save(own_node.folder, PART, label, names)
    finally:
        shutil.rmtree(target, ignore_errors=True)
    saved = saved.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
    update_backup_state(
        own_node, created=BackupRun(label=label, at=moment, seconds=saved.seconds)
    )
    restic.forget(
        [snapshot["id"] for snapshot in restic.snapshots(PART)[:-MAX_BACKUPS]]
    )
    return saved


def _holds_files(own_node: OwnNode) -> bool:
    place = own_node.settings.object_store_url
    if "://" in place:
        return False
    if Path(place).resolve() != (own_node.folder / "objects").resolve():
        cause = f"The files of the node are in {place}, not in its folder"
        raise LocalError(
            cause, "leave UDI_OBJECT_STORE empty, or back that folder up by other means"
        )
    return True

"""Bringing a producer's own node back from a backup: beside it, to prove that it can be done, or for good."""

import asyncio
import hashlib
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from packaging.version import Version
from rich.console import Console
from sqlalchemy import select, text

from udi import __version__
from udi.cli.backup.census import list_differences
from udi.cli.backup.restic import Restic
from udi.cli.local import ports
from udi.cli.local.errors import LocalError
from udi.cli.local.steps import TerminalReporter
from udi.cli.own import node_processes
from udi.cli.own.backup_repository import (
    SAVING,
    NodeBackup,
    choose_backup,
    find_restic,
    read_backup_state,
    update_backup_state,
)
from udi.cli.own.database_copy import load_tables, recount
from udi.cli.own.folder import FILE, NODE, POSTGRES, OwnNode, parse_own_node
from udi.kit import migrations
from udi.kit.backups import BackupRun
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.journal_lines import BEGIN_CHAINS
from udi.node.datasets.archive import reannounce_datasets
from udi.node.datasets.models import Dataset


def verify(own_node: OwnNode, label: str | None) -> NodeBackup:
    """Prove that a backup restores: beside the node, everything compared, then removed.

    Raises:
        LocalError: it does not, or there is none.
    """
    began = time.monotonic()
    restic = find_restic(own_node)
    snapshot, saved = choose_backup(restic, label)
    place = Path(tempfile.mkdtemp(prefix="drill-", dir=own_node.folder))
    try:
        place.chmod(0o755)
        _restore(restic, snapshot, saved, place, port=_find_free_port(), keep=False)
    except LocalError:
        update_backup_state(
            own_node,
            refused=BackupRun(
                label=saved.label, at=now(), seconds=round(time.monotonic() - began, 1)
            ),
        )
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
    seconds = round(time.monotonic() - began, 1)
    notes = read_backup_state(own_node)
    done = BackupRun(label=saved.label, at=now(), seconds=seconds)
    update_backup_state(
        own_node,
        verified=done,
        refused=None,
        drilled={**notes.drilled, saved.label: done.at},
    )
    return saved


def restore(
    folder: Path, restic: Restic, label: str | None, *, replace_here: bool
) -> NodeBackup:
    """Make a folder the node that was backed up, stopped. May be repeated.

    Raises:
        LocalError: a node is there already, or the backup does not restore; the folder is then no node.
    """
    if (folder / FILE).exists() and not replace_here:
        raise LocalError(
            f"There is a node in {folder}",
            "choose another folder, or say --yes-replace: it is then gone",
        )
    snapshot, saved = choose_backup(restic, label)
    if Version(saved.release) > Version(__version__):
        cause = (
            f"The backup was made by release {saved.release}, and this is {__version__}"
        )
        raise LocalError(cause, "install that release or a later one, then restore")
    _restore(restic, snapshot, saved, folder.absolute(), keep=True)
    return saved


def _restore(
    restic: Restic,
    snapshot: str,
    saved: NodeBackup,
    folder: Path,
    *,
    keep: bool,
    port: int = 0,
) -> None:
    """What says that a folder is a node comes last, once all is on the disk: one that stopped on the way is none."""
    own_node = parse_own_node(folder, restic.read_text(snapshot, FILE))
    own_node = replace(own_node, port=port or own_node.port)
    with node_processes.hold_folder(folder, own_node.port) as service:
        shutil.rmtree(folder / SAVING, ignore_errors=True)
        restic.restore(snapshot, folder, without=(f"/{FILE}",))
        (folder / FILE).unlink(missing_ok=True)
        shutil.rmtree(folder / "postgres", ignore_errors=True)
        steps = TerminalReporter(Console(stderr=True))
        try:
            with node_processes.start_database(
                own_node, service, steps, is_synced=False
            ):
                migrations.upgrade_to(own_node.settings, "node", saved.copied.revision)
                asyncio.run(load_tables(own_node, saved.copied, folder / SAVING))
                _compare_content(own_node, saved)
        finally:
            shutil.rmtree(folder / SAVING, ignore_errors=True)
        if keep:
            node_processes.keep_database(own_node, service)
            own_node.save()
            with node_processes.prepare_database(own_node, service, steps):
                asyncio.run(_finish_restore(own_node))


async def _finish_restore(own_node: OwnNode) -> None:
    """What follows from another past.

    Portals may have received something newer, which is lost: what there is, is sent again. A collector may hold numbers
    of events that are lost: another chain begins.
    """
    database = Database(own_node.settings, "node", pool_size=1)
    try:
        async with database.session(
            own_node.joined.territory.id, role="worker"
        ) as session:
            await reannounce_datasets(
                session, (await session.scalars(select(Dataset.id))).all()
            )
            await session.execute(text(BEGIN_CHAINS))
    finally:
        await database.close()


def _compare_content(own_node: OwnNode, saved: NodeBackup) -> None:
    tables = asyncio.run(recount(own_node))
    faults = list_differences({"node": saved.copied.tables}, {"node": tables})
    for stored in saved.copied.files if saved.holds_files else ():
        path = own_node.folder / "objects" / stored.key
        if (
            not path.is_file()
            or not stored.has_size(path.stat().st_size)
            or not stored.has_sum(_sum_of(path))
        ):
            faults.append(f"the file {stored.key} is missing, or is another")
    if faults:
        raise LocalError(
            f"The backup {saved.label} does not restore: {'; '.join(faults[:5])}",
            "choose another one",
        )


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _find_free_port() -> int:
    """Where a node may run aside."""
    for port in range(48_000, 63_000, 10):
        if ports.is_free(port) and ports.is_free(port - NODE + POSTGRES):
            return port
    raise LocalError("No port is free", "stop some programs of this machine")

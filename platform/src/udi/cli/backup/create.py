"""Making a backup while everything runs: the database first, then the files that it names, the manifest last."""

import asyncio
import time
from datetime import datetime, timedelta

import asyncpg

from udi import __version__
from udi.cli.backup import census
from udi.cli.backup.context import BackupContext
from udi.cli.backup.manifest import (
    NAME,
    Manifest,
    ObjectBackup,
    StoredObject,
    encode_manifest,
    list_manifests,
)
from udi.cli.backup.pgbackrest import ANOTHER_DATABASE, PgBackRestError, explain_failure
from udi.cli.backup.processes import hold_lock
from udi.cli.backup.restored_files import read_object_sizes
from udi.cli.local.errors import LocalError
from udi.kit.backups import BackupRun
from udi.kit.clock import now

ARCHIVED_WITHIN = 120
MARK = "udi"


def create(workplace: BackupContext, *, full: bool = False) -> Manifest | None:
    """One whole backup; None on a machine of a cluster that is not its leader.

    Raises:
        LocalError: it could not be made; what was saved of it serves the next attempt.
    """
    say = workplace.progress.report
    with hold_lock(workplace.folder, say):
        if not _is_leader(workplace):
            return None
        started = now()
        workplace.restic.unlock()
        full = full or _is_full_due(workplace)
        say(f"database: {'full' if full else 'incremental'} backup")
        label, size, stored = _save_database(workplace, full=full)
        say(
            f"database: {label}, {_megabytes(size)} read, {_megabytes(stored)} stored; counting"
        )
        counted = asyncio.run(_count_rows(workplace, label))
        say(
            f"database: {sum(map(len, counted.tables.values()))} tables counted{'' if counted.exact else ' (not exactly)'}"
        )
        _wait_for_log(workplace)
        objects, added = _save_objects(workplace, label, counted.files)
        say(f"files: {objects.count}, {_megabytes(objects.size)} ({objects.kind})")
        installation = workplace.restic.save(
            workplace.plan.installation, "installation", label
        )
        manifest = Manifest(
            label=label,
            release=__version__,
            started=started,
            finished=now(),
            seconds=workplace.progress.seconds,
            kind="full" if full else "incremental",
            point=counted.point,
            exact=counted.exact,
            tables=counted.tables,
            revisions=counted.revisions,
            files=counted.files,
            objects=objects,
            database_size=size,
            installation=installation["snapshot_id"],
            stored_size=stored + added + installation["data_added"],
        )
        workplace.restic.save_text(NAME, encode_manifest(manifest), "manifest", label)
        workplace.update_state(
            created=BackupRun(
                label=label, at=manifest.finished, seconds=manifest.seconds
            )
        )
        say("whole: manifest written; removing what is no longer kept")
        _prune_snapshots(workplace)
        say("done")
    return manifest


def _is_leader(workplace: BackupContext) -> bool:
    """Whether this PostgreSQL takes writes: in a cluster, each machine tries and the leader backs up."""
    follows = asyncio.run(_query(workplace, "SELECT pg_is_in_recovery()"))
    if follows and not workplace.plan.server.clustered:
        raise LocalError(
            "This PostgreSQL is recovering",
            "wait until it takes writes, then run the same command again",
        )
    return not follows


async def _query(workplace: BackupContext, query: str) -> object:
    try:
        connection = await asyncpg.connect(workplace.plan.superuser, timeout=10)
    except (OSError, asyncpg.PostgresError) as error:
        cause = (
            f"PostgreSQL refuses the superuser's connection ({type(error).__name__})"
        )
        raise LocalError(cause, "check that it runs: `udi doctor`") from error
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def _is_full_due(workplace: BackupContext) -> bool:
    try:
        fulls = [
            backup
            for backup in workplace.pgbackrest.backups()
            if backup["type"] == "full"
        ]
    except PgBackRestError as failure:
        raise explain_failure(
            failure, workplace.repository, "Reading the repository"
        ) from failure
    if not fulls:
        return True
    last = datetime.fromtimestamp(fulls[-1]["timestamp"]["stop"], tz=now().tzinfo)
    return now() - last > timedelta(days=workplace.plan.retention.full_every_days)


def _save_database(workplace: BackupContext, *, full: bool) -> tuple[str, int, int]:
    """The label, the bytes of the cluster, and those that were stored."""
    try:
        workplace.pgbackrest.call("backup", f"--type={'full' if full else 'incr'}")
        last = workplace.pgbackrest.backups()[-1]
    except PgBackRestError as failure:
        if failure.code == ANOTHER_DATABASE:
            cause = f"The repository {workplace.repository.address} holds the backups of another database"
            raise LocalError(
                cause, "restore it (`udi backup restore`), or name another repository"
            ) from failure
        raise explain_failure(
            failure, workplace.repository, "The backup of the database"
        ) from failure
    return last["label"], last["info"]["size"], last["info"]["repository"]["delta"]


async def _count_rows(workplace: BackupContext, label: str) -> census.Census:
    return await census.take_census(
        workplace.plan.superuser, workplace.settings, f"{MARK}-{label}"
    )


def _wait_for_log(workplace: BackupContext) -> None:
    """Until the log of transactions is archived beyond the restore point: without it the backup restores nothing."""
    workplace.progress.report("database: waiting for the log of transactions")
    segment = str(
        asyncio.run(_query(workplace, "SELECT pg_walfile_name(pg_switch_wal())"))
    )
    deadline = time.monotonic() + ARCHIVED_WITHIN
    while (
        str(
            asyncio.run(
                _query(workplace, "SELECT last_archived_wal FROM pg_stat_archiver")
            )
        )
        < segment
    ):
        if time.monotonic() > deadline:
            cause = "PostgreSQL does not archive its log of transactions"
            raise LocalError(
                cause, "see «archiving» of `udi doctor`, and the log of PostgreSQL"
            )
        time.sleep(0.2)


def _save_objects(
    workplace: BackupContext, label: str, named: list[StoredObject]
) -> tuple[ObjectBackup, int]:
    """The node's files, and the bytes that were stored for them; those in S3 are only looked at."""
    where = workplace.settings.object_store_url
    if workplace.objects is None:
        object_sizes = asyncio.run(read_object_sizes(workplace.settings))
        lost = [
            stored.key
            for stored in named
            if not stored.has_size(object_sizes.get(stored.key))
        ]
        counted = ObjectBackup(
            kind="elsewhere",
            where=where,
            count=len(object_sizes),
            size=sum(object_sizes.values()),
        )
        return counted.model_copy(update={"removed_meanwhile": lost}), 0
    if not any(path.is_file() for path in workplace.objects.rglob("*")):
        return ObjectBackup(kind="held", where=where), 0
    summary = workplace.restic.save(workplace.objects, "objects", label)
    size_by_key = workplace.restic.list_files(summary["snapshot_id"])
    lost = [stored.key for stored in named if stored.key not in size_by_key]
    return ObjectBackup(
        kind="held",
        where=where,
        snapshot=summary["snapshot_id"],
        count=len(size_by_key),
        size=sum(size_by_key.values()),
        removed_meanwhile=lost,
    ), int(summary["data_added"])


def _prune_snapshots(workplace: BackupContext) -> None:
    """Forget the files of backups whose database pgBackRest no longer keeps, and of attempts that were cut short."""
    labels = {backup["label"] for backup in workplace.pgbackrest.backups()}
    whole = {
        manifest.label
        for manifest in list_manifests(workplace.restic, workplace.manifests, labels)
    }
    snapshots = workplace.restic.snapshots()
    workplace.restic.forget(
        [snapshot["id"] for snapshot in snapshots if snapshot["label"] not in whole]
    )
    file_names = {
        f"{snapshot['id']}.json" for snapshot in snapshots if snapshot["label"] in whole
    }
    for path in workplace.manifests.iterdir():
        if path.name not in file_names:
            path.unlink()


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

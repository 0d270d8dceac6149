"""The restore drill: a backup is restored aside, on this machine, and everything in it is read and compared."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from udi.cli.backup import census
from udi.cli.backup.context import BackupContext
from udi.cli.backup.manifest import Manifest, choose_manifest, list_manifests
from udi.cli.backup.pgbackrest import PgBackRest, PgBackRestError, explain_failure
from udi.cli.backup.processes import hold_lock
from udi.cli.backup.restic import sha256_of
from udi.cli.backup.restored_files import read_object_sizes
from udi.cli.backup.server import ServerControl, write_drill_configuration
from udi.cli.local.errors import LocalError
from udi.kit.backups import BackupRun, read_state
from udi.kit.clock import now

PORT = 5999
MAX_LISTED = 5
REQUIRED_SECRETS = ("signing_keys", "portal_client_key")


def verify(workplace: BackupContext, label: str | None) -> tuple[Manifest, float]:
    """Restore aside, read all, compare; the backup and the seconds it took. Nothing is left of it.

    Raises:
        LocalError: something is missing or differs; the backup cannot be trusted.
    """
    with hold_lock(workplace.folder, workplace.progress.report):
        manifest = choose_manifest(list_kept_manifests(workplace), label, None)
        workplace.progress.report(
            f"drill of {manifest.label}, made {manifest.finished:%Y-%m-%d %H:%M} UTC"
        )
        try:
            _verify_database(workplace, manifest)
            _verify_installation(workplace, manifest)
            _verify_objects(workplace, manifest)
        except LocalError:
            workplace.update_state(refused=_describe_run(workplace, manifest))
            raise
        state = read_state(workplace.settings)
        drilled = {**(state.drilled if state else {}), manifest.label: now()}
        workplace.update_state(
            verified=_describe_run(workplace, manifest), refused=None, drilled=drilled
        )
        workplace.progress.report("all is there")
    return manifest, workplace.progress.seconds


def list_kept_manifests(workplace: BackupContext) -> list[Manifest]:
    """The whole backups whose database is still kept.

    Raises:
        LocalError: the repository cannot be read.
    """
    snapshots = workplace.restic.snapshots("manifest")
    try:
        labels = {backup["label"] for backup in workplace.pgbackrest.backups()}
    except PgBackRestError as failure:
        raise explain_failure(
            failure, workplace.repository, "Reading the repository"
        ) from failure
    if snapshots:
        return list_manifests(workplace.restic, workplace.manifests, labels)
    return []


def _describe_run(workplace: BackupContext, manifest: Manifest) -> BackupRun:
    return BackupRun(label=manifest.label, at=now(), seconds=workplace.progress.seconds)


def _verify_database(workplace: BackupContext, manifest: Manifest) -> None:
    scratch = workplace.folder / "drill"
    server = workplace.plan.server.model_copy(
        update={
            "data": scratch / "data",
            "socket": scratch,
            "port": PORT,
            "unit": "",
            "clustered": False,
        }
    )
    control = ServerControl(server, workplace.folder / "drill.log")
    _remove_scratch(control, scratch)
    control.log.unlink(missing_ok=True)
    scratch.mkdir(mode=0o700)
    try:
        restore_database(
            workplace.pgbackrest,
            workplace,
            manifest,
            data=server.data,
            options=["--archive-mode=off"],
        )
        write_drill_configuration(server)
        control.start()
        control.wait_until_writable(workplace.progress.report)
        workplace.progress.report("database: restored; counting")
        compare_tables(
            manifest, asyncio.run(census.recount(control.superuser, workplace.settings))
        )
    finally:
        _remove_scratch(control, scratch)


def _remove_scratch(control: ServerControl, scratch: Path) -> None:
    """What a drill that was cut short left behind goes too."""
    if (control.server.data / "postmaster.pid").exists():
        control.stop()
    shutil.rmtree(scratch, ignore_errors=True)


def restore_database(
    pgbackrest: PgBackRest,
    workplace: BackupContext,
    manifest: Manifest,
    *,
    data: Path,
    options: list[str],
) -> None:
    """Put the files of the cluster into a folder, ready to recover up to the backup's own restore point.

    Raises:
        LocalError: pgBackRest refuses.
    """
    if not any(option.startswith("--type=") for option in options):
        options = [*options, "--type=name", f"--target={manifest.point}"]
    if "--type=default" not in options:
        options = [*options, "--target-action=promote"]
    place = [f"--set={manifest.label}", f"--pg1-path={data}"]
    try:
        pgbackrest.call("restore", *place, *options)
    except PgBackRestError as failure:
        raise explain_failure(
            failure, workplace.repository, "Restoring the database"
        ) from failure


def compare_tables(manifest: Manifest, recount: census.Census) -> None:
    """Refuse a database that differs from what was counted when the backup was made.

    Raises:
        LocalError: a table differs.
    """
    faults = census.list_differences(manifest.tables, recount.tables)
    if not manifest.exact:
        faults = [fault for fault in faults if fault.endswith(("missing", "new"))]
    if faults:
        raise _difference_error("database", faults)


def _verify_installation(workplace: BackupContext, manifest: Manifest) -> None:
    names = {
        name
        for name, content in workplace.restic.read_files(manifest.installation)
        if content.read(1)
    }
    lost = [name for name in REQUIRED_SECRETS if f"secrets/{name}" not in names]
    if lost:
        raise _difference_error(
            "folder of secrets", [f"{name} is missing" for name in lost]
        )
    workplace.progress.report(f"secrets and territories: {len(names)} files")


def _verify_objects(workplace: BackupContext, manifest: Manifest) -> None:
    gone = set(manifest.objects.removed_meanwhile)
    expected = {
        stored.key: stored for stored in manifest.files if stored.key not in gone
    }
    if manifest.objects.kind == "elsewhere":
        object_sizes = asyncio.run(read_object_sizes(workplace.settings))
        faults = [
            f"{key} is missing"
            for key, stored in expected.items()
            if not stored.has_size(object_sizes.get(key))
        ]
    else:
        if expected:
            sums = _checksums(
                workplace, manifest, {*expected}, workplace.progress.report
            )
        else:
            sums = {}
        faults = [
            _describe_fault(key, sums.get(key))
            for key, stored in expected.items()
            if not stored.has_sum(sums.get(key))
        ]
    if faults:
        raise _difference_error("node's files", faults)
    workplace.progress.report(
        f"files: {len(expected)} named by the database, each as it was published"
    )


def _checksums(
    workplace: BackupContext,
    manifest: Manifest,
    keys: set[str],
    say: Callable[[str], None],
) -> dict[str, str]:
    checksum_by_key = {}
    for name, content in workplace.restic.read_files(manifest.objects.snapshot):
        if name in keys:
            checksum_by_key[name] = sha256_of(content)
            if len(checksum_by_key) % 1000 == 0:
                say(f"files: {len(checksum_by_key)} of {len(keys)} read")
    return checksum_by_key


def _describe_fault(key: str, checksum: str | None) -> str:
    return f"{key} {'is missing' if checksum is None else 'has other contents'}"


def _difference_error(what: str, faults: list[str]) -> LocalError:
    if len(faults) > MAX_LISTED:
        more = f" and {len(faults) - MAX_LISTED} more"
    else:
        more = ""
    cause = f"The backup is not what was saved, in the {what}: {'; '.join(faults[:MAX_LISTED])}{more}"
    return LocalError(
        cause,
        "make another at once (`udi backup create --full`), and look at the repository's disk",
    )

"""Restoring an installation on a machine that the play has made: stop, put back, start, compare."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from packaging.version import Version

from udi import __version__
from udi.cli import units as units_here
from udi.cli.backup import census, restored_cluster
from udi.cli.backup.context import BackupContext, make_folder
from udi.cli.backup.drill import compare_tables, list_kept_manifests, restore_database
from udi.cli.backup.manifest import Manifest, choose_manifest
from udi.cli.backup.pgbackrest import write_configuration
from udi.cli.backup.plan import account_of
from udi.cli.backup.prepare import FOREIGN, prepare
from udi.cli.backup.processes import hold_lock, run_program
from udi.cli.backup.restored_files import restore_files, restore_installation
from udi.cli.backup.server import ServerControl
from udi.cli.local.errors import LocalError
from udi.kit.backups import BackupRun
from udi.kit.clock import now
from udi.kit.journal_lines import BEGIN_CHAINS
from udi.settings import ProgramName

UNITS = "udi-*.service"
ANSWERED_WITHIN = 180
"""Seconds."""
RETRY_REMEDY = "put that right, then run the same command again"
NOT_OURS = ("udi-backup",)
MARKER = "restoring.json"
COUNT_QUERIES: dict[ProgramName, str] = {
    "portal": "SELECT count(*) FROM app.dataset",
    "node": "SELECT count(*) FROM app.stored_file",
}


@dataclass(frozen=True)
class RestoreResult:
    """What became of it."""

    manifest: Manifest
    seconds: float
    rows: int
    files: int
    missing: list[str]
    """Keys of files that the database names and that were saved nowhere: published after the backup of files."""


@dataclass(frozen=True)
class RestoreOptions:
    """What the operator asked for."""

    label: str | None
    moment: datetime | None
    newest: bool
    replace: bool
    in_cluster: bool = False
    """On the first machine of a cluster whose three machines stand still, for the play to go on."""

    @property
    def uses_own_point(self) -> bool:
        """Whether the backup's own restore point is asked, where everything was counted."""
        return self.moment is None and not self.newest


def restore(
    machine: BackupContext, source: BackupContext, wish: RestoreOptions
) -> RestoreResult:
    """Make this machine the installation that was backed up. `machine` has its repository, `source` the one to read.

    Raises:
        LocalError: refused before anything is changed, or stopped on the way: the same command then goes on.
    """
    say = machine.progress.report
    _refuse_other_place(machine, wish)
    with hold_lock(machine.folder, say):
        if source is not machine:
            _open_source(source)
        manifests = list_kept_manifests(source)
        manifest = choose_manifest(manifests, wish.label, wish.moment)
        refuse_newer_release(manifest)
        if wish.in_cluster:
            say("cluster: its three machines stand still")
        elif not wish.replace and not (machine.folder / MARKER).exists():
            _refuse_existing_data(machine)
        say(
            f"restoring {manifest.label}, made {manifest.finished:%Y-%m-%d %H:%M} UTC by release {manifest.release}"
        )
        with _stopped_units(machine, manifest):
            recount = _restore_database(machine, source, manifest, wish)
            missing = restore_files(
                source, _choose_file_backup(manifest, manifests, wish), recount.files
            )
            restore_installation(source, manifest)
            _finish_restore(machine)
        machine.update_state(
            restored=BackupRun(
                label=manifest.label, at=now(), seconds=machine.progress.seconds
            )
        )
        say("done")
    return RestoreResult(
        manifest, machine.progress.seconds, recount.rows, len(recount.files), missing
    )


def _refuse_other_place(machine: BackupContext, wish: RestoreOptions) -> None:
    if not machine.plan.server.clustered:
        if wish.in_cluster:
            raise LocalError("This machine is of no cluster", "leave --in-cluster away")
        return
    if not wish.in_cluster:
        raise LocalError(
            "A cluster is not restored by this command alone",
            "run the play `restore.yml`, which gives it: docs/how-to/back-up-and-restore.md",
        )
    restored_cluster.refuse_running_cluster()


def _open_source(source: BackupContext) -> None:
    account = account_of(source.plan)
    make_folder(source.configuration.parent, source.plan, 0o700)
    write_configuration(
        source.repository,
        source.configuration,
        source.folder,
        owner=(account.pw_uid, account.pw_gid),
    )


def refuse_newer_release(manifest: Manifest) -> None:
    if Version(manifest.release) > Version(__version__):
        cause = f"The backup was made by release {manifest.release}, and this machine has {__version__}"
        raise LocalError(cause, "deploy that release or a later one, then restore")


def _refuse_existing_data(machine: BackupContext) -> None:
    remedy = "restore on another machine, or say --yes-replace: what this one holds is then gone"
    try:
        count = sum(
            asyncio.run(_count_rows(machine, name, query))
            for name, query in COUNT_QUERIES.items()
        )
    except (OSError, asyncpg.PostgresError) as error:
        cause = f"It cannot be seen whether this machine holds data ({type(error).__name__})"
        raise LocalError(cause, remedy) from error
    if count:
        raise LocalError("This machine holds datasets or files", remedy)


async def _count_rows(machine: BackupContext, program: ProgramName, query: str) -> int:
    name = machine.settings.database_names[program]
    try:
        connection = await asyncpg.connect(
            machine.plan.superuser, database=name, timeout=10
        )
    except asyncpg.InvalidCatalogNameError:
        return 0
    try:
        return int(await connection.fetchval(query))
    except asyncpg.UndefinedTableError:
        return 0
    finally:
        await connection.close()


@contextmanager
def _stopped_units(machine: BackupContext, manifest: Manifest) -> Iterator[None]:
    """Our units stand still meanwhile. The marker remembers which ran, so that a second attempt starts them all."""
    marker = machine.folder / MARKER
    if marker.exists():
        units = json.loads(marker.read_text())["units"]
    else:
        units = _running_units(machine)
    partial = marker.with_suffix(".partial")
    partial.write_text(json.dumps({"label": manifest.label, "units": units}))
    partial.replace(marker)
    if units:
        machine.progress.report(f"stopping {len(units)} units")
        run_program(["systemctl", "stop", *units])
    yield
    if units:
        machine.progress.report(f"starting {len(units)} units")
        done = run_program(["systemctl", "start", *units])
        if done.returncode:
            raise LocalError(
                f"Units do not start ({done.stderr.strip()[-200:]})",
                "read `journalctl -u 'udi-*' -n 50`",
            )
        _wait_for_answers(machine)
    marker.unlink()


def _wait_for_answers(machine: BackupContext) -> None:
    """Until what answers on this machine does again: Keycloak takes half a minute."""
    deadline = time.monotonic() + ANSWERED_WITHIN
    silent = [unit for unit in units_here.list_units() if unit.port]
    while silent and time.monotonic() < deadline:
        time.sleep(1)
        silent = [unit for unit in silent if not units_here.is_ready(unit)]
    for unit in silent:
        machine.progress.report(
            f"{unit.name} does not answer yet: see `udi doctor` and `journalctl -u {unit.name}`"
        )


def _running_units(machine: BackupContext) -> list[str]:
    if not machine.plan.server.unit:
        return []
    listed = run_program(
        [
            "systemctl",
            "list-units",
            "--plain",
            "--no-legend",
            "--state=active,activating",
            UNITS,
        ]
    ).stdout
    return [
        line.split()[0]
        for line in listed.splitlines()
        if line.strip() and not line.startswith(NOT_OURS)
    ]


def _restore_database(
    machine: BackupContext,
    source: BackupContext,
    manifest: Manifest,
    wish: RestoreOptions,
) -> census.Census:
    """What the database holds once restored."""
    control = ServerControl(machine.plan.server, machine.folder / "restored.log")
    control.stop()
    machine.progress.report("database: restoring")
    options = ["--delta"]
    if wish.moment is not None:
        options += [
            "--type=time",
            f"--target={wish.moment.isoformat(sep=' ', timespec='milliseconds')}",
        ]
    elif wish.newest:
        options += ["--type=default"]
    restore_database(
        source.pgbackrest,
        source,
        manifest,
        data=machine.plan.server.data,
        options=options,
    )
    if wish.in_cluster:
        restored_cluster.write_missing_settings(machine.plan)
    control.start()
    control.wait_until_writable(machine.progress.report)
    machine.progress.report("database: restored; counting")
    recount = asyncio.run(census.recount(control.superuser, machine.settings))
    if wish.uses_own_point:
        compare_tables(manifest, recount)
    if wish.in_cluster:
        restored_cluster.hand_over(machine, control)
    return recount


def _choose_file_backup(
    manifest: Manifest, manifests: list[Manifest], wish: RestoreOptions
) -> Manifest:
    """The backup whose files serve: the first that was made after the wished moment, else the last."""
    if wish.uses_own_point:
        return manifest
    after = [
        candidate
        for candidate in manifests
        if wish.moment is not None and candidate.started >= wish.moment
    ]
    if after:
        return after[0]
    return manifests[-1]


async def _begin_journal_chains(machine: BackupContext) -> None:
    """A collector may hold numbers that the databases no longer have: none of them is given to another event."""
    for name in machine.settings.database_names.values():
        connection = await asyncpg.connect(
            machine.plan.superuser, database=name, timeout=10
        )
        try:
            await connection.execute(BEGIN_CHAINS)
        finally:
            await connection.close()


def _finish_restore(machine: BackupContext) -> None:
    """What follows from another past: the schema of this release, an index made anew, a repository that knows its database."""
    machine.progress.report(f"database: the schema of release {__version__}")
    migrate = [sys.executable, "-P", "-m", "udi", "database", "migrate"]
    done = run_program(
        migrate,
        environment={
            name: value
            for name, value in os.environ.items()
            if name.startswith(("UDI_", "PYTHONPATH"))
        },
    )
    if done.returncode:
        raise LocalError(
            f"The schema cannot be brought to this release ({done.stderr.strip()[-300:]})",
            RETRY_REMEDY,
        )
    asyncio.run(_begin_journal_chains(machine))
    shutil.rmtree(machine.settings.index_folder, ignore_errors=True)
    if FOREIGN in prepare(machine):
        machine.pgbackrest.call("stanza-upgrade")
    shutil.rmtree(machine.folder / "elsewhere", ignore_errors=True)
    account = account_of(machine.plan)
    if os.geteuid() == 0:
        for path in machine.folder.rglob("*"):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)

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
from udi.cli.backup import census
from udi.cli.backup.contents import put_files, put_installation
from udi.cli.backup.drill import compare_tables, found_manifests, restore_database
from udi.cli.backup.manifest import Manifest, chosen
from udi.cli.backup.pgbackrest import configure
from udi.cli.backup.plan import account_of
from udi.cli.backup.prepare import FOREIGN, prepare
from udi.cli.backup.running import alone, run
from udi.cli.backup.server import Control
from udi.cli.backup.workplace import Workplace, make_folder
from udi.cli.local.errors import LocalError
from udi.cli.upgrade import units as units_here
from udi.kit.backups import Noted
from udi.kit.clock import now
from udi.settings import ProgramName

UNITS = "udi-*.service"
ANSWERED_WITHIN = 180
"""Seconds."""
AGAIN = "put that right, then run the same command again"
NOT_OURS = ("udi-backup",)
MARKER = "restoring.json"
HELD: dict[ProgramName, str] = {
    "portal": "SELECT count(*) FROM app.dataset",
    "node": "SELECT count(*) FROM app.stored_file",
}


@dataclass(frozen=True)
class Restored:
    """What became of it."""

    manifest: Manifest
    seconds: float
    rows: int
    files: int
    missing: list[str]
    """Keys of files that the database names and that were saved nowhere: published after the backup of files."""


@dataclass(frozen=True)
class Wish:
    """What the operator asked for."""

    label: str | None
    moment: datetime | None
    newest: bool
    replace: bool

    @property
    def own_point(self) -> bool:
        """Whether the backup's own restore point is asked, where everything was counted."""
        return self.moment is None and not self.newest


def restore(own: Workplace, source: Workplace, wish: Wish) -> Restored:
    """Make this machine the installation that was backed up. `own` is its repository, `source` the one to read.

    Raises:
        LocalError: refused before anything is changed, or stopped on the way: the same command then goes on.
    """
    say = own.progress.say
    if own.plan.server.clustered:
        raise LocalError("A cluster is not restored by this command", "follow docs/how-to/back-up-and-restore.md")
    with alone(own.folder, say):
        if source is not own:
            _open(source)
        manifests = found_manifests(source)
        manifest = chosen(manifests, wish.label, wish.moment)
        refuse_newer(manifest)
        if not wish.replace and not (own.folder / MARKER).exists():
            _refuse_data(own)
        say(f"restoring {manifest.label}, made {manifest.finished:%Y-%m-%d %H:%M} UTC by release {manifest.release}")
        with _stopped_units(own, manifest):
            held = _put_database(own, source, manifest, wish)
            missing = put_files(source, _snapshot_for(manifest, manifests, wish), held.files)
            put_installation(source, manifest)
            _settle(own)
        own.note(restored=Noted(label=manifest.label, at=now(), seconds=own.progress.seconds))
        say("done")
    return Restored(manifest, own.progress.seconds, held.rows, len(held.files), missing)


def _open(source: Workplace) -> None:
    account = account_of(source.plan)
    make_folder(source.configuration.parent, source.plan, 0o700)
    configure(source.repository, source.configuration, source.folder, owner=(account.pw_uid, account.pw_gid))


def refuse_newer(manifest: Manifest) -> None:
    if Version(manifest.release) > Version(__version__):
        cause = f"The backup was made by release {manifest.release}, and this machine has {__version__}"
        raise LocalError(cause, "deploy that release or a later one, then restore")


def _refuse_data(own: Workplace) -> None:
    remedy = "restore on another machine, or say --yes-replace: what this one holds is then gone"
    try:
        held = sum(asyncio.run(_count(own, name, query)) for name, query in HELD.items())
    except (OSError, asyncpg.PostgresError) as error:
        cause = f"It cannot be seen whether this machine holds data ({type(error).__name__})"
        raise LocalError(cause, remedy) from error
    if held:
        raise LocalError("This machine holds datasets or files", remedy)


async def _count(own: Workplace, program: ProgramName, query: str) -> int:
    name = own.settings.database_names[program]
    try:
        connection = await asyncpg.connect(own.plan.superuser, database=name, timeout=10)
    except asyncpg.InvalidCatalogNameError:
        return 0
    try:
        return int(await connection.fetchval(query))
    except asyncpg.UndefinedTableError:
        return 0
    finally:
        await connection.close()


@contextmanager
def _stopped_units(own: Workplace, manifest: Manifest) -> Iterator[None]:
    """Our units stand still meanwhile. The marker remembers which ran, so that a second attempt starts them all."""
    marker = own.folder / MARKER
    units = json.loads(marker.read_text())["units"] if marker.exists() else _running_units(own)
    partial = marker.with_suffix(".partial")
    partial.write_text(json.dumps({"label": manifest.label, "units": units}))
    partial.replace(marker)
    if units:
        own.progress.say(f"stopping {len(units)} units")
        run(["systemctl", "stop", *units])
    yield
    if units:
        own.progress.say(f"starting {len(units)} units")
        done = run(["systemctl", "start", *units])
        if done.returncode:
            raise LocalError(f"Units do not start ({done.stderr.strip()[-200:]})", "read `journalctl -u 'udi-*' -n 50`")
        _wait_for_answers(own)
    marker.unlink()


def _wait_for_answers(own: Workplace) -> None:
    """Until what answers on this machine does again: Keycloak takes half a minute."""
    deadline = time.monotonic() + ANSWERED_WITHIN
    silent = [unit for unit in units_here.list_units() if unit.port]
    while silent and time.monotonic() < deadline:
        time.sleep(1)
        silent = [unit for unit in silent if not units_here.is_ready(unit)]
    for unit in silent:
        own.progress.say(f"{unit.name} does not answer yet: see `udi doctor` and `journalctl -u {unit.name}`")


def _running_units(own: Workplace) -> list[str]:
    if not own.plan.server.unit:
        return []
    listed = run(["systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating", UNITS]).stdout
    return [line.split()[0] for line in listed.splitlines() if line.strip() and not line.startswith(NOT_OURS)]


def _put_database(own: Workplace, source: Workplace, manifest: Manifest, wish: Wish) -> census.Census:
    """What the database holds once restored."""
    control = Control(own.plan.server, own.folder / "restored.log")
    control.stop()
    own.progress.say("database: restoring")
    options = ["--delta"]
    if wish.moment is not None:
        options += ["--type=time", f"--target={wish.moment.isoformat(sep=' ', timespec='milliseconds')}"]
    elif wish.newest:
        options += ["--type=default"]
    restore_database(source.pgbackrest, source, manifest, data=own.plan.server.data, options=options)
    control.start()
    control.wait(own.progress.say)
    own.progress.say("database: restored; counting")
    found = asyncio.run(census.recount(control.superuser, own.settings))
    if wish.own_point:
        compare_tables(manifest, found)
    return found


def _snapshot_for(manifest: Manifest, manifests: list[Manifest], wish: Wish) -> Manifest:
    """The backup whose files serve: the first that was made after the wished moment, else the last."""
    if wish.own_point:
        return manifest
    after = [each for each in manifests if wish.moment is not None and each.started >= wish.moment]
    return after[0] if after else manifests[-1]


def _settle(own: Workplace) -> None:
    """What follows from another past: the schema of this release, an index made anew, a repository that knows its database."""
    own.progress.say(f"database: the schema of release {__version__}")
    migrate = [sys.executable, "-P", "-m", "udi", "database", "migrate"]
    done = run(
        migrate,
        environment={name: value for name, value in os.environ.items() if name.startswith(("UDI_", "PYTHONPATH"))},
    )
    if done.returncode:
        raise LocalError(f"The schema cannot be brought to this release ({done.stderr.strip()[-300:]})", AGAIN)
    shutil.rmtree(own.settings.index_folder, ignore_errors=True)
    if FOREIGN in prepare(own):
        own.pgbackrest.call("stanza-upgrade")
    shutil.rmtree(own.folder / "elsewhere", ignore_errors=True)
    account = account_of(own.plan)
    if os.geteuid() == 0:
        for path in own.folder.rglob("*"):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)

"""Backups of a producer's own node: its database, files, keys and what it was told, in one encrypted restic repository."""

import asyncio
import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from packaging.version import Version
from pydantic import BaseModel, ValidationError
from rich.console import Console

from udi import __version__
from udi.cli.backup.census import differences
from udi.cli.backup.plan import PASSPHRASE, Plan, Server
from udi.cli.backup.repository import Repository, other_repository
from udi.cli.backup.restic import Restic
from udi.cli.backup.running import require_programs
from udi.cli.checks.finding import DAY, HOUR, Finding, duration, fault, ok, warning
from udi.cli.local import ports, state
from udi.cli.local.errors import LocalError
from udi.cli.local.steps import Terminal
from udi.cli.own import running
from udi.cli.own.database_copy import Copied, copy_in, copy_out, make_private, recount
from udi.cli.own.folder import FILE, NODE, POSTGRES, OwnNode, parse_own_node
from udi.kit import migrations
from udi.kit.backups import BackupState, Noted, read_state, write_state
from udi.kit.clock import now
from udi.settings import Settings

PART, FOLDER, ADDRESS = "node", "backup", "repository"
SAVING, MANIFEST = "run/saving", "manifest.json"
KEPT = 14
OLDEST_BACKUP, OLDEST_DRILL = 26 * HOUR, 31 * DAY
"""A node is backed up each day by whatever its producer has for that, and drilled each month."""


class Saved(BaseModel):
    """One backup: what it must hold once restored."""

    label: str
    release: str
    made_at: datetime
    seconds: float
    node: str
    copied: Copied

    @property
    def rows(self) -> int:
        """All rows of the database."""
        return sum(table.rows for table in self.copied.tables.values())

    @property
    def age(self) -> timedelta:
        """Since it was made."""
        return now() - self.made_at


def prepare(own: OwnNode, address: str) -> bool:
    """Begin the repository of a node, and draw the passphrase that opens it; whether it was missing.

    Raises:
        LocalError: the address is none, or another passphrase opened what is there.
    """
    state.make_secrets(own.settings.secrets_folder, (PASSPHRASE,))
    restic = _restic(own, address)
    begun = restic.exists()
    if not begun:
        restic.begin()
    path = own.folder / FOLDER / ADDRESS
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{restic.repository.address}\n")
    return not begun


def create(own: OwnNode) -> Saved:
    """Back a node up, running or not: the database first, then the files that it names, in one snapshot.

    Raises:
        LocalError: no repository was begun, or something stopped on the way; there is no half backup.
    """
    began, restic = time.monotonic(), find_restic(own)
    restic.release()
    target = own.folder / SAVING
    shutil.rmtree(target, ignore_errors=True)
    try:
        with _with_database(own):
            make_private(target)
            copied = asyncio.run(copy_out(own, target))
        label, moment = f"{now():%Y%m%dT%H%M%SZ}", now()
        saved = Saved(
            label=label, release=__version__, made_at=moment, seconds=0, node=own.joined.node.slug, copied=copied
        )
        (target / MANIFEST).write_text(saved.model_dump_json())
        held = [name for name in (FILE, "secrets", "objects", SAVING) if (own.folder / name).exists()]
        restic.save(own.folder, PART, label, held)
    finally:
        shutil.rmtree(target, ignore_errors=True)
    saved = saved.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
    _note(own, created=Noted(label=label, at=moment, seconds=saved.seconds))
    restic.forget([each["id"] for each in restic.snapshots(PART)[:-KEPT]])
    return saved


def list_saved(restic: Restic) -> list[tuple[str, Saved]]:
    """Every backup of a repository with its snapshot, oldest first."""
    return [(each["id"], _read(restic, each["id"])) for each in restic.snapshots(PART)]


def verify(own: OwnNode, label: str | None) -> Saved:
    """Prove that a backup restores: beside the node, everything compared, then removed.

    Raises:
        LocalError: it does not, or there is none.
    """
    began, restic = time.monotonic(), find_restic(own)
    snapshot, saved = chosen(restic, label)
    place = Path(tempfile.mkdtemp(prefix="drill-", dir=own.folder))
    try:
        place.chmod(0o755)
        _restore(restic, snapshot, saved, place, port=_free_port(), keep=False)
    except LocalError:
        _note(own, refused=Noted(label=saved.label, at=now(), seconds=round(time.monotonic() - began, 1)))
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
    seconds = round(time.monotonic() - began, 1)
    known = read_state(_state_of(own)) or BackupState()
    done = Noted(label=saved.label, at=now(), seconds=seconds)
    _note(own, verified=done, refused=None, drilled={**known.drilled, saved.label: done.at})
    return saved


def restore(folder: Path, restic: Restic, label: str | None, *, replace_here: bool) -> Saved:
    """Make a folder the node that was backed up, stopped. May be repeated.

    Raises:
        LocalError: a node is there already, or the backup does not restore; the folder is then no node.
    """
    if (folder / FILE).exists() and not replace_here:
        raise LocalError(f"There is a node in {folder}", "choose another folder, or say --yes-replace: it is then gone")
    snapshot, saved = chosen(restic, label)
    if Version(saved.release) > Version(__version__):
        cause = f"The backup was made by release {saved.release}, and this is {__version__}"
        raise LocalError(cause, "install that release or a later one, then restore")
    _restore(restic, snapshot, saved, folder.absolute(), keep=True)
    return saved


def chosen(restic: Restic, label: str | None) -> tuple[str, Saved]:
    """The backup of that label, else the newest, with its snapshot.

    Raises:
        LocalError: there is none.
    """
    found = restic.snapshots(PART)
    fitting = [each for each in found if label in {None, each["label"]}]
    if not fitting:
        wanted = f"No backup is labelled {label}" if label else "The repository holds no backup of a node"
        raise LocalError(wanted, "see what there is with `udi backup list --node <folder>`")
    return fitting[-1]["id"], _read(restic, fitting[-1]["id"])


def _restore(restic: Restic, snapshot: str, saved: Saved, folder: Path, *, keep: bool, port: int = 0) -> None:
    """What says that a folder is a node comes last: one that stopped on the way is none."""
    own = parse_own_node(folder, restic.text(snapshot, FILE))
    own = replace(own, port=port or own.port)
    with running.held(folder, own.port) as service:
        (folder / FILE).unlink(missing_ok=True)
        for name in ("postgres", SAVING):
            shutil.rmtree(folder / name, ignore_errors=True)
        restic.restore(snapshot, folder, without=(f"/{FILE}",))
        try:
            with running.started(own, service, Terminal(Console(stderr=True))):
                migrations.upgrade_to(own.settings, "node", saved.copied.revision)
                asyncio.run(copy_in(own, saved.copied, folder / SAVING))
                _compare(own, saved)
        finally:
            shutil.rmtree(folder / SAVING, ignore_errors=True)
    if keep:
        own.save()


def _compare(own: OwnNode, saved: Saved) -> None:
    found = asyncio.run(recount(own))
    told = differences({"node": saved.copied.tables}, {"node": found})
    for stored in saved.copied.files:
        path = own.folder / "objects" / stored.key
        if not path.is_file() or not stored.has_size(path.stat().st_size) or not stored.has_sum(_sum_of(path)):
            told.append(f"the file {stored.key} is missing, or is another")
    if told:
        raise LocalError(f"The backup {saved.label} does not restore: {'; '.join(told[:5])}", "choose another one")


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _with_database(own: OwnNode) -> Iterator[None]:
    """Its database answers: that of the node that runs, or started for this."""
    if state.is_running(own.settings):
        yield
        return
    steps = Terminal(Console(stderr=True))
    with running.held(own.folder, own.port) as service, running.prepared(own, service, steps):
        yield


def find_restic(own: OwnNode) -> Restic:
    """The repository that was begun for a node.

    Raises:
        LocalError: none was.
    """
    path = own.folder / FOLDER / ADDRESS
    if not path.exists():
        remedy = f"begin one: udi backup prepare --node {own.folder} --repository <folder of another disk>"
        raise LocalError("No backup is set up for this node", remedy)
    return _restic(own, path.read_text().strip())


def _restic(own: OwnNode, address: str) -> Restic:
    return open_repository(own.settings, address, own.settings.secret(PASSPHRASE), own.folder / FOLDER / "cache")


def open_repository(settings: Settings, address: str, passphrase: str, cache: Path) -> Restic:
    """A repository by its address and passphrase, for somebody who has no node yet too."""
    require_programs("restic", "setpriv")
    plan = Plan(repository=address, server=Server(data=Path("/nonexistent"), binaries=Path("/nonexistent")))
    repository: Repository = other_repository(settings, plan, address, passphrase)
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Restic(repository, cache)


def check_saved(own: OwnNode) -> Finding:
    """When the node was last backed up, and whether that restored."""
    known = read_state(_state_of(own)) or BackupState()
    if not (own.folder / FOLDER / ADDRESS).exists():
        remedy = (
            f"udi backup prepare --node {own.folder} --repository <folder of another disk>, then each day `create`."
        )
        return warning("backup", "plan", "No backup is set up: what this disk loses is lost.", remedy)
    if known.refused is not None:
        remedy = "Run `udi backup create --node`, then `verify`, and read what it says."
        return fault("backup", "restore drill", f"{known.refused.label} did not restore.", remedy)
    if known.created is None or _age(known.created) > OLDEST_BACKUP:
        said = f"{known.created.label}, made {duration(_age(known.created))} ago" if known.created else "None was made"
        return fault("backup", "last backup", f"{said}.", f"Run udi backup create --node {own.folder}, each day.")
    if known.verified is None or _age(known.verified) > OLDEST_DRILL:
        remedy = f"Run udi backup verify --node {own.folder}, each month."
        return warning("backup", "restore drill", "No backup was proven to restore lately.", remedy)
    said = f"{known.created.label}, made {duration(_age(known.created))} ago; {known.verified.label} restored."
    return ok("backup", "last backup", said)


def _age(noted: Noted) -> float:
    return (now() - noted.at).total_seconds()


def _state_of(own: OwnNode) -> Settings:
    return own.settings.model_copy(update={"backup_state": own.folder / FOLDER})


def _note(own: OwnNode, **done: object) -> None:
    known = read_state(_state_of(own)) or BackupState()
    write_state(own.folder / FOLDER, known.model_copy(update=done))


def _read(restic: Restic, snapshot: str) -> Saved:
    try:
        return Saved.model_validate_json(restic.text(snapshot, f"{SAVING}/{MANIFEST}"))
    except ValidationError as error:
        cause = f"The manifest in the snapshot {snapshot[:8]} cannot be understood by this release"
        raise LocalError(cause, "use the release that made it, or a later one") from error


def _free_port() -> int:
    """Where a node may run aside."""
    for port in range(48_000, 63_000, 10):
        if ports.is_free(port) and ports.is_free(port - NODE + POSTGRES):
            return port
    raise LocalError("No port is free", "stop some programs of this machine")

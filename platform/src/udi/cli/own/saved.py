"""The backups of a producer's own node: what each holds, where they are, and when the last was made and proven."""

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ValidationError

from udi.cli.backup.plan import PASSPHRASE, Plan, Server
from udi.cli.backup.repository import Repository, other_repository
from udi.cli.backup.restic import Restic
from udi.cli.backup.running import require_programs
from udi.cli.checks.finding import DAY, HOUR, Finding, duration, fault, ok, warning
from udi.cli.local.errors import LocalError
from udi.cli.own.database_copy import Copied
from udi.cli.own.folder import OwnNode
from udi.kit.backups import BackupState, Noted, read_state, write_state
from udi.kit.clock import now
from udi.settings import Settings

PART, FOLDER, ADDRESS = "node", "backup", "repository"
SAVING, MANIFEST = "run/saving", "manifest.json"
OLDEST_BACKUP, OLDEST_DRILL = 26 * HOUR, 31 * DAY
"""A node is backed up each day by whatever its producer has for that, and drilled each month."""


class Saved(BaseModel):
    """One backup: what it must hold once restored."""

    label: str
    release: str
    made_at: datetime
    seconds: float
    node: str
    holds_files: bool
    """Those that are in S3 are in no backup."""
    copied: Copied

    @property
    def rows(self) -> int:
        """All rows of the database."""
        return sum(table.rows for table in self.copied.tables.values())

    @property
    def age(self) -> timedelta:
        """Since it was made."""
        return now() - self.made_at


def list_saved(restic: Restic) -> list[tuple[str, Saved]]:
    """Every backup of a repository with its snapshot, oldest first."""
    return [(each["id"], _read(restic, each["id"])) for each in restic.snapshots(PART)]


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


def find_restic(own: OwnNode) -> Restic:
    """The repository that was begun for a node.

    Raises:
        LocalError: none was.
    """
    path = own.folder / FOLDER / ADDRESS
    if not path.exists():
        remedy = f"begin one: udi backup prepare --node {own.folder} --repository <folder of another disk>"
        raise LocalError("No backup is set up for this node", remedy)
    return restic_at(own, path.read_text().strip())


def restic_at(own: OwnNode, address: str) -> Restic:
    """The repository at an address, opened by the node's own passphrase."""
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
    known = read_notes(own)
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


def read_notes(own: OwnNode) -> BackupState:
    """What was last done."""
    return read_state(own.settings.model_copy(update={"backup_state": own.folder / FOLDER})) or BackupState()


def note(own: OwnNode, **done: object) -> None:
    """Add to what the doctor reads."""
    write_state(own.folder / FOLDER, read_notes(own).model_copy(update=done))


def _read(restic: Restic, snapshot: str) -> Saved:
    try:
        return Saved.model_validate_json(restic.text(snapshot, f"{SAVING}/{MANIFEST}"))
    except ValidationError as error:
        cause = f"The manifest in the snapshot {snapshot[:8]} cannot be understood by this release"
        raise LocalError(cause, "use the release that made it, or a later one") from error

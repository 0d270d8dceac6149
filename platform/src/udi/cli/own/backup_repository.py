"""The backups of a producer's own node: what each holds, where they are, and when the last was made and proven."""

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ValidationError

from udi.cli.backup.plan import PASSPHRASE, BackupPlan, DatabaseServer
from udi.cli.backup.processes import require_programs
from udi.cli.backup.repository import BackupRepository, other_repository
from udi.cli.backup.restic import Restic
from udi.cli.finding import DAY, HOUR, Finding, fault, format_duration, ok, warning
from udi.cli.local.errors import LocalError
from udi.cli.own.database_copy import DatabaseCopy
from udi.cli.own.folder import OwnNode
from udi.kit.backups import BackupRun, BackupState, read_state, write_state
from udi.kit.clock import now
from udi.settings import Settings

PART = "node"
FOLDER = "backup"
ADDRESS = "repository"
SAVING = "run/saving"
MANIFEST = "manifest.json"
OLDEST_BACKUP = 26 * HOUR
OLDEST_DRILL = 31 * DAY
"""A node is backed up each day by whatever its producer has for that, and drilled each month."""


class NodeBackup(BaseModel):
    """One backup: what it must hold once restored."""

    label: str
    release: str
    made_at: datetime
    seconds: float
    node: str
    holds_files: bool
    """Those that are in S3 are in no backup."""
    copied: DatabaseCopy

    @property
    def rows(self) -> int:
        """All rows of the database."""
        return sum(table.rows for table in self.copied.tables.values())

    @property
    def age(self) -> timedelta:
        """Since it was made."""
        return now() - self.made_at


def list_backups(restic: Restic) -> list[tuple[str, NodeBackup]]:
    """Every backup of a repository with its snapshot, oldest first."""
    return [
        (snapshot["id"], _read_manifest(restic, snapshot["id"]))
        for snapshot in restic.snapshots(PART)
    ]


def choose_backup(restic: Restic, label: str | None) -> tuple[str, NodeBackup]:
    """The backup of that label, else the newest, with its snapshot.

    Raises:
        LocalError: there is none.
    """
    snapshots = restic.snapshots(PART)
    fitting = [snapshot for snapshot in snapshots if label in {None, snapshot["label"]}]
    if not fitting:
        if label:
            cause = f"No backup is labelled {label}"
        else:
            cause = "The repository holds no backup of a node"
        raise LocalError(
            cause, "see what there is with `udi backup list --node <folder>`"
        )
    return fitting[-1]["id"], _read_manifest(restic, fitting[-1]["id"])


def find_restic(own_node: OwnNode) -> Restic:
    """The repository that was begun for a node.

    Raises:
        LocalError: none was.
    """
    path = own_node.folder / FOLDER / ADDRESS
    if not path.exists():
        remedy = f"begin one: udi backup prepare --node {own_node.folder} --repository <folder of another disk>"
        raise LocalError("No backup is set up for this node", remedy)
    return restic_at(own_node, path.read_text().strip())


def restic_at(own_node: OwnNode, address: str) -> Restic:
    """The repository at an address, opened by the node's own passphrase."""
    return open_repository(
        own_node.settings,
        address,
        own_node.settings.secret(PASSPHRASE),
        own_node.folder / FOLDER / "cache",
    )


def open_repository(
    settings: Settings, address: str, passphrase: str, cache: Path
) -> Restic:
    """A repository by its address and passphrase, for somebody who has no node yet too."""
    require_programs("restic", "setpriv")
    plan = BackupPlan(
        repository=address,
        server=DatabaseServer(data=Path("/nonexistent"), binaries=Path("/nonexistent")),
    )
    repository: BackupRepository = other_repository(settings, plan, address, passphrase)
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Restic(repository, cache)


def check_last_backup(own_node: OwnNode) -> Finding:
    """When the node was last backed up, and whether that restored."""
    notes = read_backup_state(own_node)
    if not (own_node.folder / FOLDER / ADDRESS).exists():
        remedy = f"udi backup prepare --node {own_node.folder} --repository <folder of another disk>, then each day `create`."
        return warning(
            "backup",
            "plan",
            "No backup is set up: what this disk loses is lost.",
            remedy,
        )
    if notes.refused is not None:
        remedy = "Run `udi backup create --node`, then `verify`, and read what it says."
        return fault(
            "backup", "restore drill", f"{notes.refused.label} did not restore.", remedy
        )
    if notes.created is None or _age(notes.created) > OLDEST_BACKUP:
        if notes.created:
            message = f"{notes.created.label}, made {format_duration(_age(notes.created))} ago"
        else:
            message = "None was made"
        return fault(
            "backup",
            "last backup",
            f"{message}.",
            f"Run udi backup create --node {own_node.folder}, each day.",
        )
    if notes.verified is None or _age(notes.verified) > OLDEST_DRILL:
        remedy = f"Run udi backup verify --node {own_node.folder}, each month."
        return warning(
            "backup", "restore drill", "No backup was proven to restore lately.", remedy
        )
    message = f"{notes.created.label}, made {format_duration(_age(notes.created))} ago; {notes.verified.label} restored."
    return ok("backup", "last backup", message)


def _age(noted: BackupRun) -> float:
    return (now() - noted.at).total_seconds()


def read_backup_state(own_node: OwnNode) -> BackupState:
    """What was last done."""
    return (
        read_state(
            own_node.settings.model_copy(
                update={"backup_state": own_node.folder / FOLDER}
            )
        )
        or BackupState()
    )


def update_backup_state(own_node: OwnNode, **done: object) -> None:
    """Add to what the doctor reads."""
    write_state(
        own_node.folder / FOLDER, read_backup_state(own_node).model_copy(update=done)
    )


def _read_manifest(restic: Restic, snapshot: str) -> NodeBackup:
    try:
        return NodeBackup.model_validate_json(
            restic.read_text(snapshot, f"{SAVING}/{MANIFEST}")
        )
    except ValidationError as error:
        cause = f"The manifest in the snapshot {snapshot[:8]} cannot be understood by this release"
        raise LocalError(
            cause, "use the release that made it, or a later one"
        ) from error

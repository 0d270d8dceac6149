"""Backups: made lately, proven lately, and the log of transactions archived meanwhile."""

from pathlib import Path

from sqlalchemy import text

from udi.cli.finding import DAY, HOUR, Finding, fault, format_duration, ok, warning
from udi.kit.backups import BackupRun, BackupState, read_state
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.postgresql import is_external
from udi.settings import Settings

OLDEST_BACKUP = 26 * HOUR
OLDEST_DRILL = 8 * DAY
PART = "backup"
LOCAL_DATABASES = Path("/var/lib/postgresql")
ARCHIVER = """
SELECT current_setting('archive_mode') AS mode, last_archived_time, last_failed_time, last_failed_wal, now() AS present
FROM pg_stat_archiver
"""


async def check_backup(settings: Settings) -> list[Finding]:
    """Nothing where no backup can be expected: a trial on one's own computer, a machine without the database."""
    if not settings.backup_plan.exists():
        return _check_plan(settings)
    state = read_state(settings) or BackupState()
    return [
        _check_last_backup(state),
        *_check_drill(state),
        await _check_archiving(settings),
    ]


def _check_plan(settings: Settings) -> list[Finding]:
    if is_external(settings) and settings.backup_plan.parent.is_dir():
        return [_describe_service(settings)]
    if not (settings.backup_plan.parent.is_dir() and LOCAL_DATABASES.is_dir()):
        return []
    remedy = "Deploy with the role backup: docs/how-to/back-up-and-restore.md."
    return [
        warning(
            PART,
            "plan",
            f"No backup is set up ({settings.backup_plan} is absent).",
            remedy,
        )
    ]


def _describe_service(settings: Settings) -> Finding:
    """Of databases that others keep: what is left to them, and what is not."""
    own_folders = [str(settings.backup_plan.parent)]
    if "://" not in settings.object_store_url:
        own_folders.append(settings.object_store_url)
    message = (
        f"The databases are backed up by whoever runs {settings.database_host}, which is not looked at here;"
        f" yours to back up: {' and '.join(own_folders)} (docs/how-to/use-an-external-database.md)."
    )
    return ok(PART, "databases", message)


def _check_last_backup(state: BackupState) -> Finding:
    remedy = "Run `udi backup create`, and see `journalctl -u udi-backup` and `systemctl list-timers`."
    if state.created is None:
        return warning(
            PART, "last backup", "None was made on this machine yet.", remedy
        )
    age = _age(state.created)
    message = f"{state.created.label}, made {format_duration(age)} ago in {format_duration(state.created.seconds)}."
    if age > OLDEST_BACKUP:
        return fault(PART, "last backup", message, remedy)
    return ok(PART, "last backup", message)


def _check_drill(state: BackupState) -> list[Finding]:
    if state.refused is not None:
        message = f"{state.refused.label} did not restore, {format_duration(_age(state.refused))} ago."
        remedy = "Run `udi backup create --full` at once, then `udi backup verify`, and read what it says."
        return [fault(PART, "restore drill", message, remedy)]
    remedy = "Run `udi backup verify`, and see `journalctl -u udi-backup-verify`."
    if state.verified is None:
        if state.created:
            return [
                warning(
                    PART,
                    "restore drill",
                    "No backup was proven to restore yet.",
                    remedy,
                )
            ]
        return []
    age = _age(state.verified)
    message = f"{state.verified.label} restored {format_duration(age)} ago in {format_duration(state.verified.seconds)}."
    return [
        (
            fault(PART, "restore drill", message, remedy)
            if age > OLDEST_DRILL
            else ok(PART, "restore drill", message)
        )
    ]


def _age(noted: BackupRun) -> float:
    return (now() - noted.at).total_seconds()


async def _check_archiving(settings: Settings) -> Finding:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session(role="owner") as session:
            archiver = (await session.execute(text(ARCHIVER))).one()
    finally:
        await database.close()
    if archiver.mode == "off":
        message = "PostgreSQL does not archive its log of transactions."
        remedy = "Run the play again: the role backup sets it."
        return fault(PART, "archiving", message, remedy)
    if archiver.last_failed_time and (
        not archiver.last_archived_time
        or archiver.last_failed_time > archiver.last_archived_time
    ):
        message = f"{archiver.last_failed_wal} could not be archived {format_duration((archiver.present - archiver.last_failed_time).total_seconds())} ago."
        remedy = "Read the end of PostgreSQL's log; the repository must be reached, have room, and be of this database."
        return fault(PART, "archiving", message, remedy)
    if not archiver.last_archived_time:
        return ok(PART, "archiving", "Nothing had to be archived yet.")
    return ok(
        PART,
        "archiving",
        f"Up to {format_duration((archiver.present - archiver.last_archived_time).total_seconds())} ago.",
    )

"""When this installation was last backed up and last drilled, as `udi backup` noted it for doctor and metrics."""

import json
import os
import tomllib
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from udi.settings import Settings

FILE = "state.json"


class BackupRun(BaseModel):
    """One thing that was done: to which backup, when it ended, how many seconds it took."""

    label: str
    at: datetime
    seconds: float


class BackupState(BaseModel):
    """What was last done; nothing in it is secret."""

    created: BackupRun | None = None
    verified: BackupRun | None = None
    restored: BackupRun | None = None
    refused: BackupRun | None = None
    """The last drill that found something wrong, until one succeeds."""
    drilled: dict[str, datetime] = {}
    """When each backup that still exists was last verified."""


def read_state(settings: Settings) -> BackupState | None:
    """What was noted on this machine; None where no backup was ever made."""
    try:
        return BackupState.model_validate_json(
            (settings.backup_state / FILE).read_bytes()
        )
    except (OSError, ValidationError):
        return None


def write_state(folder: Path, state: BackupState) -> None:
    """Note it, whole or not at all, for everybody on the machine to read."""
    partial = folder / f".{FILE}.{os.getpid()}"
    partial.write_text(
        json.dumps(state.model_dump(mode="json", exclude_none=True), indent=2) + "\n"
    )
    partial.chmod(0o644)
    partial.replace(folder / FILE)


def read_repository(settings: Settings) -> str:
    """Where backups go, by the plan of this machine: a folder or `s3://bucket`; empty where none is read."""
    try:
        plan = tomllib.loads(settings.backup_plan.read_text())
    except (OSError, ValueError):
        return ""
    return str(plan.get("repository") or "")


FULL = 4
FULL_EVERY_DAYS = 7
"""How many full backups are kept and how far apart they are, where the plan does not say."""


def read_retention(settings: Settings) -> int | None:
    """Days after which no backup holds what was deleted today, by the plan of this machine; None where none is read."""
    try:
        retention = tomllib.loads(settings.backup_plan.read_text()).get("retention", {})
        full = int(retention.get("full", FULL))
        apart = int(retention.get("full_every_days", FULL_EVERY_DAYS))
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return (full + 1) * apart

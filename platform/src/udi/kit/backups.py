"""When this installation was last backed up and last drilled, as `udi backup` noted it for doctor and metrics."""

import json
import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from udi.settings import Settings

FILE = "state.json"


class Noted(BaseModel):
    """One thing that was done: to which backup, when it ended, how many seconds it took."""

    label: str
    at: datetime
    seconds: float


class BackupState(BaseModel):
    """What was last done; nothing in it is secret."""

    created: Noted | None = None
    verified: Noted | None = None
    restored: Noted | None = None
    refused: Noted | None = None
    """The last drill that found something wrong, until one succeeds."""
    drilled: dict[str, datetime] = {}
    """When each backup that still exists was last verified."""


def read_state(settings: Settings) -> BackupState | None:
    """What was noted on this machine; None where no backup was ever made."""
    try:
        return BackupState.model_validate_json((settings.backup_state / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def write_state(folder: Path, state: BackupState) -> None:
    """Note it, whole or not at all, for everybody on the machine to read."""
    partial = folder / f".{FILE}.{os.getpid()}"
    partial.write_text(json.dumps(state.model_dump(mode="json", exclude_none=True), indent=2) + "\n")
    partial.chmod(0o644)
    partial.replace(folder / FILE)

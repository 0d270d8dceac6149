"""The database half: pgBackRest with a configuration that only PostgreSQL's account reads."""

import json
import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udi.cli.backup.plan import BackupPlan
from udi.cli.backup.processes import run_program
from udi.cli.backup.repository import BackupRepository
from udi.cli.local.errors import LocalError

ERROR = re.compile(r"ERROR: \[(\d+)\]: (.*)")
LOCKED = 50
FORMAT_OR_KEY = 31
CRYPTO = 95
ANOTHER_DATABASE = 28
NO_PRIMARY = 56
PATIENCE = 60
"""Seconds for a process that was killed to let go of its lock."""


@dataclass(frozen=True)
class PgBackRestError(Exception):
    """What pgBackRest answered."""

    code: int
    message: str


@dataclass(frozen=True)
class PgBackRest:
    """One configuration and one stanza."""

    configuration: Path
    plan: BackupPlan

    def call(self, verb: str, *options: str) -> str:
        """What it printed.

        Raises:
            Failure: it refused.
        """
        command = [
            "pgbackrest",
            f"--config={self.configuration}",
            f"--stanza={self.plan.stanza}",
            *options,
            verb,
        ]
        deadline = time.monotonic() + PATIENCE
        while True:
            done = run_program(command, account=self.plan.server.account)
            if done.returncode == 0:
                return done.stdout
            failure = _read_failure(done)
            if failure.code != LOCKED or time.monotonic() > deadline:
                raise failure
            time.sleep(1)

    def backups(self) -> list[dict[str, Any]]:
        """What the repository holds of this database, oldest first; an empty list before the first."""
        stanzas = json.loads(self.call("info", "--output=json"))
        return [
            backup
            for stanza in stanzas
            for backup in stanza.get("backup", [])
            if not backup.get("error")
        ]


def _read_failure(done: subprocess.CompletedProcess[str]) -> PgBackRestError:
    match = ERROR.search(done.stdout + done.stderr)
    if not match:
        return PgBackRestError(
            done.returncode,
            (done.stderr or done.stdout).strip()[-300:] or f"status {done.returncode}",
        )
    return PgBackRestError(int(match[1]), match[2].strip())


def explain_failure(
    failure: PgBackRestError, repository: BackupRepository, action: str
) -> LocalError:
    """A refusal in one sentence."""
    if failure.code in {FORMAT_OR_KEY, CRYPTO}:
        return wrong_passphrase_error(repository)
    if failure.code == LOCKED:
        return LocalError(
            "pgBackRest is busy with this database", "wait until its other command ends"
        )
    cause = (
        f"{action} failed: pgBackRest says «{failure.message}» (error {failure.code})"
    )
    return LocalError(cause, "put right what it says, then run the same command again")


def wrong_passphrase_error(repository: BackupRepository) -> LocalError:
    """The refusal for a wrong passphrase, or for a repository whose first page was changed."""
    cause = f"The passphrase does not open the repository {repository.address}"
    return LocalError(
        cause,
        "give the one with which it was made (the secret «backup_passphrase» of that installation)",
    )


def render_configuration(repository: BackupRepository, folder: Path) -> str:
    """The text of the configuration; `folder` receives locks."""
    plan = repository.plan
    server = repository.plan.server
    everywhere = {
        **repository.options(),
        "repo1-retention-full": str(plan.retention.full),
        "repo1-bundle": "y",
        "compress-type": "zst",
        "process-max": str(plan.processes),
        "start-fast": "y",
        "archive-timeout": "120",
        "log-level-console": "off",
        "log-level-stderr": "warn",
        "log-level-file": "off",
        "lock-path": str(folder / "pgbackrest"),
    }
    ours = {
        "pg1-path": server.data,
        "pg1-port": server.port,
        "pg1-socket-path": server.socket,
        "pg1-user": "postgres",
    }
    sections: Sequence[tuple[str, dict[str, Any]]] = [
        ("global", everywhere),
        (plan.stanza, ours),
    ]
    lines = ["# Written by `udi backup prepare`: change backup.toml instead."]
    for name, options in sections:
        lines += [
            f"[{name}]",
            *(f"{option}={value}" for option, value in options.items()),
            "",
        ]
    return "\n".join(lines)


def write_configuration(
    repository: BackupRepository, path: Path, folder: Path, *, owner: tuple[int, int]
) -> bool:
    """Write the configuration for root and `owner` (uid, gid) only; whether it changed."""
    text = render_configuration(repository, folder)
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(text)
    if os.geteuid() == 0:
        os.chown(partial, 0, owner[1])
    partial.chmod(0o640)
    partial.replace(path)
    return True

"""PostgreSQL and Keycloak of a test, started alone and waited for; `udi up` has a supervisor for that."""

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udi.cli.local.keycloak import Keycloak
from udi.cli.local.postgres import Cluster
from udi.cli.local.processes import ProcessWatchdog, failure, spawn, stop

PATIENCE = 180.0
"""Seconds until a server must answer."""


@dataclass(frozen=True)
class PostgresProcess:
    """A running cluster."""

    cluster: Cluster
    process: subprocess.Popen[bytes]
    guardian: ProcessWatchdog | None = None

    @property
    def dsn(self) -> str:
        """Address of the superuser's connection, as asyncpg takes it."""
        return self.cluster.dsn

    def stop(self) -> None:
        """Stop the server, closing the connections that are open."""
        stop(self.process, signal.SIGINT, guardian=self.guardian)


@dataclass(frozen=True)
class KeycloakProcess:
    """A started Keycloak."""

    process: subprocess.Popen[bytes]
    guardian: ProcessWatchdog | None = None

    def stop(self) -> None:
        """Stop it; sessions are in the database and last."""
        stop(self.process, guardian=self.guardian)


def start_postgres(
    cluster: Cluster, log: Path, *, guardian: ProcessWatchdog | None = None
) -> PostgresProcess:
    """Create the cluster if needed, start it and wait until it accepts connections.

    Raises:
        LocalError: it stopped at once, or did not answer in time.
    """
    cluster.create()
    process = _start(
        cluster.command(),
        cluster.is_ready,
        log=log,
        account=cluster.account,
        guardian=guardian,
        what=("Starting PostgreSQL", cluster.data),
    )
    return PostgresProcess(cluster, process, guardian)


def start_keycloak(
    keycloak: Keycloak,
    log: Path,
    *,
    themes: Path | None = None,
    guardian: ProcessWatchdog | None = None,
) -> KeycloakProcess:
    """Start an instance and wait until it can serve.

    Raises:
        LocalError: it stopped at once, or was not ready in time.
    """
    keycloak.prepare(themes)
    process = _start(
        keycloak.command(),
        keycloak.is_ready,
        log=log,
        account=keycloak.account,
        guardian=guardian,
        environment=keycloak.environment(),
        what=("Starting Keycloak", keycloak.home),
    )
    return KeycloakProcess(process, guardian)


def _start(
    command: Any,
    is_ready: Callable[[], bool],
    *,
    log: Path,
    guardian: ProcessWatchdog | None,
    what: tuple[str, Path],
    **details: Any,
) -> subprocess.Popen[bytes]:
    start_of_log = log.stat().st_size if log.exists() else 0
    process = spawn(command, log=log, guardian=guardian, **details)
    deadline = time.monotonic() + PATIENCE
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process, signal.SIGINT, guardian=guardian)
            raise failure(
                what[0], log.read_text(errors="replace")[start_of_log:], what[1]
            )
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    return process

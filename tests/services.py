"""The real services of a run: one PostgreSQL, one Keycloak and one S3 service when asked for; its reaper stops them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.local_servers import start_keycloak, start_postgres
from tests.packages import ensure_keycloak
from tests.s3 import S3Service
from udi.cli.local import parts
from udi.cli.local.account import SystemAccount, service_account
from udi.cli.local.errors import LocalError
from udi.cli.local.keycloak import Keycloak, make_keycloak
from udi.cli.local.postgres import Cluster, find_binaries
from udi.cli.local.processes import ProcessWatchdog
from udi.settings import Settings

LIGHT_HASHES = {
    "KC_SPI_PASSWORD_HASHING__ARGON2__ITERATIONS": "1",
    "KC_SPI_PASSWORD_HASHING__ARGON2__MEMORY": "64",
}
"""Argon2 at its least (memory in KiB): hundreds of passwords are made and tried in a run, and none guards anything."""
RUNNING: list[Any] = []
"""Kept so that no handle of a running process is collected before the run ends."""


def launch_postgres(run: Path, port: int, password: str) -> str:
    """Start the run's server; returns the superuser's DSN."""
    account = service_account()
    with skipped_without():
        binaries = find_binaries(Settings().cache, account)
    cluster = Cluster(
        binaries, run / "postgres/data", port, password, account, durable=False
    )
    cluster.create()
    running = start_postgres(
        cluster, run / "postgres.log", guardian=PidFile(run / "postgres.pid")
    )
    _keep(running)
    return cluster.dsn


def find_keycloak(settings: Settings) -> tuple[Path, Path, SystemAccount | None]:
    """Java, the built distribution and the account to run it as; without them the test is skipped."""
    with skipped_without():
        return ensure_keycloak(settings)


def launch_keycloak(run: Path, settings: Settings) -> None:
    """Start the run's Keycloak."""
    runtime, distribution, account = find_keycloak(settings)
    keycloak = make_keycloak(
        settings, java=runtime, distribution=distribution, account=account
    )
    keycloak = LightKeycloak(**{**vars(keycloak), "home": run / "keycloak"})
    guardian = PidFile(run / "keycloak.pid")
    running = start_keycloak(
        keycloak, run / "keycloak.log", themes=parts.THEMES, guardian=guardian
    )
    _keep(running)


def launch_s3(run: Path) -> S3Service:
    """Start the run's S3 service, or return the one that another worker started."""
    folder = run / "s3"
    facts = run / "s3.json"
    if facts.exists():
        return S3Service(folder, json.loads(facts.read_text()))
    service = S3Service.prepare(folder)
    service.start()
    PidFile(run / "s3.pid").watch(service.process.pid)
    _keep(service)
    facts.write_text(json.dumps(service.base_port))
    return service


class LightKeycloak(Keycloak):
    """The same Keycloak, whose hashes of passwords cost little."""

    def environment(self) -> Mapping[str, str]:
        """Its configuration, with the cost of a hash."""
        return {**super().environment(), **LIGHT_HASHES}


@contextmanager
def skipped_without() -> Iterator[None]:
    """Leave out the tests of what this machine lacks and cannot fetch, with the remedy that a person would be told."""
    try:
        yield
    except LocalError as error:
        pytest.skip(f"needs what this machine has not: {error}")


class PidFile(ProcessWatchdog):
    """Where a server of the run is noted as soon as it starts, for the reaper that will stop it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def watch(self, pid: int) -> None:
        self._path.write_text(str(pid))

    def forget(self, _pid: int) -> None:
        self._path.unlink(missing_ok=True)


def _keep(running: Any) -> None:
    RUNNING.append(running)
    running.process.returncode = (
        0  # somebody else stops it: its handle has nothing to say when collected
    )

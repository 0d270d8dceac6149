"""The real services of a run: one PostgreSQL, one Keycloak and one S3 service when asked for, stopped with the run."""

import json
import os
import shutil
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from tests.s3 import S3Service
from udi.cli.local import java, parts
from udi.cli.local.account import service_account
from udi.cli.local.distribution import built_folder, ensure_archive, ensure_built
from udi.cli.local.keycloak import configured, start_keycloak
from udi.cli.local.postgres import Cluster, find_binaries, start_postgres
from udi.settings import Settings

PATIENCE = 20
RUNNING: list[Any] = []
"""Kept so that no handle of a running process is collected before the run ends."""


def launch_postgres(run: Path, port: int, password: str) -> str:
    """Start the run's server; returns the superuser's DSN."""
    account = service_account()
    binaries = find_binaries(Settings().cache, account)
    cluster = Cluster(binaries, run / "postgres/data", port, password, account, durable=False)
    cluster.create()
    running = start_postgres(cluster, run / "postgres.log")
    _remember(run, "postgres", running)
    return cluster.dsn


def launch_keycloak(run: Path, settings: Settings) -> None:
    """Start the run's Keycloak, fetched and built if this machine has none yet."""
    account = service_account()
    runtime = java.find_java(settings.cache, account)
    distribution = built_folder(settings.cache)
    if not distribution.is_dir():
        archive = ensure_archive(settings.cache, settings.maven_repository, lambda *_: None)
        ensure_built(settings.cache, archive, runtime, account)
    keycloak = configured(settings, java=runtime, distribution=distribution, account=account)
    keycloak = replace(keycloak, home=run / "keycloak")
    running = start_keycloak(keycloak, run / "keycloak.log", themes=parts.THEMES)
    _remember(run, "keycloak", running)


def launch_s3(run: Path) -> S3Service:
    """Start the run's S3 service, or return the one that another worker started."""
    folder = run / "s3"
    facts = run / "s3.json"
    if facts.exists():
        return S3Service(folder, json.loads(facts.read_text()))
    service = S3Service.prepare(folder)
    service.start()
    _remember(run, "s3", service)
    facts.write_text(json.dumps(service.base_port))
    return service


def stop_all(run: Path) -> None:
    """Stop what the run started, newest first, and delete its folder."""
    for name, number in (("s3", signal.SIGKILL), ("keycloak", signal.SIGTERM), ("postgres", signal.SIGQUIT)):
        path = run / f"{name}.pid"
        if path.exists():
            _stop(int(path.read_text()), number)
    shutil.rmtree(run, ignore_errors=True)


def _remember(run: Path, name: str, running: Any) -> None:
    RUNNING.append(running)
    running.process.returncode = 0  # somebody else stops it: its handle has nothing to say when collected
    (run / f"{name}.pid").write_text(str(running.process.pid))


def _stop(pid: int, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError, psutil.TimeoutExpired):
        process = psutil.Process(pid)
        os.kill(pid, number)
        process.wait(PATIENCE)

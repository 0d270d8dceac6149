"""A whole installation that lives as long as a block: own ports, own folder, nothing shared but the downloads."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from udi.cli.local import parts, ports, processes
from udi.cli.local.disk import require_free_space
from udi.cli.local.errors import LocalError
from udi.cli.local.interrupts import InterruptHandler
from udi.cli.local.plan import StartupPlan
from udi.cli.local.steps import TerminalReporter, relay
from udi.settings import Settings, get_settings

ROOT = Path(__file__).resolve().parents[2]
ROOM = 2 * 1000**3
PREFIX = "udi-bench-"
PATIENCE = 120


@contextmanager
def scratch_installation() -> Iterator[Settings]:
    """Start PostgreSQL, Keycloak, portal and hosted node without a territory; all is stopped and deleted at the end.

    Raises:
        LocalError: a part did not start, or there is no room.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o755)
    try:
        require_free_space(folder, ROOM, "the scratch installation")
        settings = _settings(folder)
        settings.tenants.mkdir()
        with InterruptHandler() as interrupts, processes.ProcessWatchdog() as guardian:
            process = _launch(settings, folder / "up.log", guardian)
            try:
                yield settings
            finally:
                interrupts.ignore()
                processes.stop(process, patience=PATIENCE, guardian=guardian)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path) -> Settings:
    """Those of a fresh `udi up`: of the operator's own, only where downloads are kept and come from."""
    current = get_settings()
    return Settings(
        private_hosts=["localhost:*", "*.localhost:*"],
        _env_prefix="UDI_BENCH_UNSET_",
        state=folder / "state",
        tenants=folder / "tenants",
        cache=current.cache,
        maven_repository=current.maven_repository,
        base_port=_free_base_port(),
        demo=True,
    )


def _free_base_port() -> int:
    for _ in range(1000):
        first = 20000 + secrets.randbelow(1200) * 10
        if all(ports.is_free(first + offset) for offset in range(len(ports.USES))):
            return first
    raise LocalError(
        "No seven free ports follow one another", "stop what uses ports 20000 to 32000"
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """What a program of the scratch installation finds in its environment."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("UDI_")
    }
    return environment | {
        "PYTHONPATH": f"{parts.SOURCE}{os.pathsep}{ROOT}",
        "UDI_STATE": str(settings.state),
        "UDI_CACHE": str(settings.cache),
        "UDI_TENANTS": str(settings.tenants),
        "UDI_BASE_PORT": str(settings.base_port),
        "UDI_PRIVATE_HOSTS": json.dumps(settings.private_hosts),
        "UDI_MAVEN_REPOSITORY": settings.maven_repository,
        # What it describes is made up: nothing is there.
        "UDI_LINK_LOOKS_PER_HOUR": "0",
    }


def _launch(
    settings: Settings, log: Path, guardian: processes.ProcessWatchdog
) -> subprocess.Popen[bytes]:
    reading, writing = os.pipe()
    command = [*StartupPlan.command, "up", "--events", str(writing)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment_of(settings),
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    guardian.watch(process.pid)
    try:
        with os.fdopen(reading) as events:
            _see_ready(relay(events, TerminalReporter(Console(stderr=True))), log)
    except BaseException:
        processes.stop(process, patience=PATIENCE, guardian=guardian)
        raise
    return process


def _see_ready(error: str | None, log: Path) -> None:
    if error is None or error:
        reason = (error or log.read_text()[-400:]).strip().rstrip(".")
        raise LocalError("The scratch installation did not start", reason)

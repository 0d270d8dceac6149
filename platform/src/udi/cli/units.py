"""What systemd runs of ours: which release each unit runs, how it is restarted, and whether it answers."""

import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Literal

from udi.cli.local.errors import LocalError

UnitKind = Literal["web", "worker", "keycloak"]
NAME = re.compile(
    r"udi-(?:(?:portal|node)-(?:web-(?P<port>\d+)|worker)|(?:operator|archive)-worker|keycloak)\.service"
)
RELEASE = re.compile(r"/releases/([^/]+)/venv/bin/python")
BUILT = re.compile(r"(/[^:\s]*/keycloak-[^/:]+)/lib/quarkus-run\.jar")
MARK = re.compile(r"^# Release [^\s,]+")
KEYCLOAK_PORT = 8005
KEYCLOAK_READY = "/health/ready"
PATIENCE = 120.0
KEYCLOAK_PATIENCE = 240.0
PAUSE = 0.25
REST = 0.5
CRASHES = 3
SETTLING = 3.0


@dataclass(frozen=True)
class ServiceUnit:
    """A unit that should run; `release` is what its process runs now, None when it has none."""

    name: str
    kind: UnitKind
    port: int | None
    release: str | None
    distribution: str | None = None
    """For Keycloak: the folder of the distribution that runs."""


def find_current_release(prefix: str) -> str | None:
    """The release that starts when a unit starts, where the program of `prefix` was installed by the play."""
    environment = Path(os.path.realpath(prefix))
    releases = environment.parent.parent
    link = releases.parent / "current"
    if releases.name == "releases" and link.is_symlink():
        return link.readlink().name
    return None


def list_units() -> list[ServiceUnit]:
    """Units that are meant to run on this machine: web first, then workers, then Keycloak."""
    output = _systemctl(
        "list-units",
        "--all",
        "--plain",
        "--no-legend",
        "--full",
        "--type=service",
        "udi-*",
    )
    units = []
    for line in output.splitlines():
        name, _load, active, *_ = line.split()
        match = NAME.fullmatch(name)
        if match and active != "inactive":
            units.append(
                _describe_unit(
                    name.removesuffix(".service"),
                    int(match["port"]) if match["port"] else None,
                )
            )
    kinds = ["web", "worker", "keycloak"]
    return sorted(
        units, key=lambda unit: (kinds.index(unit.kind), "node" in unit.name, unit.name)
    )


def _describe_unit(name: str, port: int | None) -> ServiceUnit:
    command = _command_line(name)
    kind: UnitKind
    if port:
        kind = "web"
    elif name.endswith("worker"):
        kind = "worker"
    else:
        kind = "keycloak"
    release = RELEASE.search(command)
    built = BUILT.search(command)
    return ServiceUnit(
        name,
        kind,
        KEYCLOAK_PORT if kind == "keycloak" else port,
        release and release[1],
        built and built[1],
    )


def _command_line(name: str) -> str:
    process = _systemctl("show", "--property=MainPID", "--value", name).strip()
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def mark_release(names: list[str], release: str) -> None:
    """Write the release into the first line of unit files, where the play compares it with what it is told to deploy."""
    for name in names:
        path = Path(
            _systemctl("show", "--property=FragmentPath", "--value", name).strip()
        )
        before = path.read_text()
        after = MARK.sub(f"# Release {release}", before, count=1)
        if after != before:
            partial = path.with_name(f".{path.name}.partial")
            partial.write_text(after)
            partial.chmod(0o644)
            partial.rename(path)
    _systemctl("daemon-reload")


def restart_unit(unit: ServiceUnit) -> None:
    """Restart a unit and wait until it does its work.

    Raises:
        LocalError: it stops again and again, or does not answer in time.
    """
    _systemctl("restart", unit.name)
    if unit.kind == "worker":
        time.sleep(SETTLING)
        if _count_restarts(unit.name):
            raise _start_error(unit)
        return
    until = time.monotonic() + (
        KEYCLOAK_PATIENCE if unit.kind == "keycloak" else PATIENCE
    )
    while not is_ready(unit):
        if time.monotonic() > until or _count_restarts(unit.name) >= CRASHES:
            raise _start_error(unit)
        time.sleep(PAUSE)
    time.sleep(REST)


def answers(port: int, path: str = "/ready") -> bool:
    """Whether a unit of this machine says that it is ready."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}{path}", timeout=5
        ) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False


def is_ready(unit: ServiceUnit) -> bool:
    """Whether a unit that answers says that it is ready."""
    return answers(
        unit.port or 0, KEYCLOAK_READY if unit.kind == "keycloak" else "/ready"
    )


def _count_restarts(name: str) -> int:
    return int(_systemctl("show", "--property=NRestarts", "--value", name).strip() or 0)


def _start_error(unit: ServiceUnit) -> LocalError:
    return LocalError(f"{unit.name} does not start", f"see `journalctl -u {unit.name}`")


def _systemctl(*arguments: str) -> str:
    done = subprocess.run(
        ["systemctl", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    if done.returncode:
        cause = f"systemd refuses «{' '.join(arguments)}» ({done.stderr.strip().rstrip('.')})"
        raise LocalError(cause, "see `systemctl status`")
    return done.stdout

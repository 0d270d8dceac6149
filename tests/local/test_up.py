"""The whole of `udi up` with a real PostgreSQL; portal and node are toys that only answer `/health`.

Keycloak, which takes forty seconds of processor to fill its database and half of them to start again, is real under `--all`.
Otherwise a toy is told the same, keeps its administrator in the same database, and is asked the same; the run's own Keycloak,
which every test of accounts asks, is started by what starts it here.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest

import udi
from udi.cli.local import state
from udi.settings import Settings

pytestmark = pytest.mark.programs

TOY = Path(__file__).with_name("toy.py")
SOURCE = str(Path(udi.__file__).parents[1])
PATIENCE = 60
Toy = Callable[..., subprocess.CompletedProcess[str]]
KEYCLOAK = "real"
"""What the identity service of an installation is; any other word is a toy."""


def _environment(settings: Settings, identity: str) -> dict[str, str]:
    ours = {
        "TOY_IDENTITY": identity,
        "UDI_STATE": str(settings.state),
        "UDI_BASE_PORT": str(settings.base_port),
        "PYTHONPATH": SOURCE,
    }
    return os.environ | ours


@pytest.fixture(scope="module")
def settings(lasting_settings: Settings) -> Settings:
    return lasting_settings


@pytest.fixture
def toy(settings: Settings) -> Iterator[Toy]:
    """Runs a command of the toy; what it started is stopped at the end."""

    def run(*arguments: str, identity: str = "toy") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, TOY, *arguments],
            check=False, capture_output=True, text=True, env=_environment(settings, identity), timeout=400,
        )  # fmt: skip

    yield run
    if state.is_running(settings):
        run("down")
    for fault in settings.state.glob("refuse-*"):
        fault.unlink()


def _left(settings: Settings) -> list[str]:
    """Command lines of this installation's processes."""
    command_lines = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = " ".join(process.info["cmdline"] or ())
        ours = (process.info["environ"] or {}).get("UDI_STATE") == str(settings.state)
        if process.pid != os.getpid() and (ours or str(settings.state) in words):
            command_lines.append(words)
    return command_lines


def _parts(toy: Toy) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in json.loads(toy("status").stdout)["parts"]}


def _token_status(settings: Settings) -> int:
    form = f"grant_type=client_credentials&client_id=udi-admin&client_secret={settings.secret('keycloak_admin_secret')}"
    connection = HTTPConnection("127.0.0.1", settings.port(2), timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request(
        "POST", "/realms/master/protocol/openid-connect/token", form, headers
    )
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    "identity", [pytest.param(KEYCLOAK, marks=pytest.mark.thorough), "toy"]
)
def test_a_life_in_the_background(toy: Toy, settings: Settings, identity: str) -> None:
    started = toy("up", "--detach", identity=identity)
    assert started.returncode == 0, started.stdout + started.stderr
    assert (settings.state / "migrated").exists()
    assert (settings.state / "applied").exists()
    assert _token_status(settings) == 200
    parts = _parts(toy)
    assert {part["state"] for part in parts.values()} == {"healthy"}
    assert all(part["rss_bytes"] > 1_000_000 for part in parts.values())
    assert 0 not in {psutil.Process(part["pid"]).uids().real for part in parts.values()}
    starts = {
        name: psutil.Process(part["pid"]).create_time() for name, part in parts.items()
    }
    web = max(starts["portal-web"], starts["node-web"])
    assert web < min(starts["portal-worker"], starts["node-worker"])
    owner = psutil.Process(parts["portal-web"]["pid"]).uids().real
    assert {path.stat().st_uid for path in settings.secrets_folder.iterdir()} == {owner}

    again = toy("up")
    assert again.returncode == 0
    assert again.stdout.startswith("Already running.")

    stopped = toy("down")
    assert stopped.returncode == 0
    assert _left(settings) == []
    assert {part["state"] for part in _parts(toy).values()} == {"stopped"}
    assert (settings.state / "postgres/data/PG_VERSION").exists()


def wait_for_a_part(settings: Settings, _up: subprocess.Popen[str]) -> None:
    wait_until((settings.state / "postgres/data/postmaster.pid").exists)


def wait_for_all_parts(_settings: Settings, up: subprocess.Popen[str]) -> None:
    assert up.stdout
    assert any("Press Ctrl-C" in line for line in up.stdout)


@pytest.mark.parametrize(
    ("identity", "wait"),
    [
        pytest.param("toy", wait_for_a_part, id="while it starts"),
        pytest.param(
            KEYCLOAK,
            wait_for_all_parts,
            id="once it runs",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_nothing_outlives_a_supervisor_that_is_killed(
    toy: Toy,
    settings: Settings,
    identity: str,
    wait: Callable[[Settings, subprocess.Popen[str]], None],
) -> None:
    with start_in_front(settings, identity) as up:
        wait(settings, up)
        assert len(_left(settings)) > 1
        up.kill()

    wait_until(lambda: _left(settings) == [])
    assert {part["state"] for part in _parts(toy).values()} == {"stopped"}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "identity", ["toy", pytest.param(KEYCLOAK, marks=pytest.mark.thorough)]
)
def test_ctrl_c_stops_everything_and_the_data_are_kept(
    toy: Toy, settings: Settings, identity: str
) -> None:
    with start_in_front(settings, identity) as up:
        assert up.stdout
        assert any("Press Ctrl-C" in line for line in up.stdout)
        assert _parts(toy)["keycloak"]["state"] == "healthy"
        assert _token_status(settings) == 200
        up.send_signal(signal.SIGINT)
        rest = up.stdout.read()

    assert up.returncode == 0
    assert "Everything is stopped; the data are kept." in rest
    assert _left(settings) == []
    assert (settings.state / "postgres/data/PG_VERSION").exists()


def start_in_front(settings: Settings, identity: str) -> subprocess.Popen[str]:
    """`up` as on a terminal."""
    return subprocess.Popen(
        [sys.executable, TOY, "up"],
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(settings, identity),
    )


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_busy_port_starts_nothing(toy: Toy, settings: Settings) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", settings.port(1)))
        other.listen()
        refused = toy("up", "--detach")

    assert refused.returncode == 1
    assert (
        f"✗ Port {settings.port(1)}, needed for the node, is taken by «python"
        in refused.stdout
    )
    assert "Traceback" not in refused.stdout + refused.stderr
    assert _left(settings) == []


@pytest.mark.parametrize(
    ("identity", "fault", "sentence"),
    [
        (
            "toy",
            "refuse-migration",
            "✗ The migration 0042 is missing: the details are in ",
        ),
        pytest.param(
            KEYCLOAK,
            "refuse-node",
            "✗ The part node-web stopped at once (status 1); its last words are «The Python module «granian» is missing.»",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_what_fails_on_the_way_is_unwound(
    toy: Toy, settings: Settings, identity: str, fault: str, sentence: str
) -> None:
    settings.state.mkdir(exist_ok=True)
    (settings.state / fault).touch()

    refused = toy("up", identity=identity)

    assert refused.returncode == 1
    assert sentence in refused.stdout.replace("\n", " ")
    assert _left(settings) == []
    assert not state.is_running(settings)


def test_status_says_stopped_when_nothing_runs(toy: Toy, settings: Settings) -> None:
    answer = toy("status")

    report = json.loads(answer.stdout)
    assert answer.returncode == 3
    assert {part["state"] for part in report["parts"]} == {"stopped"}
    assert report["installation"] == f"http://localhost:{settings.base_port}"
    assert report["identity"] == f"http://localhost:{settings.port(2)}"
    assert report["mailbox"] == f"http://localhost:{settings.port(3)}"
    assert report["territories"] == [
        {
            "slug": "demo",
            "portal": "http://demo.localhost",
            "node": "http://node.demo.localhost",
        }
    ]
    assert report["accounts"] == [
        {"username": "ana@demo.example", "password": "pass", "role": "publisher"}
    ]

"""`udi bench tenants` on a scratch installation of its own: figures, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.load.scratch import PREFIX
from bench.load.territories import compare
from bench.tenants import LARGEST_RATIO, find_faults
from udi.settings import Settings

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
PARTS = {
    "postgres",
    "keycloak",
    "mailbox",
    "portal-web",
    "portal-worker",
    "node-web",
    "node-worker",
    "operator-worker",
}


def environment(folder: Path) -> dict[str, str]:
    """An operator whose own installation must not be touched: its settings would fail at once."""
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith("UDI_")
    }
    ours = {
        "UDI_STATE": str(folder / "own"),
        "UDI_DATABASE_PORT": "1",
        "UDI_TENANTS": str(folder / "none"),
    }
    return {
        **inherited,
        **ours,
        "UDI_CACHE": str(Settings().cache),
        "TMPDIR": str(folder),
        "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "bench", "tenants", *arguments]


def left(folder: Path) -> list[str]:
    """Command lines of processes that work in the folder."""
    lines = (
        " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
    )
    return [line for line in lines if str(folder) in line]


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder that the account of PostgreSQL may enter."""
    with tempfile.TemporaryDirectory(prefix="udi-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """Where everything of one run lies."""
    with temporary() as folder:
        yield folder


@pytest.fixture(scope="module")
def run(open_folder: Path) -> subprocess.CompletedProcess[str]:
    """One small run."""
    arguments = command("--count", "3", "--datasets", "5", "--requests", "20", "--json")
    return subprocess.run(
        arguments,
        env=environment(open_folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )


@pytest.fixture(scope="module")
def report(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What it said, for a program."""
    assert run.stdout, run.stderr
    parsed_report: dict[str, Any] = json.loads(run.stdout)
    return parsed_report


@pytest.mark.thorough
def test_it_tells_seconds_latency_and_memory_of_each_process(
    report: dict[str, Any],
) -> None:
    assert report["count"] == 3
    assert report["apply"]["first_seconds"] > 0
    assert report["search"]["first"]["territory"] == "bench-01"
    assert report["search"]["last"]["territory"] == "bench-03"
    assert all(
        0 < report["search"][end]["p50_ms"] <= report["search"][end]["p99_ms"]
        for end in ("first", "last")
    )
    assert report["installation"]["territories"] == 4
    assert report["installation"]["page_processor_ms"] > 0
    assert 0 < report["installation"]["bytes_gzip"] < report["installation"]["bytes"]
    assert report["memory_bytes"].keys() == PARTS
    assert all(size > 10**7 for size in report["memory_bytes"].values())
    sizes = report["disk_bytes"]
    assert sizes["one_territory"].keys() == {
        "udi_portal",
        "udi_node",
        "udi_keycloak",
        "search",
    }
    assert (
        sizes["with_datasets"]["udi_portal"]
        > sizes["one_territory"]["udi_portal"]
        > 10**6
    )
    assert report["versions"].keys() == {"udi", "python", "postgresql", "keycloak"}


@pytest.mark.thorough
def test_applying_again_changes_nothing(report: dict[str, Any]) -> None:
    assert report["again"]["outcomes"] == ["unchanged"]


@pytest.mark.thorough
def test_its_status_follows_the_figures(
    run: subprocess.CompletedProcess[str], report: dict[str, Any]
) -> None:
    assert run.returncode == (1 if report["faults"] else 0)
    assert report["faults"] == find_faults(report)


@pytest.mark.thorough
def test_progress_is_told_apart_from_the_report(
    run: subprocess.CompletedProcess[str],
) -> None:
    assert "Starting Keycloak" in run.stderr
    assert "bench-03" in run.stderr


@pytest.mark.thorough
def test_nothing_is_left_and_the_operators_own_state_is_not_touched(
    run: subprocess.CompletedProcess[str], open_folder: Path
) -> None:
    assert run.stdout
    assert list(open_folder.glob(f"{PREFIX}*")) == []
    assert not (open_folder / "own").exists()
    assert left(open_folder) == []


def stop_half_way(
    folder: Path, number: signal.Signals
) -> subprocess.CompletedProcess[str]:
    """Start it, send it a signal once it has a server, and wait until no process of it is left."""
    process = subprocess.Popen(
        command("--count", "2"),
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: any("postgres" in line for line in left(folder)), patience=120)
    process.send_signal(number)
    output, errors = process.communicate(timeout=120)
    wait_for(lambda: not left(folder), patience=60)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


@pytest.mark.thorough
def test_interrupted_half_way_it_leaves_nothing_and_says_so() -> None:
    with temporary() as folder:
        stopped = stop_half_way(folder, signal.SIGINT)

        assert stopped.returncode == 130
        assert "Interrupted; nothing is left." in stopped.stderr
        assert "Traceback" not in stopped.stderr
        assert list(folder.glob(f"{PREFIX}*")) == []


@pytest.mark.thorough
def test_killed_half_way_it_leaves_no_process() -> None:
    with temporary() as folder:
        assert stop_half_way(folder, signal.SIGKILL).returncode == -signal.SIGKILL
        assert left(folder) == []


def wait_for(happened: Callable[[], bool], *, patience: float) -> None:
    """Wait, and fail when it did not happen in time."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def row(seconds: list[float]) -> dict[str, float]:
    return compare(seconds)


def test_the_last_is_compared_with_the_first_by_medians_of_five() -> None:
    steady = row([1.0, 1.1, 0.9, 1.0, 9.0, *[1.0] * 40, 1.0, 1.2, 1.1, 0.9, 9.0])

    assert steady["ratio"] == 9.0
    assert steady["median_ratio"] == 1.1


def test_a_last_that_takes_over_twice_the_first_is_a_fault() -> None:
    slow = row([1.0] * 5 + [LARGEST_RATIO + 0.1] * 5)
    steady = row([1.0] * 10)
    report = {"apply": slow, "again": {**steady, "outcomes": ["unchanged"]}}

    assert find_faults(report) == [
        "Applying: the last five take 2.1 times what the first five take."
    ]
    assert find_faults({**report, "apply": steady}) == []


def test_applying_again_with_an_effect_is_a_fault() -> None:
    steady = row([1.0] * 10)
    report = {
        "apply": steady,
        "again": {**steady, "outcomes": ["unchanged", "updated"]},
    }

    assert find_faults(report) == [
        "Applying again is not without effect: unchanged, updated."
    ]

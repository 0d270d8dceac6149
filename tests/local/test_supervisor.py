import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from udi.cli.local import supervisor as supervisor_module
from udi.cli.local.errors import LocalError
from udi.cli.local.processes import BARE_ENVIRONMENT, ProcessWatchdog
from udi.cli.local.supervisor import SupervisedProgram, Supervisor, rotate_log

pytestmark = pytest.mark.programs

Known = list[dict[str, Any]]


class Watched(Supervisor):
    """A supervisor whose last announcement is kept."""

    def __init__(self, logs: Path, guardian: ProcessWatchdog) -> None:
        self.known: Known = []
        super().__init__(
            logs,
            guardian,
            lambda known_processes: setattr(self, "known", known_processes),
        )


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Watched]:
    with ProcessWatchdog() as guardian:
        watched = Watched(tmp_path, guardian)
        yield watched
        watched.stop_all()


def _part(
    name: str,
    script: str,
    *,
    healthy: Callable[[], bool] = lambda: True,
    stage: int = 0,
    patience: float = 5,
) -> SupervisedProgram:
    return SupervisedProgram(
        name,
        ["/bin/sh", "-c", script],
        BARE_ENVIRONMENT,
        healthy,
        stage=stage,
        patience=patience,
    )


class StoppedClock:
    """The time of a supervisor; waiting takes none of the machine's."""

    def __init__(self) -> None:
        self.moment = 0.0

    def monotonic(self) -> float:
        return self.moment

    def sleep(self, _seconds: float) -> None:
        time.sleep(0.01)


def _watch_until(
    supervisor: Watched, clock: StoppedClock, holds: Callable[[dict[str, Any]], bool]
) -> None:
    """Look until the only part stands so; while one waits to be started again, half a second passes at each look."""
    while not holds(supervisor.known[0]):
        clock.moment += 0.5 if supervisor.known[0]["pid"] is None else 0.0
        supervisor.watch(pause=0.0, rounds=1)


def test_a_part_that_crashes_is_started_again(
    supervisor: Watched, tmp_path: Path
) -> None:
    supervisor.start(_part("toy", "exec sleep 300"))
    first = supervisor.known[0]["pid"]
    os.kill(first, signal.SIGKILL)

    deadline = time.monotonic() + 60
    while supervisor.known[0]["pid"] in (first, None) and time.monotonic() < deadline:
        supervisor.watch(pause=0.1, rounds=1)

    assert supervisor.known[0]["crashes"] == 1
    assert psutil.Process(supervisor.known[0]["pid"]).is_running()
    assert "toy stopped by itself (status -9)" in (tmp_path / "toy.log").read_text()


def test_a_part_that_keeps_crashing_is_left_longer_each_time(
    supervisor: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that moves half a second at each look: 1, 2, then 4 seconds after a crash it is started again."""
    clock = StoppedClock()
    monkeypatch.setattr(supervisor_module, "time", clock)
    supervisor.start(_part("toy", "exit 1"))
    pauses: list[float] = []
    for _ in range(3):
        _watch_until(supervisor, clock, lambda part: part["pid"] is None)
        crashed = clock.moment
        _watch_until(supervisor, clock, lambda part: part["pid"] is not None)
        pauses.append(clock.moment - crashed)

    assert pauses == [1.0, 2.0, 4.0]


def test_waiting_ends_when_the_part_is_healthy(
    supervisor: Watched, tmp_path: Path
) -> None:
    supervisor.start(
        _part(
            "toy",
            f"sleep 0.3; touch '{tmp_path}/up'; exec sleep 300",
            healthy=(tmp_path / "up").exists,
        )
    )

    supervisor.wait("toy")

    assert (tmp_path / "up").exists()


def test_a_part_that_stops_at_once_is_explained_by_its_last_words(
    supervisor: Watched,
) -> None:
    farewell = "[ERROR] Unexpected exit from worker-1\n[ERROR] Worker crash loop detected, exiting\n[INFO] Granian shutdown completed, see ya!"
    supervisor.start(
        _part(
            "toy",
            f"echo 'The key is missing.'; echo '{farewell}'; exit 4",
            healthy=lambda: False,
        )
    )

    with pytest.raises(
        LocalError,
        match=r"toy stopped at once \(status 4\); its last words are «The key is missing.»",
    ):
        supervisor.wait("toy")


def test_a_part_that_stays_silent_is_given_up(supervisor: Watched) -> None:
    supervisor.start(
        _part("toy", "exec sleep 300", healthy=lambda: False, patience=0.3)
    )

    with pytest.raises(LocalError, match="toy did not answer within 0 s"):
        supervisor.wait("toy")


def test_parts_stop_by_stage(supervisor: Watched, tmp_path: Path) -> None:
    for name, stage in (("database", 2), ("program", 0), ("identity", 1)):
        supervisor.start(
            _part(
                name,
                f"trap 'echo {name} >>\"{tmp_path}/order\"; exit' TERM; touch '{tmp_path}/{name}'; while :; do sleep 0.1; done",
                healthy=(tmp_path / name).exists,
                stage=stage,
            )
        )
    supervisor.wait("database", "program", "identity")
    pids = [part["pid"] for part in supervisor.known]

    supervisor.stop_all()

    assert (tmp_path / "order").read_text().split() == [
        "program",
        "identity",
        "database",
    ]
    assert not any(map(psutil.pid_exists, pids))
    assert [part["pid"] for part in supervisor.known] == [None, None, None]


def test_the_last_three_logs_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "toy.log"
    for number in range(6):
        rotate_log(log)
        log.write_text(str(number))

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "toy.log": "5",
        "toy.log.1": "4",
        "toy.log.2": "3",
        "toy.log.3": "2",
    }

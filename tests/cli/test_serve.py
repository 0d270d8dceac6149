"""Processes that live long import what they need: what they do not is memory for nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from udi.settings import Settings

pytestmark = pytest.mark.programs

PATIENCE = 60
IMPORTED = "import sys; from udi.cli.main import build_app; build_app({command!r}); print(*sys.modules)"
SERVED = """
import gc, multiprocessing, os, sys, types
import udi.cli.serve
from granian.server import Server

multiprocessing.set_start_method("forkserver")

def fork_once(self, target_loader, **_):
    pid = os.fork()
    if pid == 0:
        udi.cli.serve.import_module = lambda name: types.SimpleNamespace(create=object)
        target_loader()
        os._exit(0 if gc.isenabled() else 1)
    _, status = os.waitpid(pid, 0)
    print(status, multiprocessing.get_start_method(), gc.isenabled(), *sys.modules)

Server.serve = fork_once
udi.cli.serve.serve({program!r}, port=1, workers={workers})
"""
WORKED = """
import gc, sys
import udi.ui.worker
from udi.cli.serve import work

async def leave(worker, *companions):
    for companion in companions:
        companion.close()
    print(gc.isenabled(), gc.get_freeze_count() > 100_000, *sys.modules)

udi.ui.worker.run_until_stopped = leave
work("portal")
"""


def modules(code: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """Names of all that a new process has imported after this code."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "command", ["serve", pytest.param("work", marks=pytest.mark.thorough)]
)
def test_what_starts_a_program_imports_neither(command: str) -> None:
    imported_modules = modules(IMPORTED.format(command=command))

    assert "udi.cli.serve" in imported_modules
    assert [
        name
        for name in imported_modules
        if name.startswith(("udi.portal", "udi.node", "litestar", "sqlalchemy"))
    ] == []


@dataclass(frozen=True)
class Served:
    """What a program is whose web workers are forked, none of which answers."""

    status: str
    method: str
    collects: str
    modules: list[str]


@pytest.fixture(scope="module")
def serve(settings: Settings) -> Callable[[str, int], Served]:
    """`serve("portal", 2)`: the program with so many web workers, started once in this file."""

    @cache
    def start(program: str, workers: int) -> Served:
        code = SERVED.format(program=program, workers=workers)
        status, method, collects, *imported_modules = modules(
            code, environment_of(settings)
        )
        return Served(status, method, collects, imported_modules)

    return start


@pytest.mark.thorough
@pytest.mark.parametrize(
    "program", ["portal", pytest.param("node", marks=pytest.mark.thorough)]
)
def test_web_workers_have_nothing_of_what_only_the_worker_does(
    serve: Callable[[str, int], Served], program: str
) -> None:
    imported_modules = serve(program, 2).modules

    only = (
        "alembic",
        "keycloak",
        "requests",
        f"udi.{program}.work",
        "udi.node.datasets.worker",
        "udi.portal.notifications.tasks",
        "udi.portal.nodes.tasks",
    )
    assert f"udi.{program}.site" in imported_modules
    assert [name for name in imported_modules if name.startswith(only)] == []
    assert "udi.ui.worker" not in imported_modules


@pytest.mark.thorough
def test_the_worker_has_no_page_and_collects_garbage_once_loaded(
    settings: Settings,
) -> None:
    collects, froze, *imported_modules = modules(WORKED, environment_of(settings))

    assert (collects, froze) == ("True", "True")
    assert "udi.portal.app" not in imported_modules
    assert "udi.portal.catalogue.links.rounds" in imported_modules
    assert "udi.portal.catalogue.pages.search" not in imported_modules
    assert "udi.portal.catalogue.routes" not in imported_modules


def environment_of(settings: Settings) -> dict[str, str]:
    """What a program of this run is started with."""
    return {
        **os.environ, "UDI_STATE": str(settings.state), "UDI_SECRETS": str(settings.secrets_folder),
        "UDI_BASE_PORT": str(settings.base_port), "UDI_PRIVATE_HOSTS": json.dumps(settings.private_hosts), "UDI_TENANTS": str(settings.tenants),
    }  # fmt: skip


@pytest.mark.parametrize("workers", [1, 2])
def test_several_web_workers_start_from_one_program_in_memory(
    serve: Callable[[str, int], Served], workers: int
) -> None:
    """Forked also by a Python that starts other processes anew unless it is told, as it does since 3.14."""
    served = serve("portal", workers)

    assert (served.method, served.collects) == ("fork", "True")
    assert served.status == "0", "a web worker collects garbage too"
    assert ("udi.portal.app" in served.modules) == (workers > 1), (
        "one alone loads it itself: what watches over it need not"
    )


@pytest.mark.thorough
def test_a_program_that_is_terminated_while_its_web_worker_starts_ends(
    settings: Settings, tmp_path: Path
) -> None:
    command = [sys.executable, "-P", "-m", "udi", "serve", "portal"]
    with (tmp_path / "log").open("w+b") as log:
        program = subprocess.Popen(
            command,
            env=environment_of(settings),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            while b"Spawning worker-1" not in Path(log.name).read_bytes():
                assert program.poll() is None, Path(log.name).read_text()
                time.sleep(0.01)
            program.terminate()

            assert program.wait(PATIENCE) == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()


EARLY_SIGNAL = """
import os, signal, sys, time
from udi.cli.serve import pass_termination_to_forks

signal.signal(signal.SIGTERM, lambda *_: None)
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
pass_termination_to_forks()
child = os.fork()
if child == 0:
    time.sleep(0.1)
    os._exit(0)
_, status = os.waitpid(child, 0)
assert os.WIFSIGNALED(status), status
assert os.WTERMSIG(status) == signal.SIGTERM, status
"""


def test_a_signal_that_comes_right_after_the_fork_is_not_lost() -> None:
    program = subprocess.run(
        [sys.executable, "-P", "-c", EARLY_SIGNAL],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )

    assert program.returncode == 0, program.stderr


SIGNAL_BETWEEN_RUNS = """
import os, signal, sys
from granian.constants import Interfaces
from granian.server import mp
from udi.cli.serve import WebServer, end_between_runs

asgi_worker = mp.ASGIWorker

def make_after_a_signal(*arguments):
    os.kill(os.getpid(), signal.SIGTERM)
    return asgi_worker(*arguments)

async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})

mp.ASGIWorker = make_after_a_signal
mp.multiprocessing.set_start_method("fork", force=True)
server = WebServer("app", port=int(sys.argv[1]), interface=Interfaces.ASGI, websockets=False)
end_between_runs()
server.serve(target_loader=lambda: app, wrap_loader=False)
"""


def test_a_signal_between_the_two_runs_of_a_worker_s_loop_ends_it(
    settings: Settings,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", SIGNAL_BETWEEN_RUNS, str(settings.port(0))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as program:
        try:
            log, _ = program.communicate(timeout=PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)

    assert b"Stopping worker-1" in log
    assert program.returncode == 1, "a worker that ends by itself ends the program"

"""A program with several web workers, over real HTTP: what one of them knows holds for all."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest
from litestar import Litestar

from tests import commands, stage
from tests.cli.test_serve import environment_of
from tests.cluster import free_ports
from tests.portal.identity.test_tokens import DATASETS, ME, PAGE, bearer_headers, made
from tests.preloaded import LISTENING, Process
from tests.visitors import browse, make_person
from udi.cli.local.parts import is_healthy
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.web_workers import count_web_workers
from udi.settings import Settings

pytestmark = pytest.mark.programs

WORKERS = 2
PATIENCE = 60.0
LIMIT = 12
WINDOW = 60
ENOUGH = 25
"""Seconds that a window of a limit has left at least when a test begins to count in it."""
PLAIN = ssl.create_default_context()
"""Made once: it takes longer than a request."""
TO_END = """
from udi.cli.serve import WebServer

server = WebServer("udi.portal.app:create", workers=2, factory=True)
server.interrupt_signal = True
server._respawn_workers([0], None, None)
print(server.main_loop_interrupt.is_set(), server.wrks)
"""


@contextmanager
def run_portal(
    settings: Settings, log: Path, listener: socket.socket | None = None
) -> Iterator[Process]:
    """The portal with two web workers while the block lasts, with a socket as systemd gives it or its own."""
    environment = environment_of(settings) | {
        "UDI_DATABASE_HOST": settings.database_host,
        "UDI_DATABASE_PORT": str(settings.database_port),
        "UDI_DATABASE_NAMES": json.dumps(settings.database_names),
        "UDI_WEB_WORKERS": str(WORKERS),
        "UDI_API_REQUESTS_PER_MINUTE": str(LIMIT),
        LISTENING: "1" if listener else "",
    }
    with log.open("ab") as output:
        program = commands.start(
            "serve",
            "portal",
            environment=environment,
            stdin=listener.fileno() if listener else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            new_session=True,
        )
        try:
            yield program
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGTERM)
            try:
                program.wait(PATIENCE)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)


async def ask(
    settings: Settings, path: str, host: str = "localhost", **headers: str
) -> httpx.Response:
    """One request on a connection of its own, so that any worker may take it."""
    address = f"http://127.0.0.1:{settings.port(0)}{path}"
    async with httpx.AsyncClient(timeout=PATIENCE, verify=PLAIN) as client:
        return await client.get(address, headers={"Host": host, **headers})


def web_workers(program: Process) -> list[int]:
    """The processes that answer."""
    try:
        children = psutil.Process(program.pid).children()
    except psutil.NoSuchProcess:
        return []
    return sorted(child.pid for child in children)


def wait_for_another(program: Process, ended: int) -> None:
    """Until a worker is there in the place of one that was killed."""
    until = time.monotonic() + PATIENCE
    while ended in (workers := web_workers(program)) or len(workers) < WORKERS:
        assert time.monotonic() < until
        time.sleep(0.05)


async def wait_until_it_answers(settings: Settings, program: Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            assert program.poll() is None
            with suppress(httpx.TransportError):
                if (await ask(settings, "/health")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


def wait_until_started(log: Path, lives: int = 1) -> None:
    """Until each web worker has started in each life of the program; one that is to end while it starts takes its time."""
    until = time.monotonic() + PATIENCE
    while log.read_text().count("Started worker-") < lives * WORKERS:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture(scope="module")
async def territories(
    settings: Settings, portal_database: Database, node_database: Database
) -> AsyncIterator[list[Territory]]:
    """One for each test that asks a territory: a limit is counted for each."""
    databases = (portal_database, node_database)
    added = [await stage.add_territory(databases, settings, "demo") for _ in range(2)]
    yield added
    for territory in added:
        await stage.remove_territory(databases, territory.id)


@pytest.fixture(scope="module")
async def program(
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    territories: list[Territory],
) -> AsyncIterator[Process]:
    """A program that starts when its territories are there: each worker reads the register at a moment of its own."""
    log = tmp_path_factory.mktemp("program") / "log"
    with run_portal(settings, log) as program:
        await wait_until_it_answers(settings, program)
        wait_until_started(log)
        yield program


@pytest.fixture
def apart(settings: Settings) -> Settings:
    """Settings of a program beside the one of this file."""
    return settings.model_copy(update={"base_port": free_ports(8)})


async def wait_for_a_window() -> None:
    """Until the window in which limits are counted has some seconds left."""
    left = WINDOW - time.monotonic() % WINDOW
    if left < ENOUGH:
        await asyncio.sleep(left)


async def count_health(settings: Settings) -> float:
    """Requests to `/health` that the metrics tell, of all workers."""
    lines = (await ask(settings, "/metrics")).text.splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("udi_http_requests_total{") and 'route="/health"' in line
    )


async def ask_often(settings: Settings, times: int) -> None:
    for _ in range(times):
        assert (await ask(settings, "/health")).status_code == 200


def served_by(program: Process, settings: Settings) -> Mapping[str, int]:
    """The files in which workers counted, by their kind."""
    folder = settings.state / f"metrics/portal-{settings.port(0)}"
    return Counter(path.name.partition("_")[0] for path in folder.glob("*.db"))


@pytest.mark.thorough
async def test_requests_of_all_workers_add_up_whichever_tells_them(
    settings: Settings, program: Process
) -> None:
    before = await count_health(settings)
    await ask_often(settings, 40)

    counts = {await count_health(settings) for _ in range(12)}

    assert counts == {before + 40}
    assert served_by(program, settings) == {"counter": WORKERS, "histogram": WORKERS}


async def test_a_limit_a_minute_is_that_of_all_workers_together(
    settings: Settings, program: Process, territories: list[Territory]
) -> None:
    host = territories[0].hosts[0]
    await wait_for_a_window()
    answers = [await ask(settings, DATASETS, host) for _ in range(3 * LIMIT)]

    assert Counter(answer.status_code for answer in answers) == {
        200: LIMIT,
        429: 2 * LIMIT,
    }


async def test_a_token_that_is_revoked_is_refused_by_every_worker(
    settings: Settings,
    program: Process,
    portal_app: Litestar,
    territories: list[Territory],
) -> None:
    demo = territories[1]
    owner = make_person(demo, memberships={"mairie": ["publishers"]})
    async with browse(portal_app, demo, owner) as someone:
        token = await made(someone)
        good = [
            await ask(settings, ME, demo.hosts[0], **bearer_headers(token))
            for _ in range(12)
        ]
        page = (await someone.get(PAGE)).text
        address = f"{PAGE}/{page.partition(f'{PAGE}/')[2].partition('/revoke')[0]}"
        await someone.post(f"{address}/revoke")
    bad = [
        await ask(settings, ME, demo.hosts[0], **bearer_headers(token))
        for _ in range(12)
    ]

    assert {answer.status_code for answer in good} == {200}
    assert {answer.status_code for answer in bad} == {401}


async def test_a_worker_that_is_killed_is_replaced_and_what_it_counted_stays(
    settings: Settings, program: Process
) -> None:
    await ask_often(settings, 20)
    before = await count_health(settings)
    workers = web_workers(program)
    os.kill(workers[0], signal.SIGKILL)
    await asyncio.to_thread(wait_for_another, program, workers[0])
    await wait_until_it_answers(settings, program)

    after = await count_health(settings)

    assert len(web_workers(program)) == WORKERS
    assert after > before
    assert served_by(program, settings) == {"counter": WORKERS, "histogram": WORKERS}


@pytest.mark.thorough
async def test_a_program_whose_workers_keep_dying_ends_and_is_seen_to_be_away(
    apart: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with run_portal(apart, log) as program:
        await wait_until_it_answers(apart, program)
        wait_until_started(log)
        assert is_healthy(apart, "portal-web")
        until = time.monotonic() + PATIENCE
        while program.poll() is None:
            assert time.monotonic() < until
            for worker in web_workers(program):
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
            await asyncio.sleep(0.2)

    assert program.returncode == 1
    assert not is_healthy(apart, "portal-web")


async def test_who_comes_while_a_program_restarts_waits_and_is_served(
    apart: Settings, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", apart.port(0)), backlog=128) as listener:
        log = tmp_path / "log"
        with run_portal(apart, log, listener) as first:
            await wait_until_it_answers(apart, first)
            wait_until_started(log)
            assert len(web_workers(first)) == WORKERS
        waiting = [asyncio.create_task(ask(apart, "/health")) for _ in range(8)]
        with run_portal(apart, log, listener) as second:
            answers = await asyncio.gather(*waiting)
            wait_until_started(log, 2)
            assert second.poll() is None

    assert [answer.status_code for answer in answers] == [200] * len(waiting)


def test_a_program_that_is_to_end_replaces_no_web_worker_and_ends() -> None:
    """The signal arrived between the end of a web worker and its replacement; in a process that its signals may wake."""
    program = subprocess.run(
        [sys.executable, "-P", "-c", TO_END], capture_output=True, text=True, check=True
    )

    assert program.stdout == "True []\n"


@pytest.mark.parametrize(
    ("processors", "gibibytes", "units", "workers"),
    [
        (1, 1, 1, 1),
        (2, 8, 1, 2),
        (8, 4, 1, 2),
        (2, 4, 2, 1),
        (8, 32, 2, 4),
        (1, 2, 2, 1),
    ],
)
def test_the_units_of_a_machine_share_its_size(
    processors: int, gibibytes: int, units: int, workers: int
) -> None:
    memory = gibibytes * 1024**3

    assert count_web_workers(processors, memory, units) == workers

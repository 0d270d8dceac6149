"""What is measured once a country has grown by a step: the programs at rest, what they answer, and their tasks."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import httpx
import psutil

from bench.load import requests
from bench.load.country.territories import Country
from bench.load.scratch import environment_of
from udi.cli.demonstration.visitor import Visitor
from udi.cli.local import ports, processes
from udi.cli.local.errors import LocalError
from udi.cli.local.plan import StartupPlan
from udi.cli.local.state import read_status
from udi.node.site import build_site as build_node
from udi.portal.app import create
from udi.portal.catalogue.search.feed import request_rebuild
from udi.portal.catalogue.search.index import FINGERPRINT
from udi.portal.identity.provision.accounts import account_secret
from udi.portal.site import build_site as build_portal
from udi.portal.tenants.files import TenantFolder
from udi.settings import Settings
from udi.ui.site import Site
from udi.ui.worker import list_schedules

REST = 60
"""Seconds of which the processor time of programs that nobody asks anything is a share: recurrent tasks have their turn."""
PATIENCE = 1800.0
ROUNDS = 15
WARMING = 3
LONG = 300
"""Seconds after which a scheduled task is stopped: it will not end before its next time."""
PERCENT = 100
MILLISECONDS = 1000
PROGRAMS = ("portal", "node")
CONNECTIONS = """
SELECT datname || ' ' || usename AS who, count(*) AS number FROM pg_stat_activity
WHERE datname LIKE 'udi%' GROUP BY 1 ORDER BY 1
"""
SIZES = "SELECT datname, pg_database_size(datname) AS size FROM pg_database WHERE datname LIKE 'udi%'"
STATEMENTS = (
    "SELECT datname, xact_commit FROM pg_stat_database WHERE datname LIKE 'udi%'"
)
Tell = Callable[[str], None]


async def wait_for_indexes(country: Country, renewed: Sequence[TenantFolder]) -> float:
    """Wait until each territory has its search index, those renewed of all they hold; seconds."""
    started = time.monotonic()
    settings = country.settings
    folder = settings.index_folder / FINGERPRINT
    names = [str(known.tenant_id) for known in country.folders]
    while not all((folder / name / "slug").exists() for name in names):
        _check_patience(started, "The search indexes are not made")
        await asyncio.sleep(1)
    for known in renewed:
        request_rebuild(settings, known.slug)
    async with _client(settings, country.folders[-1]) as client:
        while await _count_found(client) < await _count_datasets(country):
            _check_patience(started, "The search does not show every dataset")
            await asyncio.sleep(1)
    return round(time.monotonic() - started, 1)


async def measure_rest(country: Country, seconds: int = REST) -> dict[str, Any]:
    """Programs that nobody asks anything: processor in percent of a core, transactions a second, memory, files, connections."""
    parts = _list_parts(country.settings)
    before = {name: requests.processor_time(pid) for name, pid in parts.items()}
    transactions = await _count_transactions(country)
    started = time.monotonic()
    await asyncio.sleep(seconds)
    passed = time.monotonic() - started
    committed = await _count_transactions(country)
    spent = {
        name: requests.processor_time(pid) - before[name] for name, pid in parts.items()
    }
    connection = await asyncpg.connect(country.dsn("postgres"))
    connections = await connection.fetch(CONNECTIONS)
    sizes = await connection.fetch(SIZES)
    await connection.close()
    return {
        "processor_percent": {
            name: round(PERCENT * used / passed, 1) for name, used in spent.items()
        },
        "transactions_a_second": {
            name: round((committed[name] - number) / passed, 1)
            for name, number in transactions.items()
        },
        "memory_bytes": {name: requests.memory(pid) for name, pid in parts.items()},
        "open_files": {name: _count_files(pid) for name, pid in parts.items()},
        "connections": {row["who"]: row["number"] for row in connections},
        "database_bytes": {row["datname"]: row["size"] for row in sizes},
        "index_bytes": _measure_folder(country.settings.index_folder),
    }


async def measure_answers(country: Country) -> dict[str, Any]:
    """Pages of the last territory from the portal called in this process, caches off: median and processor, in milliseconds."""
    settings = country.settings.model_copy(update={"answer_cache": 0})
    site = build_portal(settings)
    app: Any = create(site)
    folder = country.folders[-1]
    origin = settings.origin("portal", folder.file.hosts.portal[0])
    figures = {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=origin) as client:
        page = (await client.get("/api/v1/datasets?size=1")).raise_for_status().json()
        paths = {
            "search, JSON with counts": "/api/v1/datasets?q=arbres+{rank}",
            "search page": "/data?q=arbres+{rank}",
            "home page": "/?rank={rank}",
        }
        if page["items"]:
            paths["dataset, JSON"] = (
                f"/api/v1/datasets/{page['items'][0]['id']}?rank={{rank}}"
            )
        for kind, path in paths.items():
            figures[kind] = await _time_answers(client, path)
    for hook in app.on_shutdown:
        await hook()
    return figures


async def measure_metrics(country: Country) -> dict[str, Any]:
    """One look at the metrics of each program, as the watcher takes them each half minute."""
    parts = _list_parts(country.settings)
    figures = {}
    for number, program in enumerate(PROGRAMS):
        pids = [
            pid for name, pid in parts.items() if name in {f"{program}-web", "postgres"}
        ]
        before = sum(map(requests.processor_time, pids))
        started = time.monotonic()
        address = f"http://127.0.0.1:{country.settings.port(number)}/metrics"
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            answer = (await client.get(address)).raise_for_status()
        figures[program] = {
            "seconds": round(time.monotonic() - started, 2),
            "processor_s": round(sum(map(requests.processor_time, pids)) - before, 2),
            "bytes": len(answer.content),
        }
    return figures


async def measure_schedules(country: Country, tell: Tell) -> dict[str, Any]:
    """Each scheduled task once, in this process: seconds, and those of its processor."""
    figures = {}
    sites: list[Site] = [
        build_portal(country.settings, pages=False),
        build_node(country.settings, pages=False),
    ]
    for site in sites:
        for schedule in list_schedules(site):
            name = f"{site.program}: {schedule.name}"
            started = time.perf_counter()
            processor = time.process_time()
            outcome = "done"
            try:
                async with asyncio.timeout(LONG):
                    await schedule.run()
            except Exception as error:  # noqa: BLE001 - told beside its seconds
                outcome = type(error).__name__
            figures[name] = {
                "cron": schedule.cron,
                "seconds": round(time.perf_counter() - started, 2),
                "processor_s": round(time.process_time() - processor, 2),
                "outcome": outcome,
            }
            tell(f"{name}: {figures[name]['seconds']} s ({outcome})")
        await site.services.close()
        await site.outgoing.close()
        await site.database.close()
    return figures


async def measure_login(country: Country) -> dict[str, Any]:
    """Somebody of the last territory logs in at its portal and its node; what Keycloak holds meanwhile."""
    folder = country.folders[-1]
    settings = country.settings
    account = folder.file.account[0].username
    password = settings.secret(account_secret(folder.slug, account)).strip()
    origins = (
        settings.origin("portal", folder.file.hosts.portal[0]),
        settings.origin("node", folder.file.hosts.node[0]),
    )
    seconds = []
    for _ in range(WARMING):
        started = time.perf_counter()
        async with Visitor(*origins) as visitor:
            await visitor.log_in(account, password)
        seconds.append(time.perf_counter() - started)
    connection = await asyncpg.connect(country.dsn("udi_keycloak"))
    counts = {
        "organisations": await connection.fetchval("SELECT count(*) FROM org"),
        "clients": await connection.fetchval("SELECT count(*) FROM client"),
        "groups": await connection.fetchval("SELECT count(*) FROM keycloak_group"),
    }
    await connection.close()
    return {"seconds": [round(duration, 2) for duration in seconds], **counts}


def measure_starts(settings: Settings) -> dict[str, float]:
    """Seconds from the start of each web program to its first answer."""
    figures = {}
    for program in PROGRAMS:
        port = ports.free_port()
        guardian = processes.ProcessWatchdog()
        started = time.monotonic()
        process = processes.spawn(
            [*StartupPlan.command, "serve", program, "--port", str(port)],
            log=settings.state / "starts.log",
            environment=environment_of(settings),
            guardian=guardian,
        )
        try:
            while not ports.answers(port, "/health"):
                _check_patience(started, f"The {program} does not start")
                time.sleep(0.05)
            figures[program] = round(time.monotonic() - started, 2)
        finally:
            processes.stop(process, guardian=guardian)
            guardian.close()
    return figures


def find_busiest(
    tasks: dict[str, Any], number: int = 12
) -> list[tuple[str, dict[str, Any]]]:
    """The scheduled tasks that took longest."""
    return sorted(tasks.items(), key=lambda item: -item[1]["seconds"])[:number]


async def _time_answers(client: httpx.AsyncClient, path: str) -> dict[str, float]:
    seconds = []
    processor = 0.0
    for rank in range(WARMING + ROUNDS):
        if rank == WARMING:
            processor = time.process_time()
        started = time.perf_counter()
        (await client.get(path.format(rank=rank))).raise_for_status()
        seconds.append(time.perf_counter() - started)
    spent = time.process_time() - processor
    return {
        "median_ms": round(MILLISECONDS * median(seconds[WARMING:]), 1),
        "processor_ms": round(MILLISECONDS * spent / ROUNDS, 1),
    }


def _list_parts(settings: Settings) -> dict[str, int]:
    parts = read_status(settings).get("parts", ())
    return {part["name"]: part["pid"] for part in parts if part["pid"]}


async def _count_transactions(country: Country) -> dict[str, int]:
    connection = await asyncpg.connect(country.dsn("postgres"))
    rows = await connection.fetch(STATEMENTS)
    await connection.close()
    return {row["datname"]: row["xact_commit"] for row in rows}


async def _count_datasets(country: Country) -> int:
    connection = await asyncpg.connect(country.dsn("udi_portal"))
    number: int = await connection.fetchval(
        "SELECT count(*) FROM app.dataset WHERE tenant_id = $1",
        country.folders[-1].tenant_id,
    )
    await connection.close()
    return number


async def _count_found(client: httpx.AsyncClient) -> int:
    answer = await client.get("/api/v1/datasets?size=1")
    if not answer.is_success:
        return -1
    total: int = answer.json()["total"]
    return total


def _client(settings: Settings, folder: TenantFolder) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{settings.port(0)}",
        headers={"Host": f"{folder.file.hosts.portal[0]}:{settings.port(0)}"},
        timeout=PATIENCE,
        trust_env=False,
    )


def _count_files(pid: int) -> int:
    number = 0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                number += process.num_fds()
    return number


def _measure_folder(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_blocks * 512
    return total


def _check_patience(started: float, fault: str) -> None:
    if time.monotonic() - started > PATIENCE:
        raise LocalError(fault, "see the logs of the scratch installation")

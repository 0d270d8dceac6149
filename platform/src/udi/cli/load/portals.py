"""One territory filled step by step, and the portal under load at each: as shipped, and with every cache of ours off."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import asyncpg
import httpx

from udi.cli.load import floor, requests
from udi.cli.load.bulk import Filling, fill
from udi.cli.load.corpus import Corpus, questions
from udi.cli.load.peer import Peer
from udi.cli.load.scratch import environment_of
from udi.cli.local import ports, processes
from udi.cli.local.errors import LocalError
from udi.cli.local.plan import Plan
from udi.cli.local.state import read_status
from udi.portal.catalogue.search.feed import forget_index
from udi.portal.tenants.files import TenantFolder
from udi.settings import Settings

WORKERS = 2
QUESTIONS = 1000
CATALOGUE_PAGES = 100
PATIENCE = 1800.0
CACHES = {"as shipped": None, "caches off": "0"}
KINDS = ("search, JSON with counts", "search page", "dataset page", "dataset, JSON", "catalogue, RDF")
"""What is asked, in this order."""
UNLIMITED = {"UDI_API_REQUESTS_PER_MINUTE": str(10**9)}
"""All requests come from one address: they are counted as in production, and never refused."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Stand:
    """What a measure needs: the installation, the corpus, the portal's two ports, and the territories."""

    settings: Settings
    corpus: Corpus
    script: Path
    folders: Sequence[TenantFolder]
    servers: Mapping[str, tuple[int, int]]
    """By name of `CACHES`: port and process of a portal with two web workers; so too the handler alone."""
    tell: Tell
    peer: Peer | None = None

    @property
    def dsn(self) -> str:
        password = self.settings.secret("postgres_password")
        return f"postgresql://postgres:{password}@127.0.0.1:{self.settings.port(4)}/udi_portal"

    def host(self, folder: TenantFolder) -> str:
        return f"{folder.file.hosts.portal[0]}:{self.settings.port(0)}"

    def client(self, folder: TenantFolder) -> httpx.AsyncClient:
        """Someone in front of the portal as shipped."""
        base = f"http://127.0.0.1:{self.servers['as shipped'][0]}"
        return httpx.AsyncClient(base_url=base, headers={"Host": self.host(folder)}, timeout=60, trust_env=False)

    def processor_times(self) -> dict[str, float]:
        """Seconds of processor that the portal as shipped, its worker and PostgreSQL took so far."""
        return {name: requests.processor_time(pid) for name, pid in self.parts().items()}

    def parts(self) -> dict[str, int]:
        """Processes that serve the catalogue, by name, each with its children."""
        running = {part["name"]: part["pid"] for part in read_status(self.settings).get("parts", ()) if part["pid"]}
        return {
            "web": self.servers["as shipped"][1], "worker": running["portal-worker"], "postgres": running["postgres"],
        }  # fmt: skip

    def producers(self, folder: TenantFolder) -> dict[str, uuid.UUID]:
        return {slug: uuid.uuid5(folder.tenant_id, slug) for slug in self.corpus.producers}


@contextmanager
def two_portals(settings: Settings, log: Path) -> Iterator[dict[str, tuple[int, int]]]:
    """The portal twice, on ports of its own: as shipped, and with every cache of ours off; and a handler alone."""
    running, found = [], {}
    guardian = processes.Guardian()
    environment = environment_of(settings) | UNLIMITED
    serve = [*Plan.command, "serve", "portal", "--workers", str(WORKERS)]
    commands = {name: (serve, {} if cache is None else {"UDI_ANSWER_CACHE": cache}) for name, cache in CACHES.items()}
    commands[floor.KIND] = (floor.command(WORKERS), {})
    try:
        for name, (command, extra) in commands.items():
            port = ports.free_port()
            asked = [*command, "--port", str(port)]
            process = processes.spawn(asked, log=log, environment=environment | extra, guardian=guardian)
            running.append(process)
            found[name] = (port, process.pid)
        for port, _ in found.values():
            _wait_until(partial(ports.answers, port, "/health"), "The portal does not answer")
        yield found
    finally:
        for process in running:
            processes.stop(process, guardian=guardian)
        guardian.close()


def _wait_until(holds: Callable[[], object], fault: str, patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise LocalError(fault, f"see the log of the scratch installation; waited {patience:.0f} s")
        time.sleep(0.2)


async def prepare(stand: Stand) -> None:
    """Give each territory the corpus's producers."""
    connection = await asyncpg.connect(stand.dsn)
    try:
        for folder in stand.folders:
            rows = [(folder.tenant_id, each, slug, slug) for slug, each in stand.producers(folder).items()]
            await connection.executemany(
                "INSERT INTO app.organisation (tenant_id, id, slug, name, summary, email, url, address, producer)"
                " VALUES ($1, $2, $3, $4, '{}', '', '', '', true) ON CONFLICT DO NOTHING",
                rows,
            )
    finally:
        await connection.close()


async def grow(stand: Stand, folders: Sequence[TenantFolder], first: int, last: int) -> dict[str, float]:
    """Fill territories with descriptions `first` to `last` each and make their indexes again; seconds of each part."""
    started = time.perf_counter()
    wanted = [
        Filling(stand.dsn, stand.script, folder.tenant_id, await _node_of(stand, folder), stand.producers(folder),
                first, last)
        for folder in folders
    ]  # fmt: skip
    await asyncio.to_thread(fill, wanted)
    filled = time.perf_counter()
    connection = await asyncpg.connect(stand.dsn)
    await connection.execute("VACUUM (ANALYZE) app.dataset, app.distribution, app.organisation")
    await connection.execute("CHECKPOINT")
    await connection.close()
    swept = time.perf_counter()
    for folder in folders:
        forget_index(stand.settings, folder.slug)
    for folder in folders:
        await _wait_for_total(stand, folder)
    return {
        "fill_seconds": round(filled - started, 1),
        "index_seconds": round(time.perf_counter() - swept, 1),
    }


async def _node_of(stand: Stand, folder: TenantFolder) -> uuid.UUID:
    connection = await asyncpg.connect(stand.dsn)
    try:
        found = await connection.fetchval("SELECT id FROM app.node WHERE tenant_id = $1 LIMIT 1", folder.tenant_id)
    finally:
        await connection.close()
    if found is None:
        raise LocalError(f"{folder.slug} has no node", "apply the territory first")
    return uuid.UUID(str(found))


async def _wait_for_total(stand: Stand, folder: TenantFolder) -> None:
    deadline = time.monotonic() + PATIENCE
    connection = await asyncpg.connect(stand.dsn)
    total = await connection.fetchval("SELECT count(*) FROM app.dataset WHERE tenant_id = $1", folder.tenant_id)
    await connection.close()
    async with stand.client(folder) as client:
        while (await client.get("/api/v1/datasets?size=1")).json()["total"] != total:
            if time.monotonic() > deadline:
                raise LocalError(f"The search did not show {total} datasets", "see `udi doctor`")
            await asyncio.sleep(0.5)


async def paths(stand: Stand, folder: TenantFolder, datasets: int) -> dict[str, list[str]]:
    """Addresses to ask for, by what they show."""
    entries = list(stand.corpus.entries(0, min(datasets, 20 * QUESTIONS)))
    asked = [urlencode({"q": question}) for question in questions(entries, QUESTIONS)]
    connection = await asyncpg.connect(stand.dsn)
    rows = await connection.fetch(
        "SELECT id, slug FROM app.dataset WHERE tenant_id = $1 ORDER BY hashtextextended(id::text, 0) LIMIT $2",
        folder.tenant_id, QUESTIONS,
    )  # fmt: skip
    await connection.close()
    found = (
        [f"/api/v1/datasets?{question}" for question in asked],
        [f"/data?{question}" for question in asked],
        [f"/data/{row['id']}/{quote(row['slug'])}" for row in rows],
        [f"/api/v1/datasets/{row['id']}" for row in rows],
        [each async for each in _catalogue_pages(stand, folder)],
    )
    return dict(zip(KINDS, found, strict=True))


async def _catalogue_pages(stand: Stand, folder: TenantFolder) -> AsyncIterator[str]:
    """The first pages of the catalogue as RDF, as who harvests it finds them: each leads to the next."""
    address = "/catalog.ttl"
    async with stand.client(folder) as client:
        for _ in range(CATALOGUE_PAGES):
            yield address
            following = (await client.get(address)).raise_for_status().links.get("next")
            if following is None:
                return
            address = urlsplit(following["url"])._replace(scheme="", netloc="").geturl()


async def measure(stand: Stand, folder: TenantFolder, datasets: int, *, clients: int, seconds: int) -> list[Any]:
    """A handler alone, then each kind of answer under load: the peer's where it holds as many, then both of ours."""
    postgres = stand.parts()["postgres"]
    wanted = [(floor.KIND, floor.KIND, ["/"])]
    for kind, addresses in (await paths(stand, folder, datasets)).items():
        wanted += [(kind, server, addresses) for server in CACHES]
    found = []
    for kind, server, addresses in wanted:
        peer = stand.peer
        if server == next(iter(CACHES)) and peer and peer.datasets == datasets and kind in peer.paths:
            found.append(await asyncio.to_thread(peer.load, kind, clients=clients, seconds=seconds))
            stand.tell(_line(found[-1]))
        port, pid = stand.servers[server]
        groups = {"web": pid} if server == floor.KIND else {"web": pid, "postgres": postgres}
        figures = await asyncio.to_thread(
            requests.load, f"http://127.0.0.1:{port}", stand.host(folder), addresses, groups,
            clients=clients, seconds=seconds,
        )  # fmt: skip
        found.append({"datasets": datasets, "territory": folder.slug, "asked": kind, "portal": server,
                      **asdict(figures), "cpu_ms_total": figures.cpu_ms_total})  # fmt: skip
        stand.tell(_line(found[-1]))
    return found


def _line(row: Mapping[str, Any]) -> str:
    told = f"{row['per_second']}/s, p99 {row['p99_ms']} ms, {row['cpu_ms_total']} ms CPU"
    return f"{row['datasets']} datasets, {row['asked']}, {row['portal']}: {told}"

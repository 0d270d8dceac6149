"""What is asked of a portal under load: the addresses, spread over the territories that are loaded, and the figures."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import asyncpg

from udi.cli.load import floor, requests
from udi.cli.load.corpus import questions
from udi.cli.load.growing import Part
from udi.cli.load.portals import CACHES, SHIPPED, Stand, serving
from udi.cli.load.requests import Address
from udi.portal.tenants.files import TenantFolder

QUESTIONS = 1000
"""Different ones of each kind, in all territories together."""
CATALOGUE_PAGES = 100
KINDS = ("search, JSON with counts", "search page", "dataset page", "dataset, JSON", "catalogue, RDF")
"""What is asked, in this order."""


@dataclass(frozen=True)
class Load:
    """How a portal is asked: how many clients at once, and how long for each kind."""

    clients: int
    seconds: int


async def addresses(stand: Stand, parts: Sequence[Part]) -> dict[str, list[Address]]:
    """Addresses to ask for by what they show, as many of each territory; asked of a portal that answers."""
    found: dict[str, list[Address]] = {kind: [] for kind in KINDS}
    for part in parts:
        host = stand.host(part[0])
        for kind, paths in (await _paths(stand, part, len(parts))).items():
            found[kind] += [(host, path) for path in paths]
    return found


async def _paths(stand: Stand, part: Part, territories: int) -> dict[str, list[str]]:
    folder, first, last = part
    number = max(1, QUESTIONS // territories)
    entries = list(stand.corpus.entries(first, min(last, first + 20 * number)))
    asked = [urlencode({"q": question}) for question in questions(entries, number)]
    connection = await asyncpg.connect(stand.dsn)
    rows = await connection.fetch(
        "SELECT id, slug FROM app.dataset WHERE tenant_id = $1 ORDER BY hashtextextended(id::text, 0) LIMIT $2",
        folder.tenant_id, number,
    )  # fmt: skip
    await connection.close()
    found = (
        [f"/api/v1/datasets?{question}" for question in asked],
        [f"/data?{question}" for question in asked],
        [f"/data/{row['id']}/{quote(row['slug'])}" for row in rows],
        [f"/api/v1/datasets/{row['id']}" for row in rows],
        [each async for each in _catalogue_pages(stand, folder, max(1, CATALOGUE_PAGES // territories))],
    )
    return dict(zip(KINDS, found, strict=True))


async def _catalogue_pages(stand: Stand, folder: TenantFolder, number: int) -> AsyncIterator[str]:
    """The first pages of the catalogue as RDF, as who harvests it finds them: each leads to the next."""
    address = "/catalog.ttl"
    async with stand.client(folder) as client:
        for _ in range(number):
            yield address
            following = (await client.get(address)).raise_for_status().links.get("next")
            if following is None:
                return
            address = urlsplit(following["url"])._replace(scheme="", netloc="").geturl()


async def measure(
    stand: Stand, asked: Mapping[str, Sequence[Address]], facts: Mapping[str, Any], load: Load
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """A handler alone, then each kind of answer of a portal as shipped (a peer's before), then with the caches off.

    One runs at a time. `facts` are told in each row. With them the memory after the loads of the portal as shipped.
    """
    found, memory = [], {}
    for name in (floor.KIND, *CACHES):
        wanted = {floor.KIND: [("localhost", "/")]} if name == floor.KIND else asked
        with serving(stand, name) as served:
            for kind, addressed in wanted.items():
                found += await _beside(stand, kind, facts, load) if name == SHIPPED else []
                figures = await asyncio.to_thread(_load, served, addressed, load)
                row = {**facts, "asked": kind, "portal": name, **asdict(figures), "cpu_ms_total": figures.cpu_ms_total}
                stand.tell(_line(row))
                found.append(row)
            if name == SHIPPED:
                memory = served.memory()
    return found, memory


def _load(stand: Stand, addressed: Sequence[Address], load: Load) -> requests.Figures:
    groups = {name: pid for name, pid in stand.parts().items() if name in {"web", "postgres"}}
    return requests.load(stand.base, addressed, groups, clients=load.clients, seconds=load.seconds)


async def _beside(stand: Stand, kind: str, facts: Mapping[str, Any], load: Load) -> list[dict[str, Any]]:
    """The peer's row, where it holds as many."""
    peer = stand.peer
    if peer is None or peer.datasets != facts["datasets"] or kind not in peer.paths:
        return []
    row = await asyncio.to_thread(peer.load, kind, clients=load.clients, seconds=load.seconds)
    stand.tell(_line(row))
    return [row]


def _line(row: Mapping[str, Any]) -> str:
    told = f"{row['per_second']}/s, p99 {row['p99_ms']} ms, {row['cpu_ms_total']} ms CPU, other {row['other']:.0%}"
    return f"{row['datasets']} datasets, {row['asked']}, {row['portal']}: {told}"

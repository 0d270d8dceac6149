"""What is asked of a portal under load: the addresses, spread over the territories that are loaded, and the figures."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import asyncpg

from bench.load import floor, requests
from bench.load.corpus import questions
from bench.load.growing import Part
from bench.load.peer import Peer
from bench.load.portals import CACHES, SHIPPED, Stand, serving
from bench.load.requests import Address, Figures
from udi.portal.tenants.files import TenantFolder

QUESTIONS = 1000
"""Different ones of each kind, in all territories together."""
CATALOGUE_PAGES = 100
KINDS = (
    "search, JSON with counts",
    "search page",
    "dataset page",
    "dataset, JSON",
    "catalogue, RDF",
)
"""What is asked, in this order."""
ALONE: dict[str, list[Address]] = {
    kind: [("localhost", path)] for kind, path in floor.PATHS.items()
}


@dataclass(frozen=True)
class Load:
    """How a portal is asked: how many clients at once, how long for each kind, and how many times each in turn."""

    clients: int
    seconds: int
    rounds: int


async def addresses(stand: Stand, parts: Sequence[Part]) -> dict[str, list[Address]]:
    """Addresses to ask for by what they show, as many of each territory; asked of a portal that answers."""
    addresses_by_kind: dict[str, list[Address]] = {kind: [] for kind in KINDS}
    for part in parts:
        host = stand.host(part[0])
        for kind, paths in (await _paths(stand, part, len(parts))).items():
            addresses_by_kind[kind] += [(host, path) for path in paths]
    return addresses_by_kind


async def _paths(stand: Stand, part: Part, territories: int) -> dict[str, list[str]]:
    folder, first, last = part
    number = max(1, QUESTIONS // territories)
    entries = list(stand.corpus.entries(first, min(last, first + 20 * number)))
    queries = [urlencode({"q": question}) for question in questions(entries, number)]
    connection = await asyncpg.connect(stand.dsn)
    rows = await connection.fetch(
        "SELECT id, slug FROM app.dataset WHERE tenant_id = $1 ORDER BY hashtextextended(id::text, 0) LIMIT $2",
        folder.tenant_id, number,
    )  # fmt: skip
    await connection.close()
    paths = (
        [f"/api/v1/datasets?{question}" for question in queries],
        [f"/data?{question}" for question in queries],
        [f"/data/{row['id']}/{quote(row['slug'])}" for row in rows],
        [f"/api/v1/datasets/{row['id']}" for row in rows],
        [
            path
            async for path in _catalogue_pages(
                stand, folder, max(1, CATALOGUE_PAGES // territories)
            )
        ],
    )
    return dict(zip(KINDS, paths, strict=True))


async def _catalogue_pages(
    stand: Stand, folder: TenantFolder, number: int
) -> AsyncIterator[str]:
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
    stand: Stand,
    addresses_by_kind: Mapping[str, Sequence[Address]],
    facts: Mapping[str, Any],
    load: Load,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Each kind of answer of a portal as shipped (a peer's before), then with the caches off; the framework alone in each round.

    One is asked at a time, each in every round: what else slows the machine for some seconds is seen as such. `facts`
    are told in each row. With them the memory after the loads of the portal as shipped.
    """
    figures_by_key: dict[tuple[str, str], list[Figures]] = {}
    memory = {}
    for name in CACHES:
        with serving(stand, floor.KIND) as bare, serving(stand, name) as served:
            for kind, addressed in load.rounds * [
                *ALONE.items(),
                *addresses_by_kind.items(),
            ]:
                if name == SHIPPED and (peer := _beside(stand, kind, facts)):
                    figures = await asyncio.to_thread(
                        peer.load, kind, clients=load.clients, seconds=load.seconds
                    )
                    _note(stand, figures_by_key, (kind, peer.name), figures)
                at, portal = (bare, kind) if kind in ALONE else (served, name)
                _note(
                    stand,
                    figures_by_key,
                    (kind, portal),
                    await asyncio.to_thread(_load, at, addressed, load),
                )
            if name == SHIPPED:
                memory = served.memory()
    return [
        _row(facts, kind, portal, rounds)
        for (kind, portal), rounds in figures_by_key.items()
    ], memory


def _load(stand: Stand, addressed: Sequence[Address], load: Load) -> Figures:
    groups = {
        name: pid for name, pid in stand.parts().items() if name in {"web", "postgres"}
    }
    return requests.load(
        stand.base, addressed, groups, clients=load.clients, seconds=load.seconds
    )


def _beside(stand: Stand, kind: str, facts: Mapping[str, Any]) -> Peer | None:
    """The peer, where it holds as many and answers this kind."""
    peer = stand.peer
    if peer and peer.datasets == facts["datasets"] and kind in peer.paths:
        return peer
    return None


def _note(
    stand: Stand,
    seen: dict[tuple[str, str], list[Figures]],
    key: tuple[str, str],
    figures: Figures,
) -> None:
    seen.setdefault(key, []).append(figures)
    summary = f"{figures.per_second}/s, p99 {figures.p99_ms} ms, {figures.cpu_ms_total} ms CPU, other {figures.other:.0%}"
    stand.tell(f"{key[0]}, {key[1]}: {summary}")


def _row(
    facts: Mapping[str, Any], kind: str, portal: str, rounds: Sequence[Figures]
) -> dict[str, Any]:
    """The middle of all rounds; and what each round gave, in their order."""
    figures = requests.middle(rounds)
    values_by_name = {
        name: [getattr(round_figures, name) for round_figures in rounds]
        for name in ("per_second", "p99_ms", "cpu_ms_total")
    }
    row = {
        "asked": kind,
        "portal": portal,
        **asdict(figures),
        "cpu_ms_total": figures.cpu_ms_total,
    }
    return {**facts, **row, "rounds": values_by_name}

"""The queries of one reader share one time, whichever tables they are of and however they are asked."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.depth import examples
from tests.mcp import call_tool
from tests.node.agreements.granting import METERS
from tests.node.agreements.ways import DESCRIBE, NAMED
from tests.node.producer import Producer
from tests.node.test_parts import add as add_part
from tests.node.test_parts import save as save_part
from tests.service_overrides import ServiceOverrides
from udi.kit.child import ChildProcess
from udi.kit.oidc import Login
from udi.kit.rates import RateLimiter, TimeLimiter
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.view_registry import VIEWS
from udi.node.tables.requests import QUERY_TIMES, RATES, QueryTimes

MADE_FOR_ALL = {
    "udi.tabular.overviews.preview:preview_rows",
    "udi.tabular.overviews.statistics:describe_columns",
    "udi.tabular.overviews.map_svg:draw_map",
    "udi.tabular.geo.geo_export:write_tiles",
    "udi.tabular.geo.geo_export:write_numbered_tiles",
    "udi.ui.picture_drawings:draw_picture",
}
"""What children make of a table once, whoever asks for it first; tiles of some rows, which have a test of their own; and
drawings as pixels, which ask no table."""
WHOLE = re.compile(r"/(data/[a-z]+/|compteurs\.[a-z]+)$")
"""The end of the address of a whole table as a file, which is made once."""
MOMENT = 90.0


class Noting(TimeLimiter):
    """Has time for everybody, and notes whose queries took some."""

    def __init__(self) -> None:
        super().__init__("query-time", 10**9)
        self.readers: list[str] = []

    def spend(self, reader: str, worked: float) -> None:
        """Note the reader."""
        assert worked > 0
        self.readers.append(reader)


class Used(TimeLimiter):
    """Has time for nobody."""

    def __init__(self) -> None:
        super().__init__("query-time", 30)

    def seconds_until_free(self, reader: str) -> int:
        """Later."""
        assert reader
        return 7


@pytest.fixture
def child_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What children were asked for."""
    names: list[str] = []
    call = ChildProcess.call_by_name

    async def note(child: ChildProcess, name: str, *rest: Any, **options: Any) -> Any:
        names.append(name)
        return await call(child, name, *rest, **options)

    monkeypatch.setattr(ChildProcess, "call_by_name", note)
    return names


@pytest.fixture
async def addresses(producer: Producer, services: ServiceOverrides) -> list[str]:
    """Every way to the rows of an open dataset with two tables that have places."""
    services[RATES] = RateLimiter("tables", limit=10**8)
    dataset = await producer.publish(
        await producer.draft(METERS, "compteurs.csv"), reason="Essai."
    )
    part = await add_part(producer, dataset, METERS, "autres.csv")
    saved = await save_part(producer, dataset, part, title="Autres", role="data")
    assert saved.status_code == 303, saved.text
    ways = [*NAMED, *DESCRIBE, *("/datasets/{id}/data?view=" + view for view in VIEWS)]
    unknown = "00000000-0000-4000-8000-000000000000"
    names = {"file": unknown, "media": unknown, "agreement": unknown}
    return [way.format(id=dataset, part=part, **names) for way in ways]


@pytest.fixture
async def meters(addresses: list[str]) -> str:
    """The dataset."""
    return addresses[0].split("/")[2]


def asks_for_one(address: str, child_calls: list[str]) -> bool:
    """Whether children worked for one reader, when an address was asked."""
    return not WHOLE.search(address) and bool(set(child_calls) - MADE_FOR_ALL)


async def test_every_address_that_asks_a_table_counts_its_time_and_asks_none_without(
    passer_by: httpx.AsyncClient,
    addresses: list[str],
    services: ServiceOverrides,
    child_calls: list[str],
) -> None:
    noting, used = Noting(), Used()
    counted, uncounted, asking_addresses, refused = [], [], [], []
    for address in addresses[:: examples(2, 1)]:
        services[QUERY_TIMES] = QueryTimes(noting, noting)
        await passer_by.get(address)
        child_calls.clear()
        noting.readers.clear()
        await passer_by.get(address)
        counted += [address] if noting.readers else []
        is_free = not noting.readers and asks_for_one(address, child_calls)
        uncounted += [address] if is_free else []
        services[QUERY_TIMES] = QueryTimes(used, used)
        child_calls.clear()
        answer = await passer_by.get(address)
        asking_addresses += [address] if asks_for_one(address, child_calls) else []
        refused += [address] if answer.status_code == 429 else []

    assert uncounted == asking_addresses == []
    assert refused == counted
    assert len(counted) >= examples(9, 20)


async def test_a_reader_who_used_the_time_is_told_what_to_do(
    passer_by: httpx.AsyncClient, meters: str, services: ServiceOverrides
) -> None:
    limiter = TimeLimiter("query-time", 1e-6, clock=lambda: MOMENT)
    services[QUERY_TIMES] = QueryTimes(limiter, TimeLimiter("query-time", 10**6))
    rows = f"/api/resources/{meters}/data/"

    first = await passer_by.get(rows, params={"commune__groupby": "", "index__sum": ""})
    second = await passer_by.get(
        f"/ogc/{meters}/collections/data/items", headers={"Accept-Language": "en"}
    )
    figures = await call_tool(
        passer_by,
        "aggregate_rows",
        {"dataset_id": meters, "measures": {"index": ["sum"]}},
    )
    columns = await call_tool(passer_by, "describe_table", {"dataset_id": meters})
    whole = await passer_by.get(f"{rows}csv/")
    neighbour = await passer_by.get(rows, headers={"X-Forwarded-For": "192.0.2.7"})

    assert first.status_code == 200
    problem = second.json()
    wait = second.headers["retry-after"]
    assert (second.status_code, problem["code"]) == (429, "query-time")
    assert problem["type"] == "/problems/too-many-requests"
    assert f"Wait {wait} seconds, or log in" in problem["remedy"]
    assert "download the whole table" in problem["remedy"]
    assert second.headers["ratelimit"] == f'"query-time";r=0;t={wait}'
    assert (figures["status"], figures["problem"]["code"]) == (429, "query-time")
    assert figures["retry_after"] == int(wait)
    assert columns["rows"] == 40
    assert (whole.status_code, len(whole.text.splitlines())) == (200, 41)
    assert neighbour.status_code == 200


async def test_whoever_is_logged_in_has_a_time_of_their_own(
    node_app: Litestar,
    demo: Territory,
    reader: Login,
    browse: Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]],
    meters: str,
    services: ServiceOverrides,
) -> None:
    noting = Noting()
    services[QUERY_TIMES] = QueryTimes(Used(), noting)
    rows = f"/api/resources/{meters}/data/"
    async with browse(node_app, demo, reader) as client:
        answer = await client.get(rows)
    services[QUERY_TIMES] = QueryTimes(noting, Used())
    async with browse(node_app, demo, reader) as client:
        refused = await client.get(rows)

    assert answer.status_code == 200
    assert len(noting.readers) == 1
    assert "127.0.0.1" not in noting.readers[0]
    assert refused.status_code == 429
    assert "log in" not in refused.json()["remedy"]


async def test_tiles_of_some_rows_count_and_those_of_all_rows_do_not(
    passer_by: httpx.AsyncClient, meters: str, services: ServiceOverrides
) -> None:
    noting = Noting()
    services[QUERY_TIMES] = QueryTimes(noting, noting)
    tiles = f"/api/resources/{meters}/data/pmtiles/?columns=__id"

    whole = await passer_by.get(tiles)
    of_all = len(noting.readers)
    some = await passer_by.get(f"{tiles}&index__greater=3")
    made = len(noting.readers)
    again = await passer_by.get(f"{tiles}&index__greater=3")

    assert (whole.status_code, some.status_code, again.status_code) == (200, 200, 200)
    assert (of_all, made, len(noting.readers)) == (0, 1, 1)

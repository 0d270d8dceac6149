"""The tabular API in front of its readers: addresses, pages, headers, refusals, limits."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import duckdb
import httpx
import pytest
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession

from tests.node.conftest import Browse
from tests.node.made_tables import write_table
from tests.service_overrides import ServiceOverrides
from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.kit.oidc import Login
from udi.kit.rates import RateLimiter, network_of
from udi.kit.tenancy import Territory
from udi.node.tables.api import ANSWERS, EXPORTS
from udi.node.tables.finder import FIND_TABLE
from udi.node.tables.requests import RATES
from udi.tabular.columns.column import ColumnType
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.queries.pool import PoolLimits, QueryPool
from udi.tabular.queries.row_pages import RowPageReader
from udi.tabular.queries.table import DatasetTable

OPEN = uuid4()
RESTRICTED = uuid4()
COLUMNS = [
    ("nom", ColumnType.TEXT),
    ("hauteur", ColumnType.NUMBER),
    ("planté le", ColumnType.DATE),
]
ROWS = [[f"arbre {number}", number / 2, None] for number in range(1, 46)]


class Tables:
    """Two tables: one open, one for those who have an account."""

    def __init__(self, folder: Path) -> None:
        table = write_table(folder / "t.parquet", COLUMNS, ROWS)
        self.known = {
            OPEN: table,
            RESTRICTED: DatasetTable(**{**vars(table), "is_open": False}),
        }

    async def __call__(
        self,
        _: AsyncSession,
        actor: Actor | None,
        resource_id: UUID,
        *,
        let: bool = False,  # noqa: ARG002 - none is restricted here
    ) -> DatasetTable:
        """As the datasets will say."""
        if resource_id not in self.known or (
            resource_id == RESTRICTED and actor is None
        ):
            raise NotFoundError
        return self.known[resource_id]


@pytest.fixture(autouse=True)
async def served(
    services: ServiceOverrides, tmp_path: Path
) -> AsyncIterator[dict[str, Any]]:
    """The node, with tables and time."""
    answers = RowPageReader(QueryPool(PoolLimits(seconds=60, patience=60)))
    exports = ExportWriter(tmp_path / "exports")
    services |= {
        FIND_TABLE: Tables(tmp_path),
        ANSWERS: answers,
        EXPORTS: exports,
        RATES: RateLimiter("tables"),
    }
    yield services
    await answers.close()


def at(path: str = "", resource: UUID = OPEN) -> str:
    return f"/api/resources/{resource}/{path}"


async def test_what_there_is_about_a_table(passer_by: httpx.AsyncClient) -> None:
    about = (await passer_by.get(at())).json()
    profile = (await passer_by.get(at("profile/"))).json()["profile"]

    links = {link["rel"]: link["href"] for link in about["links"]}
    assert {"profile", "data", "swagger", "csv", "xlsx", "parquet"} <= set(links)
    assert (about["created_at"], about["url"]) == (
        "2026-11-25T08:00:00+00:00",
        "https://node.example/datasets/1",
    )
    assert profile["header"] == ["nom", "hauteur", "planté le"]
    assert profile["columns"]["hauteur"] == {"format": "number", "python_type": "float"}
    assert profile["total_lines"] == 45
    for link in links.values():
        assert (await passer_by.head(link)).status_code == 200


async def test_pages_follow_one_another(passer_by: httpx.AsyncClient) -> None:
    rows = []
    address = at("data/?hauteur__greater=1&planté le__isnull&page_size=17")
    while address:
        page = await passer_by.get(address)
        body = page.json()
        rows += body["data"]
        assert body["meta"] == {
            "page": body["meta"]["page"],
            "page_size": 17,
            "total": 44,
        }
        assert 'rel="last"' in page.headers["link"]
        address = body["links"]["next"]

    assert [row["__id"] for row in rows] == list(range(2, 46))
    assert rows[0] == {"__id": 2, "nom": "arbre 2", "hauteur": 1.0, "planté le": None}
    first = (await passer_by.get(page.json()["links"]["prev"])).json()["links"]["prev"]
    assert (await passer_by.get(first)).json()["links"]["prev"] is None
    assert urlsplit(first).path == at("data/")
    assert (await passer_by.get(body["links"]["profile"])).status_code == 200


async def test_an_answer_says_how_long_it_is_good_and_who_may_read_it(
    passer_by: httpx.AsyncClient,
) -> None:
    page = await passer_by.get(at("data/"))
    again = await passer_by.get(
        at("data/"), headers={"If-None-Match": page.headers["etag"]}
    )
    another = await passer_by.get(
        at("data/?page=2"), headers={"If-None-Match": page.headers["etag"]}
    )
    head = await passer_by.head(at("data/"))

    assert (again.status_code, again.content, again.headers["etag"]) == (
        304,
        b"",
        page.headers["etag"],
    )
    assert (another.status_code, head.status_code, head.content) == (200, 200, b"")
    assert page.headers["access-control-allow-origin"] == "*"
    assert page.headers["cache-control"] == "public, no-cache"
    assert page.headers["content-type"] == "application/json"
    assert page.headers["ratelimit-policy"].startswith(
        '"tables";q=600;w=60, "space";q='
    )


async def test_a_restricted_table_is_read_by_its_readers_only(
    passer_by: httpx.AsyncClient,
    node_app: Litestar,
    demo: Territory,
    publisher: Login,
    browse: Browse,
) -> None:
    unknown = await passer_by.get(at("data/", uuid4()))
    hidden = await passer_by.get(at("data/", RESTRICTED))
    async with browse(node_app, demo, publisher) as reader:
        page = await reader.get(at("data/", RESTRICTED))

    assert (unknown.status_code, hidden.status_code) == (404, 404)
    assert unknown.json() == hidden.json()
    assert (page.status_code, page.headers["cache-control"]) == (
        200,
        "private, no-store",
    )
    assert "access-control-allow-origin" not in page.headers


async def test_what_cannot_be_asked_is_explained_in_the_readers_language(
    passer_by: httpx.AsyncClient,
) -> None:
    refused = await passer_by.get(at("data/?nmo__exact=x&hauteur__less=deux"))

    assert (refused.status_code, refused.headers["content-type"]) == (
        422,
        "application/problem+json",
    )
    first, second = refused.json()["errors"]
    assert first == {
        "field": "nmo__exact", "code": "unknown-column", "reason": "La table n’a pas de colonne «\N{NO-BREAK SPACE}nmo\N{NO-BREAK SPACE}».",
        "remedy": "Le nom le plus proche est «\N{NO-BREAK SPACE}nom\N{NO-BREAK SPACE}».",
    }  # fmt: skip
    assert (second["field"], second["code"]) == ("hauteur__less", "wrong-value")


@pytest.mark.parametrize("kind", ["csv", "json", "ndjson", "xlsx", "parquet", "arrow"])
@pytest.mark.parametrize("question", ["", "?hauteur__strictly_greater=22"])
async def test_the_head_of_an_export_states_its_length_or_none(
    passer_by: httpx.AsyncClient, kind: str, question: str
) -> None:
    address = at(f"data/{kind}/{question}")
    head = await passer_by.head(address)
    whole = await passer_by.get(address)

    assert head.status_code == whole.status_code == 200
    assert head.headers.get("content-length", str(len(whole.content))) == str(
        len(whole.content)
    )
    assert head.headers["content-type"] == whole.headers["content-type"]


async def test_exports_are_attachments(passer_by: httpx.AsyncClient) -> None:
    exported = await passer_by.get(at("data/csv/?hauteur__strictly_greater=22"))

    assert exported.text.splitlines() == ["nom,hauteur,planté le", "arbre 45,22.5,"]
    assert exported.headers["content-disposition"].startswith(
        'attachment; filename="arbres.csv"'
    )
    assert exported.headers["content-length"] == str(len(exported.content))
    assert exported.headers["content-security-policy"].startswith("sandbox")
    assert (await passer_by.get(at("data/exe/"))).status_code == 404
    assert (await passer_by.get(at("data/xlsx/?nmo__exact=x"))).status_code == 422


async def test_parts_of_the_parquet(
    passer_by: httpx.AsyncClient, tmp_path: Path
) -> None:
    whole = await passer_by.get(at("data/parquet/"))
    tail = await passer_by.get(at("data/parquet/"), headers={"Range": "bytes=-4"})
    beyond = await passer_by.get(
        at("data/parquet/"), headers={"Range": "bytes=999999999-"}
    )
    head = await passer_by.head(at("data/parquet/"))

    assert (tail.status_code, tail.content, beyond.status_code) == (206, b"PAR1", 416)
    assert head.headers["content-length"] == str(len(whole.content))
    (tmp_path / "taken.parquet").write_bytes(whole.content)
    with duckdb.connect() as connection:
        assert connection.execute(
            f"SELECT count(*) FROM '{tmp_path}/taken.parquet'"
        ).fetchall() == [(45,)]


async def test_small_parts_count_less_than_whole_files(
    passer_by: httpx.AsyncClient, served: dict[str, Any]
) -> None:
    async def left(address: str, span: str, status: int) -> int:
        answer = await passer_by.get(address, headers={"Range": span})
        assert answer.status_code == status
        return int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0])

    served[RATES] = RateLimiter("tables", limit=1_000, clock=lambda: 30.0)
    file_address = f"/datasets/{OPEN}/arbres.parquet"
    await passer_by.get(file_address)

    for address in (at("data/parquet/"), file_address):
        parts = [await left(address, f"bytes={start}-9", 206) for start in range(3)]
        wholes = [await left(address, "bytes=0-", 200) for _ in range(3)]
        large = await left(address, f"bytes=0-{8 * 1024**2}", 200)

        assert parts[0] == parts[1] == parts[2]
        assert [parts[2] - count for count in (*wholes, large)] == [1, 2, 3, 4]


async def test_the_document_lists_what_may_be_asked(
    passer_by: httpx.AsyncClient,
) -> None:
    document = (await passer_by.get(at("swagger/"))).json()
    path = document["paths"][at("data/")]["get"]
    names = {parameter["name"] for parameter in path["parameters"]}

    assert document["openapi"] == "3.1.0"
    assert {"hauteur__avg", "planté le__isnull", "nom__contains", "page", "or"} <= names
    assert "nom__sum" not in names
    row = document["components"]["schemas"]["Row"]["properties"]
    assert row["planté le"] == {"type": ["string", "null"], "format": "date"}
    for name in (
        name for name in names if name.startswith(("hauteur", "planté le__sort"))
    ):
        value = {"sort": "asc", "nom": "x"}.get(
            name.rpartition("__")[2], "2024-01-01" if "planté" in name else "1"
        )
        (parameter,) = [
            candidate for candidate in path["parameters"] if candidate["name"] == name
        ]
        query = {name: "" if parameter["allowEmptyValue"] else value}
        assert (await passer_by.get(at("data/"), params=query)).status_code == 200, name


async def test_a_reader_who_asks_too_much_waits(
    passer_by: httpx.AsyncClient, served: dict[str, Any]
) -> None:
    served[RATES] = RateLimiter("tables", limit=2, clock=lambda: 30.0)
    first, second, third = [await passer_by.get(at("data/")) for _ in range(3)]
    elsewhere = await passer_by.get(
        at("data/"), headers={"X-Forwarded-For": "2001:db8::1"}
    )

    rate_limits = [
        answer.headers["ratelimit"].split(", ")[0] for answer in (first, second)
    ]
    assert rate_limits == ['"tables";r=1;t=30', '"tables";r=0;t=30']
    assert (third.status_code, third.headers["retry-after"]) == (429, "30")
    assert third.json()["type"] == "/problems/too-many-requests"
    assert elsewhere.status_code == 200


def test_readers_of_one_household_count_together() -> None:
    rates = RateLimiter("tables", limit=1)
    assert (
        network_of("2001:db8::1")
        == network_of("2001:db8::ffff")
        != network_of("2001:db8:0:1::1")
    )
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("nonsense") == "unknown"
    assert rates.count_request("a")["RateLimit"].startswith('"tables";r=0')


async def test_a_node_without_tables_says_that_there_is_nothing(
    passer_by: httpx.AsyncClient, served: dict[str, Any]
) -> None:
    del served[FIND_TABLE]

    assert (await passer_by.get(at("data/"))).status_code == 404


async def test_large_numbers_arrive_whole(
    passer_by: httpx.AsyncClient, served: dict[str, Any], tmp_path: Path
) -> None:
    table = write_table(
        tmp_path / "big.parquet",
        [("n", ColumnType.INTEGER)],
        [[2**63 - 1], [2**63 - 1]],
    )
    served[FIND_TABLE].known[OPEN] = table

    assert json.load(io.BytesIO((await passer_by.get(at("data/?n__sum"))).content))[
        "data"
    ] == [{"n__sum": 2**64 - 2}]

"""The page of a dataset is kept with its validator, without reading a row again, and no longer than it is true."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import event

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue
from tests.visitors import browse
from udi.kit.db import Database
from udi.portal.catalogue.responses.cached_responses import newest_modification
from udi.portal.catalogue.search.feed import SearchFeed
from udi.settings import Settings
from udi.ui.site import Site


@pytest.fixture
def statements(portal_site: Site) -> Iterator[list[str]]:
    """What the portal asked its database as the public role, since the test began."""
    queries: list[str] = []
    engine = portal_site.database.engine("public").sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if (
            "platform.territory" not in statement and "set_config" not in statement
        ):  # read again every two seconds
            queries.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield queries
    event.remove(engine, "before_cursor_execute", note)


async def test_a_dataset_that_the_reader_has_is_told_so_without_the_database(
    armor: Catalogue, feed: SearchFeed, portal_app: Litestar, statements: list[str]
) -> None:
    record = await armor.add(1)
    await feed.run_once()
    async with browse(portal_app, armor.territory) as visitor:
        address = (await visitor.get(f"/data/{record.id}")).headers.get(
            "location"
        ) or f"/data/{record.id}"
        first = await visitor.get(address)
        statements.clear()
        cached_page = await visitor.get(address)
        again = await visitor.get(
            address, headers={"If-None-Match": first.headers["etag"]}
        )
        queries = list(statements)
        turtle = await visitor.get(
            f"/data/{record.id}", headers={"Accept": "text/turtle"}
        )

    assert (again.status_code, again.content) == (304, b"")
    assert cached_page.text == first.text
    assert (
        cached_page.headers["content-security-policy"]
        == first.headers["content-security-policy"]
    )
    assert cached_page.headers["link"] == first.headers["link"]
    assert "Accept" in cached_page.headers["vary"].split(", ")
    assert queries == []
    assert turtle.headers["content-type"].startswith("text/turtle")


@by_depth(
    "address",
    ["/api/v1/datasets/{id}", "/api/v1/producers", "/data/{id}.ttl", "/catalog.rdf"],
    by_default=[0, 3],
)
async def test_a_document_is_made_once_until_the_catalogue_changes(
    armor: Catalogue,
    feed: SearchFeed,
    portal_app: Litestar,
    statements: list[str],
    address: str,
) -> None:
    record = await armor.add(1)
    await feed.run_once()
    url = address.format(id=record.id)
    async with browse(portal_app, armor.territory) as program:
        first = await program.get(url, headers={"Accept-Encoding": "identity"})
        statements.clear()
        cached_document, zipped = [
            await program.get(url, headers={"Accept-Encoding": how})
            for how in ("identity", "gzip")
        ]
        tag = {"If-None-Match": zipped.headers["etag"]}
        again = await program.get(url, headers=tag)
        queries = list(statements)
        await armor.add(1, global_id=str(record.id), resource_title="Un autre titre")
        await armor.add(2)
        await feed.run_once()
        changed = await program.get(url, headers=tag)

    assert first.text == cached_document.text == zipped.text
    header_names = set(first.headers) - {"ratelimit", "x-request-id"}
    assert {name: first.headers[name] for name in header_names} == {
        name: cached_document.headers[name] for name in header_names
    }
    assert zipped.headers["content-encoding"] == "gzip"
    assert again.status_code == 304
    assert queries == []
    assert changed.status_code == 200
    assert changed.text != first.text


async def test_what_changes_a_dataset_changes_its_page(
    armor: Catalogue, feed: SearchFeed, portal_app: Litestar, portal_database: Database
) -> None:
    record = await armor.add(1)
    await feed.run_once()
    async with browse(portal_app, armor.territory) as visitor:
        first = await visitor.get(f"/data/{record.id}")
        await armor.add(1, global_id=str(record.id), resource_title="Un autre titre")
        await feed.run_once()
        renamed = await visitor.get(
            f"/data/{record.id}", headers={"If-None-Match": first.headers["etag"]}
        )

    assert first.status_code == renamed.status_code == 200
    assert "Un autre titre" in renamed.text
    assert "Un autre titre" not in first.text


async def test_nothing_is_kept_where_no_worker_follows_the_database(
    armor: Catalogue, feed: SearchFeed, portal_app: Litestar, settings: Settings
) -> None:
    record = await armor.add(1)
    await feed.run_once()
    [cursor] = settings.index_folder.glob("*/cursor.json")
    async with browse(portal_app, armor.territory) as visitor:
        cached_page = await visitor.get(f"/data/{record.id}")
        os.utime(cursor, (time.time() - 600, time.time() - 600))
        uncached_page = await visitor.get(
            f"/data/{record.id}", headers={"If-None-Match": cached_page.headers["etag"]}
        )

    assert "etag" in cached_page.headers
    assert uncached_page.status_code == 200
    assert "etag" not in uncached_page.headers


@by_depth(
    "address",
    ["/", "/data", "/data?q=arbres", "/data/{id}", "/api/v1/datasets", "/catalog.rdf"],
    by_default=[3, 5],
)
async def test_a_reader_that_holds_a_date_is_told_until_the_catalogue_changes(
    armor: Catalogue,
    feed: SearchFeed,
    portal_app: Litestar,
    statements: list[str],
    address: str,
) -> None:
    record = await armor.add(1)
    await feed.run_once()
    async with browse(portal_app, armor.territory) as visitor:
        url = address.format(id=record.id)
        url = (await visitor.get(url)).headers.get("location") or url
        dated = await eventually_dated(visitor, url)
        statements.clear()
        again = await visitor.get(url, headers={"If-Modified-Since": dated})
        queries = list(statements)
        before = await visitor.get(
            url, headers={"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}
        )
        tagged = await visitor.get(
            url, headers={"If-Modified-Since": dated, "If-None-Match": '"another"'}
        )
        odd = await visitor.get(url, headers={"If-Modified-Since": "yesterday"})
        await armor.add(1, global_id=str(record.id), resource_title="Un autre titre")
        await feed.run_once()
        changed = await visitor.get(url, headers={"If-Modified-Since": dated})

    assert (again.status_code, again.content, again.headers["last-modified"]) == (
        304,
        b"",
        dated,
    )
    assert queries == []
    assert [answer.status_code for answer in (before, tagged, odd)] == [200, 200, 200]
    assert changed.status_code == 200


async def eventually_dated(visitor: httpx.AsyncClient, url: str) -> str:
    """The date of an answer, which says none in the second in which it may change again."""
    for _ in range(30):
        if dated := (await visitor.get(url)).headers.get("last-modified"):
            return dated
        await asyncio.sleep(0.1)
    pytest.fail(f"{url} has no date")


def test_what_python_compiles_beside_the_code_is_no_new_release(tmp_path: Path) -> None:
    """It comes and goes while the programs of a new machine start side by side."""
    code = tmp_path / "code.py"
    compiled = tmp_path / "__pycache__/code.cpython-311.pyc.140234"
    compiled.parent.mkdir()
    for path, second in ((code, 1), (compiled, 2)):
        path.write_text("")
        os.utime(path, (second, second))

    assert newest_modification(tmp_path) == 10**9

"""CKAN's Action API: what connectors ask, in its envelope; what is wrong, in its shapes."""

import asyncio
import json
import tracemalloc
import zlib
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from tests.depth import by_depth
from tests.portal.catalogue.corpus import MANY, PRODUCERS, TABLE, Catalogue
from tests.visitors import browse
from udi.portal.catalogue.open.ckan_actions import NAMES_AT_ONCE
from udi.portal.catalogue.open.ckan_query import UnreadableQueryError, read_criteria
from udi.protocol.licences import LISTED
from udi.protocol.themes import THEMES

BASE = "/api/3/action"


async def ask(program: httpx.AsyncClient, action: str, **values: Any) -> Any:
    """The result of an action, the same by GET and by POST, at both addresses."""
    response = await program.get(f"{BASE}/{action}", params=values)
    posted = await program.post(f"/api/action/{action}", json=values)
    assert response.status_code == posted.status_code == 200, response.text
    assert response.json()["success"] is True
    assert response.json() == posted.json()
    return response.json()["result"]


async def test_lists_are_those_of_the_catalogue(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        status = await ask(program, "status_show")
        read = await ask(program, "site_read")
        packages = await ask(program, "package_list")
        part = await ask(program, "package_list", limit=5, offset=10)
        whole = await ask(program, "current_package_list_with_resources", limit=5)
        producers = await ask(program, "organization_list")
        counted = await ask(program, "organization_list", all_fields="true", limit=1)
        producer = await ask(program, "organization_show", id="goeland")
        themes = await ask(program, "group_list")
        theme = await ask(program, "group_show", id="transportation")
        tags = await ask(program, "tag_list", query="mobil")
        licences = await ask(program, "license_list")

    assert (status["ckan_version"], read) == ("2.12", True)
    assert len(packages) == len(set(packages)) == len(TABLE)
    assert part == packages[10:]
    assert [package["id"] for package in whole] == packages[:5]
    assert producers == sorted(PRODUCERS)
    assert (len(counted), counted[0]["package_count"]) == (1, 6)
    assert (producer["title"], producer["package_count"]) == ("Réseau Goéland", 2)
    assert themes == sorted(THEMES)
    assert theme["package_count"] == 3
    assert tags == ["mobilité"]
    assert {licence["id"] for licence in licences} == set(LISTED)


@pytest.mark.usefixtures("alone")
async def test_a_package_is_the_dataset(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    closed = await filled.add(7)

    async with browse(portal_app, filled.territory) as program:
        package = await ask(program, "package_show", id=str(record.id))
        resource = await ask(program, "resource_show", id=str(record.media[0].id))
        restricted = await ask(program, "package_show", id=str(closed.id))

    assert package["title"] == record.title
    assert package["organization"]["name"] == "armor"
    assert [group["name"] for group in package["groups"]] == ["transportation"]
    assert [tag["name"] for tag in package["tags"]] == ["vélo", "mobilité"]
    assert [entry["format"] for entry in package["resources"]] == ["CSV", "GeoJSON"]
    assert resource == package["resources"][0]
    assert resource["url"] == record.media[0].url
    assert (
        restricted["resources"][0]["url"]
        == f"{filled.territory.origin}/data/{closed.id}"
    )


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({"q": "velos"}, {1}), ({"q": "*:*", "fq": "organization:goeland"}, {5, 6}), ({"fq": "res_format:GTFS"}, {6}),
        ({"fq": "+groups:transportation +license_id:odbl-1.0"}, {6}), ({"fq": 'organization:("goeland" OR "kerlevan") groups:transportation'}, {5, 6}),
        ({"q": "organization:kerlevan arbres"}, {4}), ({"fq": "tags:cantine"}, {3}), ({"fq": "dataset_type:dataset state:active", "q": "title:bus"}, {6}),
    ],
)  # fmt: skip
async def test_a_search_finds_what_the_catalogue_does(
    filled: Catalogue,
    portal_app: Litestar,
    parameters: dict[str, str],
    numbers: set[int],
) -> None:
    async with browse(portal_app, filled.territory) as program:
        result = await ask(program, "package_search", **parameters)

    assert {package["title"] for package in result["results"]} == {
        TABLE[number][0] for number in numbers
    }
    assert result["count"] == len(numbers)


async def test_pages_of_a_search_have_each_dataset_once(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        pages = [
            await ask(program, "package_search", rows=5, start=start)
            for start in (0, 5, 10, 15)
        ]
        unaligned = await ask(program, "package_search", rows=5, start=3)
        none = await ask(
            program,
            "package_search",
            rows=0,
            **{"facet.field": '["organization","groups","res_format"]'},
        )

    ids = [package["id"] for page in pages for package in page["results"]]
    assert len(ids) == len(set(ids)) == len(TABLE)
    assert [package["id"] for package in unaligned["results"]] == ids[3:8]
    assert (none["count"], none["results"]) == (len(TABLE), [])
    assert none["facets"]["organization"] == {"armor": 6, "kerlevan": 4, "goeland": 2}
    titles = {
        item["name"]: item["display_name"]
        for item in none["search_facets"]["organization"]["items"]
    }
    assert titles["goeland"] == "Réseau Goéland"


@by_depth(
    ("action", "values", "status", "kind"),
    [
        ("package_show", {"id": str(uuid4())}, 404, "Not Found Error"), ("package_show", {"id": "arbres"}, 404, "Not Found Error"),
        ("package_show", {}, 409, "Validation Error"), ("organization_show", {"id": "nobody"}, 404, "Not Found Error"),
        ("group_show", {"id": "trees"}, 404, "Not Found Error"), ("resource_show", {"id": str(uuid4())}, 404, "Not Found Error"),
        ("package_search", {"rows": "many"}, 409, "Validation Error"), ("package_search", {"fq": "-organization:armor"}, 400, "Search Query Error"),
        ("package_search", {"fq": "extras_x:y"}, 400, "Search Query Error"), ("package_list", {"limit": -1}, 409, "Validation Error"),
    ],
    by_default=[0],
)  # fmt: skip
async def test_what_is_wrong_is_said_as_ckan_does(
    filled: Catalogue,
    portal_app: Litestar,
    action: str,
    values: dict[str, Any],
    status: int,
    kind: str,
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.post(f"{BASE}/{action}", json=values)

    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert answer.json()["error"]["__type"] == kind
    assert answer.json()["error"]["message"]


@pytest.mark.usefixtures("alone")
async def test_what_cannot_be_read_is_refused(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    await filled.withdraw(record)
    async with browse(portal_app, filled.territory) as program:
        unknown = await program.get(f"{BASE}/package_create")
        broken = await program.post(f"{BASE}/package_list", content=b"{")
        flat = await program.post(f"{BASE}/package_list", content=b"[1]")
        gone = await program.get(f"{BASE}/package_show", params={"id": str(record.id)})

    assert [answer.status_code for answer in (unknown, broken, flat, gone)] == [
        400,
        400,
        400,
        410,
    ]
    assert unknown.json() == "Bad request - Action name not known: package_create"
    assert TABLE[1][0] in gone.json()["error"]["message"]


@pytest.mark.parametrize(
    "query", ["-tags:x", "organization:(a AND b)", "metadata_modified:[NOW-1DAY TO *]"]
)
def test_a_query_that_would_be_misread_is_refused(query: str) -> None:
    with pytest.raises(UnreadableQueryError):
        read_criteria({"fq": query}, {})


async def read_list(
    portal_app: Litestar, catalogue: Catalogue, query: str
) -> tuple[list[str], int, int]:
    """The names of a list, its largest piece and the most memory that it took meanwhile, in bytes."""
    pieces = list[bytes]()
    over = asyncio.Event()
    host = catalogue.territory.origin.partition("//")[2].encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": "",
        "path": f"{BASE}/package_list", "raw_path": f"{BASE}/package_list".encode(), "query_string": query.encode(),
        "headers": [(b"host", host)], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip

    async def receive() -> Any:
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pieces.append(zlib.compress(message.get("body", b"")))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            over.set()

    tracemalloc.start()
    try:
        await portal_app(scope, receive, send)  # type: ignore[arg-type] - a request made by hand
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    bodies = [zlib.decompress(piece) for piece in pieces]
    document = json.loads(b"".join(bodies))
    assert document["success"] is True
    return document["result"], max(map(len, bodies)), most - sum(map(len, pieces))


@pytest.mark.thorough
async def test_the_list_of_all_packages_takes_no_more_memory_than_a_part(
    wide: Catalogue, portal_app: Litestar
) -> None:
    await read_list(portal_app, wide, "limit=10")

    part, piece, least = await read_list(portal_app, wide, f"limit={NAMES_AT_ONCE}")
    whole, largest, most = await read_list(portal_app, wide, "")
    end, *_ = await read_list(portal_app, wide, f"offset={MANY - 2000}&limit=1500")

    assert len(whole) == len(set(whole)) == MANY + 1
    assert (part, end) == (whole[:NAMES_AT_ONCE], whole[MANY - 2000 : MANY - 500])
    assert largest <= piece + 1
    assert most < 2 * least


@pytest.mark.parametrize(
    ("query", "names"),
    [("limit=0", 0), (f"offset={len(TABLE)}", 0), ("limit=3&offset=11", 1)],
)
async def test_a_part_may_be_short_or_empty(
    filled: Catalogue, portal_app: Litestar, query: str, names: int
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.get(f"{BASE}/package_list?{query}")
        head = await program.head(f"{BASE}/package_list?{query}")

    assert len(answer.json()["result"]) == names
    assert (head.status_code, head.content) == (200, b"")

"""OGC API – Records: documents, questions, pages; what is wrong is named."""

from typing import Any

import pytest
from litestar import Litestar

from tests.depth import by_depth
from tests.portal.catalogue.corpus import TABLE, Catalogue
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed

JSON = {"Accept": "application/geo+json, application/json"}
ITEMS = "/ogc/collections/datasets/items"


def box(west: float, east: float) -> dict[str, Any]:
    sides = {
        "west_longitude": west,
        "east_longitude": east,
        "south_latitude": 48.0,
        "north_latitude": 48.5,
    }
    return {"geography": {"bounding_box": sides}}


@pytest.fixture(scope="module")
async def filled(lasting_catalogue: Catalogue, lasting_feed: SearchFeed) -> Catalogue:
    """Four datasets with places and times, the others without; for tests that change none."""
    for number in range(4, len(TABLE)):
        await lasting_catalogue.add(number)
    await lasting_catalogue.add(0, local_id="air-1", **box(-3.5, -3.0))
    await lasting_catalogue.add(1, **box(179.0, -179.0))
    await lasting_catalogue.add(
        2,
        temporal_spread={
            "start_date": "2019-01-01T00:00:00Z",
            "end_date": "2020-12-31T00:00:00Z",
        },
    )
    await lasting_catalogue.add(
        3,
        doi="10.5072/FK2/JV9LCO",
        temporal_spread={"start_date": "2022-01-01T00:00:00Z"},
    )
    await lasting_feed.run_once()
    return lasting_catalogue


async def test_documents_lead_to_each_other(
    filled: Catalogue, portal_app: Litestar
) -> None:
    visited_urls = set()
    waiting = [f"{filled.territory.origin}/ogc"]
    async with browse(portal_app, filled.territory) as program:
        while waiting:
            url = waiting.pop()
            if (
                url in visited_urls
                or len(visited_urls) > 40
                or not url.startswith(f"{filled.territory.origin}/ogc")
            ):
                continue
            visited_urls.add(url)
            answer = await program.get(
                url, headers={} if url.endswith("f=html") else JSON
            )
            assert answer.status_code == 200, url
            if not answer.headers["content-type"].startswith("text/html"):
                waiting += [link["href"] for link in answer.json().get("links", [])]
        conformance = (await program.get("/ogc/conformance", headers=JSON)).json()[
            "conformsTo"
        ]
        description = await program.get("/ogc/api", headers=JSON)

    assert {
        f"{filled.territory.origin}{path}"
        for path in ("/ogc/api", ITEMS, f"{ITEMS}?f=html")
    } <= visited_urls
    assert (
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
        in conformance
    )
    assert description.json()["openapi"].startswith("3.0")
    assert "/collections/{catalogId}/items" in description.json()["paths"]


async def test_pages_of_records_have_each_dataset_once(
    filled: Catalogue, portal_app: Litestar
) -> None:
    ids: list[str] = []
    async with browse(portal_app, filled.territory) as program:
        url = f"{ITEMS}?limit=5"
        while url:
            page = (await program.get(url, headers=JSON)).json()
            ids += [record["id"] for record in page["features"]]
            url = next(
                (link["href"] for link in page["links"] if link["rel"] == "next"), ""
            )

    assert len(ids) == len(set(ids)) == len(TABLE) == page["numberMatched"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=velos", {1}), ("q=velos,menus", {1, 3}), ("bbox=-4,47,-2,49", {0}), ("bbox=-180,47,-178,49", {1}),
        ("bbox=178,47,-178,49", {1}), ("bbox=0,0,1,1", set()), ("datetime=2020-06-01", {2}), ("datetime=2023-01-01/..", {3}),
        ("datetime=../2018-12-31", set()), ("externalIds=air-1,10.5072/FK2/JV9LCO", {0, 3}), ("type=service", set()),
        ("bbox=-4,47,-2,49&q=velos", set()),
    ],
)  # fmt: skip
async def test_a_question_is_answered(
    filled: Catalogue, portal_app: Litestar, query: str, titles: set[int]
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.get(f"{ITEMS}?{query}", headers=JSON)

    assert {record["properties"]["title"] for record in answer.json()["features"]} == {
        TABLE[number][0] for number in titles
    }


async def test_records_come_in_the_order_asked(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answers = [
            await program.get(f"{ITEMS}?limit=100&sortby={sort}", headers=JSON)
            for sort in ("title", "-title", "-created")
        ]

    titles = [
        [record["properties"]["title"] for record in answer.json()["features"]]
        for answer in answers
    ]
    assert titles[0] == list(reversed(titles[1]))
    assert titles[2][0] == TABLE[3][0]


@by_depth(
    ("query", "field"),
    [("bbox=1,2,3", "bbox"), ("bbox=0,50,1,40", "bbox"), ("datetime=hier", "datetime"), ("datetime=2024-01-01/2023-01-01", "datetime"),
     ("limit=0", "limit"), ("offset=-1", "offset"), ("sortby=size", "sortby"), ("couleur=rouge", "couleur"), ("f=xml", "f")],
    by_default=[0],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(
    filled: Catalogue, portal_app: Litestar, query: str, field: str
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.get(f"{ITEMS}?{query}", headers=JSON)

    assert answer.status_code == 400
    assert [
        (error["field"], bool(error["remedy"])) for error in answer.json()["errors"]
    ] == [(field, True)]


async def test_a_record_says_what_the_dataset_is(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(6, doi="10.5072/FK2/OTHER", **box(-3.5, -3.0))
    closed = await armor.add(7)

    async with browse(portal_app, armor.territory) as program:
        feature = (await program.get(f"{ITEMS}/{record.id}", headers=JSON)).json()
        restricted = await program.get(f"{ITEMS}/{closed.id}", headers=JSON)
        page = await program.get(f"{ITEMS}/{record.id}")
        await armor.withdraw(record)
        gone = await program.get(f"{ITEMS}/{record.id}", headers=JSON)
        unknown = await program.get("/ogc/collections/others/items", headers=JSON)

    assert feature["id"] == str(record.id)
    assert feature["geometry"]["coordinates"][0][0] == [-3.5, 48.0]
    assert {"scheme": "doi", "value": "10.5072/FK2/OTHER"} in feature["properties"][
        "externalIds"
    ]
    assert feature["properties"]["formats"] == [
        {"name": "GTFS", "mediaType": "application/gtfs+zip"}
    ]
    assert [link["href"] for link in feature["links"] if link["rel"] == "item"] == [
        record.media[0].url
    ]
    assert closed.media[0].url not in restricted.text
    assert (page.status_code, page.headers["location"]) == (303, f"/data/{record.id}")
    assert gone.status_code == 410
    assert unknown.status_code == 404

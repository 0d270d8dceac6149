"""The catalogue for programs."""

import json
from uuid import uuid4

import pytest
from litestar import Litestar

from tests.depth import by_depth
from tests.portal.catalogue.corpus import TABLE, Catalogue
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed

BASE = "/api/v1"


async def test_a_search_answers_as_the_page_does(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        answer = await program.get(
            f"{BASE}/datasets", params={"q": "velos", "access": "public"}
        )
        page = await program.get("/data", params={"q": "velos", "access": "public"})

    result = answer.json()
    assert result["total"] == len(result["items"]) == 1
    assert result["items"][0]["title"] == TABLE[1][0]
    assert result["items"][0]["producer"] == {
        "slug": "armor",
        "name": "Armorine Métropole",
    }
    assert f"/data/{result['items'][0]['id']}" in page.text
    assert {"value": "transportation", "count": 1} in result["facets"]["theme"]
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.thorough
async def test_pages_are_linked_to_their_neighbours(
    filled: Catalogue, portal_app: Litestar
) -> None:
    ids: list[str] = []
    async with browse(portal_app, filled.territory) as program:
        url = f"{BASE}/datasets?size=5"
        while url:
            answer = await program.get(url)
            ids += [item["id"] for item in answer.json()["items"]]
            url = answer.links.get("next", {}).get("url", "")

    assert len(ids) == len(set(ids)) == len(TABLE)
    assert answer.links["prev"]["url"].endswith("size=5&page=2")
    assert (
        answer.links["first"]["url"]
        == f"{filled.territory.origin}{BASE}/datasets?size=5"
    )
    assert answer.links["last"]["url"] == answer.json()["links"]["self"]


@pytest.mark.usefixtures("alone")
async def test_an_unchanged_answer_costs_nothing(
    filled: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        first = await program.get(f"{BASE}/datasets")
        second = await program.get(f"{BASE}/datasets")
        plain = await program.get(
            f"{BASE}/datasets", headers={"Accept-Encoding": "identity"}
        )
        zipped = await program.get(
            f"{BASE}/datasets", headers={"Accept-Encoding": "gzip"}
        )
        unchanged = await program.get(
            f"{BASE}/datasets", headers={"If-None-Match": first.headers["etag"]}
        )
        await filled.add(0)
        await feed.run_once()
        changed = await program.get(
            f"{BASE}/datasets", headers={"If-None-Match": first.headers["etag"]}
        )

    assert first.json() == second.json() == plain.json() == zipped.json()
    assert first.headers["link"] == second.headers["link"]
    assert [
        answer.headers["content-encoding"] for answer in (first, second, zipped)
    ] == ["br", "br", "gzip"]
    assert zipped.headers["etag"] == first.headers["etag"]
    assert "content-encoding" not in plain.headers
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.json()["total"] == len(TABLE) + 1


@by_depth(
    ("query", "field"),
    [
        ("page=0", "page"), ("page=x", "page"), ("size=101", "size"), ("size=-3", "size"), ("sort=newest", "sort"),
        ("access=open", "access"), ("theme=Mobilité", "theme"), ("q=" + "x" * 201, "q"), ("them=housing", "them"),
        ("exact=yes", "exact"), ("page=%D9%A3", "page"), ("format=" + "&format=".join("abcdefghijklmnopqrstuvwxyz012345"), "format"),
    ],
    by_default=[0],
)  # fmt: skip
async def test_a_wrong_parameter_is_named_with_its_remedy(
    stocked: Catalogue, portal_app: Litestar, query: str, field: str
) -> None:
    async with browse(portal_app, stocked.territory) as program:
        answer = await program.get(f"{BASE}/datasets?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [
        (error["field"], bool(error["reason"] and error["remedy"]))
        for error in answer.json()["errors"]
    ] == [(field, True)]


@pytest.mark.usefixtures("alone")
async def test_a_dataset_comes_with_its_record(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1, local_id="velo-1", doi="10.5072/FK2/JV9LCO")

    async with browse(portal_app, filled.territory) as program:
        ours = (await program.get(f"{BASE}/datasets/{record.id}")).json()
        theirs = await program.get(f"/konsult/v1/datasets/{record.id}/metadatas")

    assert ours["record"] == theirs.json()
    assert theirs.json()["global_id"] == str(record.id) == ours["id"]
    assert theirs.json()["local_id"] == "velo-1"
    assert [media["format"] for media in ours["distributions"]] == ["CSV", "GeoJSON"]
    assert ours["distributions"][0]["checksum"] == {
        "algorithm": "SHA-256",
        "value": record.media[0].checksum.value,
    }  # type: ignore[union-attr]


@pytest.mark.usefixtures("alone")
async def test_what_is_not_there_is_said_in_json(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    await filled.withdraw(record)
    urls = {
        f"{BASE}/datasets/{record.id}": 410,
        f"{BASE}/datasets/{uuid4()}": 404,
        f"{BASE}/datasets/x": 404,
        f"{BASE}/producers/nobody": 404,
        f"/konsult/v1/datasets/{uuid4()}/metadatas": 404,
        f"/konsult/v1/datasets/{record.id}/metadatas": 410,
    }

    async with browse(portal_app, filled.territory) as program:
        answers = {url: await program.get(url) for url in urls}

    assert {url: answer.status_code for url, answer in answers.items()} == urls
    assert all(
        answer.headers["content-type"].startswith("application/problem+json")
        for answer in answers.values()
    )
    gone = answers[f"{BASE}/datasets/{record.id}"].json()
    assert TABLE[1][0] in gone["detail"]
    assert "Armorine Métropole" in gone["detail"]


async def test_producers_are_listed_with_their_counts(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        everyone = (await program.get(f"{BASE}/producers")).json()
        producer = (await program.get(f"{BASE}/producers/goeland")).json()

    expected = {
        slug: sum(line[5] == slug for line in TABLE)
        for slug in ("armor", "kerlevan", "goeland")
    }
    assert {item["slug"]: item["datasets"] for item in everyone["items"]} == expected
    assert producer in everyone["items"]


async def test_an_answer_holds_no_row_of_another_territory(
    filled: Catalogue, elsewhere: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, elsewhere.territory) as neighbour:
        datasets = await neighbour.get(f"{BASE}/datasets")
        producers = await neighbour.get(f"{BASE}/producers")

    assert datasets.json()["total"] == 0
    assert [item["datasets"] for item in producers.json()["items"]] == [0, 0, 0]
    assert json.dumps(TABLE[1][0])[1:-1] not in datasets.text


@pytest.mark.usefixtures("alone")
async def test_a_walk_meets_each_dataset_once_while_others_come_and_go(
    filled: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, filled.territory) as program:
        existing_ids = {
            item["id"]
            for item in (await program.get(f"{BASE}/datasets?size=100")).json()["items"]
        }
        gone = await filled.add(0, global_id="ffffffff-ffff-4fff-bfff-ffffffffffff")
        visited_ids: list[str] = []
        url = f"{BASE}/datasets/all?size=5"
        while url:
            answer = await program.get(url)
            visited_ids += [item["id"] for item in answer.json()["items"]]
            url = answer.links.get("next", {}).get("url", "")
            assert answer.json()["links"].get("next", "") == url
            if len(visited_ids) == 5:
                await filled.withdraw(gone)
                await filled.add(1, global_id="00000000-0000-4000-8000-000000000001")

    assert len(existing_ids) == len(TABLE)
    assert len(visited_ids) == len(set(visited_ids))
    assert set(visited_ids) == existing_ids, (
        "neither the one that left nor the one that came behind the walk"
    )


@by_depth(
    ("query", "field"),
    [("cursor=x", "cursor"), ("size=101", "size"), ("size=0", "size"), ("q=velo", "q")],
    by_default=[0],
)
async def test_a_walk_that_cannot_be_made_says_why(
    stocked: Catalogue, portal_app: Litestar, query: str, field: str
) -> None:
    async with browse(portal_app, stocked.territory) as program:
        answer = await program.get(f"{BASE}/datasets/all?{query}")

    assert answer.status_code == 422
    assert [
        (error["field"], bool(error["remedy"])) for error in answer.json()["errors"]
    ] == [(field, True)]


@pytest.mark.usefixtures("alone")
async def test_what_did_not_change_is_not_sent_again(
    filled: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    addresses = [
        f"{BASE}/datasets/{record.id}",
        f"{BASE}/producers",
        f"{BASE}/producers/armor",
        f"{BASE}/datasets/all",
    ]
    async with browse(portal_app, filled.territory) as program:
        first = {url: await program.get(url) for url in addresses}
        again = {
            url: await program.get(
                url, headers={"If-None-Match": answer.headers["etag"]}
            )
            for url, answer in first.items()
        }
        since = first[addresses[0]].headers["last-modified"]
        unchanged = await program.get(
            addresses[0], headers={"If-Modified-Since": since}
        )
        await filled.add(2)
        await feed.run_once()
        changed = {
            url: await program.get(
                url, headers={"If-None-Match": answer.headers["etag"]}
            )
            for url, answer in first.items()
        }

    assert {url: answer.status_code for url, answer in first.items()} == dict.fromkeys(
        addresses, 200
    )
    assert {
        url: (answer.status_code, answer.content) for url, answer in again.items()
    } == dict.fromkeys(addresses, (304, b""))
    assert (
        unchanged.status_code,
        unchanged.headers["access-control-allow-origin"],
    ) == (304, "*")
    assert [changed[url].status_code for url in addresses[:2]] == [304, 200]


@pytest.mark.parametrize(
    "path", ["/api/openapi.json", f"{BASE}/datasets", f"{BASE}/producers/armor"]
)
async def test_a_page_of_another_site_may_ask_with_conditions(
    stocked: Catalogue, portal_app: Litestar, path: str
) -> None:
    headers = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "GET",
    }
    async with browse(portal_app, stocked.territory) as program:
        answer = await program.options(
            path, headers=headers | {"Access-Control-Request-Headers": "if-none-match"}
        )
        head = await program.head(path)

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (
        204,
        "*",
    )
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert (head.status_code, head.content) == (200, b"")

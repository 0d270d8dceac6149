"""The catalogue's pages, as visitors see them; each is checked by the page checker when fetched."""

from uuid import uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.depth import by_depth
from tests.portal.catalogue.corpus import TABLE, Catalogue
from tests.visitors import browse, make_person
from udi.kit.db import Database
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.search.feed import SearchFeed

LIMIT = 100_000
MOST_REQUESTS = 8


async def fetch(
    app: Litestar, catalogue: Catalogue, url: str, language: str = "en"
) -> httpx.Response:
    async with browse(app, catalogue.territory) as visitor:
        return await visitor.get(url, headers={"Accept-Language": language})


@pytest.mark.usefixtures("alone")
@by_depth("language", ["fr", "en"], by_default=[0])
async def test_each_page_is_sound_and_light_in_both_languages(
    filled: Catalogue, portal_app: Litestar, language: str
) -> None:
    record = await filled.add(1)
    addresses = [
        "/", "/data", "/data?q=velos", "/data?q=trotinette", "/data?q=xylophone", "/data?theme=environment&access=restricted",
        "/data?format=CSV&format=JSON&sort=title&page=2", f"/data/{record.id}", "/producers", "/producers/kerlevan",
        "/producers/kerlevan?q=arbre", "/producers/kerlevan?q=xylophone", "/charter", "/legal", "/accessibility", "/eco-design", "/api",
    ]  # fmt: skip

    async with browse(portal_app, filled.territory) as visitor:
        answers = {
            url: await visitor.get(url, headers={"Accept-Language": language})
            for url in addresses
        }
        shared = await visitor.get("/theme.css")

    assert {
        url: answer.status_code
        for url, answer in answers.items()
        if answer.status_code != 200
    } == {}
    assert all(f'<html lang="{language}"' in answer.text for answer in answers.values())
    assert (
        max(len(answer.text.encode()) for answer in answers.values())
        + len(shared.content)
        < LIMIT / 2
    )


async def test_the_home_page_says_what_there_is(
    filled: Catalogue, portal_app: Litestar
) -> None:
    home = await fetch(portal_app, filled, "/")

    assert f"{len(TABLE)} datasets, 3 producers" in home.text
    assert 'href="/data?theme=environment"' in home.text
    assert TABLE[-1][0] in home.text
    assert TABLE[0][0] not in home.text, "only the latest are on the home page"


async def test_an_empty_territory_invites_to_publish(
    elsewhere: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    await feed.run_once()

    home = await fetch(portal_app, elsewhere, "/")
    data = await fetch(portal_app, elsewhere, "/data")

    assert "Nothing is published yet" in home.text
    assert elsewhere.territory.links["node"] in home.text
    assert "Nothing is published yet" in data.text


async def test_a_search_marks_its_words_and_names_its_filters(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=v%C3%A9los&access=public", "fr")

    assert "<mark>vélo</mark>" in page.text
    assert (
        "1 jeu de données sur «\N{NO-BREAK SPACE}vélos\N{NO-BREAK SPACE}»" in page.text
    )
    assert (
        'href="/data?q=v%C3%A9los"><span class="hide">Enlever le filtre </span>Ouverte'
        in page.text
    )
    assert 'name="robots" content="noindex' in page.text


@pytest.mark.thorough
async def test_a_misspelt_word_is_replaced_and_said_so(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=trotinette")
    exact = await fetch(portal_app, filled, "/data?q=trotinette&exact=1")

    assert (
        "No dataset has the word “trotinette”: here are those that have “trottinette”."
        in page.text
    )
    assert 'href="/data?q=trotinette&amp;exact=1"' in page.text
    assert "No dataset is about “trotinette”" in exact.text


@pytest.mark.thorough
async def test_an_empty_search_says_what_less_would_find(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/data?q=velos+cantine&theme=housing")
    fewer = await fetch(portal_app, filled, "/data?q=velos&theme=housing")

    assert "No dataset is about “velos cantine”" in page.text
    assert "mailto:" in page.text
    assert "Without the filter “Housing”" in fewer.text
    assert 'href="/data?q=velos"' in fewer.text


async def test_without_an_index_the_newest_are_listed_and_it_is_reported(
    armor: Catalogue, portal_app: Litestar
) -> None:
    await armor.add_all()

    page = await fetch(portal_app, armor, "/data?q=velos&theme=environment")

    assert "Search is being prepared" in page.text
    assert page.text.count('<h3 dir="auto">') == sum(
        line[3] == "environment" for line in TABLE
    )
    assert "etag" not in page.headers


@pytest.mark.usefixtures("alone")
async def test_a_dataset_page_says_everything(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(
        1,
        resource_title="Comptages, tout compris",
        summary=[{"lang": "fr", "text": "Lisez", "html": "<p>Lisez <b>ceci</b>.</p><script>alert(1)</script>"}],
        temporal_spread={"start_date": "2019-01-01T00:00:00Z"},
        geography={"bounding_box": {"west_longitude": -3.5, "south_latitude": 48.0, "east_longitude": -3.0, "north_latitude": 48.5}},
        resource_languages=["fr", "en"],
    )  # fmt: skip

    page = await fetch(portal_app, filled, f"/data/{record.id}")

    for fragment in (
        record.media[0].url, "48.2\N{NO-BREAK SPACE}MB", record.media[0].checksum.value, "GeoJSON",  # type: ignore[union-attr]
        "Open Licence 2.0", "You may copy, change and sell these data", "Armorine Métropole", "6 January 2026",
        "since 1 January 2019", "about 37 km by 56 km", "mailto:donnees@armor.example", "French, English",
        f"{filled.territory.origin}/data/{record.id}", "<b>ceci</b>",
    ):  # fmt: skip
        assert fragment in page.text, fragment
    assert "alert(1)" not in page.text
    canonical = f'rel="canonical" href="{filled.territory.origin}/data/{record.id}/comptages-tout-compris"'
    assert canonical in page.text
    assert (
        canonical
        in (
            await fetch(portal_app, filled, f"/data/{record.id}/comptages-tout-compris")
        ).text
    )


@pytest.mark.usefixtures("alone")
async def test_a_restricted_dataset_is_found_but_not_offered(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(7)

    page = await fetch(portal_app, filled, f"/data/{record.id}")

    assert "Access on request, for a specific project" in page.text
    assert record.media[0].name in page.text
    assert record.media[0].url not in page.text


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_a_licence_of_their_own_is_named_with_its_text(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(5)

    page = await fetch(portal_app, filled, f"/data/{record.id}", "fr")

    assert "Conditions du réseau" in page.text
    assert 'href="https://goeland.example/licence"' in page.text


@pytest.mark.usefixtures("alone")
async def test_a_withdrawn_dataset_says_who_and_when_and_no_more(
    filled: Catalogue, portal_app: Litestar, portal_database: Database
) -> None:
    record = await filled.add(4)
    await filled.withdraw(record)

    page = await fetch(portal_app, filled, f"/data/{record.id}/slug", "fr")

    assert page.status_code == 410
    assert "Mairie de Kerlévan a retiré ces données le " in page.text
    assert TABLE[4][1] not in page.text
    async with portal_database.session(filled.territory.id) as session:
        result = await session.execute(
            select(Dataset.record, Dataset.synopsis, Dataset.keywords).where(
                Dataset.id == record.id
            )
        )
        assert result.one() == ({}, {}, [])


async def test_an_unknown_dataset_is_not_here(
    filled: Catalogue, portal_app: Litestar
) -> None:
    statuses = {
        f"/data/{uuid4()}": 404,
        "/data/not-an-id": 404,
        "/nothing-here": 404,
        "/producers/nobody": 404,
        "/producers/%00": 404,
        "/data/%ff": 404,
    }

    assert {
        url: (await fetch(portal_app, filled, url)).status_code for url in statuses
    } == statuses


@pytest.mark.usefixtures("alone")
async def test_another_territory_sees_nothing(
    filled: Catalogue, elsewhere: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    person = make_person(elsewhere.territory, moderator=True)

    async with browse(portal_app, elsewhere.territory, person) as neighbour:
        answers = [
            await neighbour.get(url)
            for url in (
                f"/data/{record.id}",
                f"/api/v1/datasets/{record.id}",
                f"/konsult/v1/datasets/{record.id}/metadatas",
            )
        ]
        pages = [
            await neighbour.get(url)
            for url in ("/", "/data?q=velos", "/producers/armor")
        ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert all(TABLE[1][0] not in page.text for page in pages)


async def test_a_producer_page_shows_who_and_only_its_data(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/producers/kerlevan?producer=armor")

    assert "Mairie de Kerlévan, in short." in page.text
    assert 'href="mailto:donnees@kerlevan.example"' in page.text
    assert "1 place du Marché" in page.text
    assert TABLE[3][0] in page.text
    assert TABLE[0][0] not in page.text


@pytest.mark.thorough
async def test_the_territorys_texts_come_in_the_readers_language(
    filled: Catalogue, portal_app: Litestar
) -> None:
    french, english = [
        await fetch(portal_app, filled, "/charter", language)
        for language in ("fr", "en")
    ]

    assert "<h1>Charte</h1>" in french.text
    assert "<h1>Charter</h1>" in english.text


@pytest.mark.usefixtures("alone")
async def test_an_answer_is_kept_until_the_index_changes(
    filled: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    every = "/data?theme=environment"
    async with browse(portal_app, filled.territory) as visitor:
        first = await visitor.get(every)
        again = await visitor.get(
            every, headers={"If-None-Match": first.headers["etag"]}
        )
        english = await visitor.get(
            every,
            headers={"Accept-Language": "en", "If-None-Match": first.headers["etag"]},
        )
        await filled.add(0, resource_title="Fontaines à boire")
        await feed.run_once()
        later = await visitor.get(
            every, headers={"If-None-Match": first.headers["etag"]}
        )

    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert english.status_code == later.status_code == 200
    assert "Fontaines à boire" in later.text
    assert "Fontaines à boire" not in first.text


async def test_a_member_gets_a_page_of_their_own(
    filled: Catalogue, portal_app: Litestar
) -> None:
    await fetch(portal_app, filled, "/data", "fr")

    async with browse(
        portal_app, filled.territory, make_person(filled.territory)
    ) as member:
        page = await member.get("/data")

    assert "/my-space" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "etag" not in page.headers


ODD = [
    "q=%00", "q=%ff%fe", "q=%ED%A0%80", 'q="(((*:~^', "q=a%22+OR+theme:x", "sort=%00", "q=%F0%9F%9A%B2",
]  # fmt: skip
"""Odd words of a question that is one."""
INVALID_QUERIES = [
    "q=" + "x" * 10_000, "theme=%00&theme=nope", "access=x", "producer=" + "é" * 500, "page=-1", "page=x",
    "page=99999999999999999999", "size=1000000", "%00=%00", "q[]=1&q=2", ";;;&&&===",
    "&".join(f"format=f{number}" for number in range(31)), "&".join(f"format=f{number}" for number in range(400)),
]  # fmt: skip
"""What the API says is no question; pages do their best."""


async def ask_everywhere(
    catalogue: Catalogue, app: Litestar, query: str
) -> tuple[list[int], httpx.Response]:
    """Ask three pages and the API; return the statuses of the pages, and the API's answer."""
    async with browse(app, catalogue.territory) as visitor:
        pages = [
            await visitor.get(f"{path}?{query}")
            for path in ("/data", "/producers/armor", "/")
        ]
        return [page.status_code for page in pages], await visitor.get(
            f"/api/v1/datasets?{query}"
        )


@by_depth("query", ODD, ids=lambda query: query[:20], by_default=[0])
async def test_an_odd_question_is_answered(
    stocked: Catalogue, portal_app: Litestar, query: str
) -> None:
    pages, answer = await ask_everywhere(stocked, portal_app, query)

    assert (pages, answer.status_code) == ([200, 200, 200], 200)


@by_depth("query", INVALID_QUERIES, ids=lambda query: query[:20], by_default=[0])
async def test_a_wrong_question_is_refused_by_the_api_and_no_accident_of_a_page(
    stocked: Catalogue, portal_app: Litestar, query: str
) -> None:
    pages, answer = await ask_everywhere(stocked, portal_app, query)

    assert (pages, answer.status_code) == ([200, 200, 200], 422)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"]
    assert [
        error
        for error in answer.json()["errors"]
        if not (error["field"] and error["remedy"])
    ] == []

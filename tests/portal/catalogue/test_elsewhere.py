"""Other portals, asked over the wire: shown apart, if they agreed. Territories of one installation: `test_together.py`."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.portal.catalogue.corpus import Catalogue
from tests.service_overrides import ServiceOverrides
from tests.visitors import browse
from udi.kit.tenancy import Territory
from udi.portal.catalogue.elsewhere import partners
from udi.portal.catalogue.elsewhere.answers import has_search_terms, portable_criteria
from udi.portal.catalogue.elsewhere.partners import PARTNERS, Partners
from udi.portal.catalogue.feeds.topics import target_of
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.ui.site import Site

Answering = Callable[[str], Awaitable[bytes]]


@asynccontextmanager
async def other_portal(answering: Answering) -> AsyncIterator[tuple[str, list[str]]]:
    """A portal somewhere else, over real HTTP: its address, and what it was asked."""
    requests: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            requests.append(head)
            body = await answering(head.split(" ")[1])
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            )
            writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://lyon.localhost:{server.sockets[0].getsockname()[1]}", requests
    finally:
        server.close()


async def set_search(catalogue: Catalogue, **search: Any) -> None:
    async with catalogue.database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant)
            .where(Tenant.id == catalogue.territory.id)
            .values(search=search)
        )


@pytest.fixture
async def two(
    armor: Catalogue, elsewhere: Catalogue, feed: SearchFeed, portal_site: Site
) -> tuple[Catalogue, Catalogue]:
    await armor.add_all()
    await elsewhere.add(1, resource_title="Vélos de la vallée")
    await elsewhere.add(1, resource_title="Pistes cyclables")
    await feed.run_once()
    ServiceOverrides(portal_site.services)[PARTNERS] = Partners(portal_site.outgoing)
    return armor, elsewhere


async def fetch(app: Litestar, territory: Territory | None, url: str) -> httpx.Response:
    async with browse(app, territory) as visitor:
        return await visitor.get(url, headers={"Accept-Language": "en"})


async def test_a_portal_that_agreed_is_asked_over_the_wire_and_shown_apart(
    two: tuple[Catalogue, Catalogue], portal_app: Litestar
) -> None:
    catalogue, theirs = two
    await set_search(theirs, shared=True)
    async with browse(portal_app, theirs.territory) as partner:

        async def forward(path: str) -> bytes:
            answer = await partner.get(path)
            return answer.content.replace(
                theirs.territory.origin.encode(), origin.encode()
            )

        async with other_portal(forward) as (origin, requests):
            await set_search(theirs, shared=False)
            await set_search(catalogue, partners=[origin])
            closed = await fetch(
                portal_app, catalogue.territory, "/data?q=v%C3%A9lo&portals=1"
            )
            await set_search(theirs, shared=True)
            agreed = await fetch(
                portal_app,
                catalogue.territory,
                "/data?q=v%C3%A9lo&producer=armor&portals=1",
            )
            unasked = len(requests)
            await fetch(portal_app, catalogue.territory, "/data?q=v%C3%A9lo")
            await fetch(portal_app, catalogue.territory, "/data?q=v%C3%A9lo&partners=1")

    assert "does not share its answers with other portals" in closed.text
    assert "Vélos de la vallée" not in closed.text
    assert (
        f'<a href="{origin}/data?q=v%C3%A9lo">{theirs.territory.name["en"]}</a>'
        in agreed.text
    )
    assert f'href="{origin}/data/' in agreed.text
    assert len(requests) == unasked == 2
    assert requests[1].startswith("GET /api/v1/datasets?q=v%C3%A9lo&size=3 "), (
        "no producer, nothing of the reader"
    )
    assert "cookie" not in requests[1].lower()


async def test_words_go_to_other_portals_only_where_one_says_so(
    armor: Catalogue,
    elsewhere: Catalogue,
    feed: SearchFeed,
    portal_app: Litestar,
    portal_site: Site,
) -> None:
    """A region without data of its own, whose searches go to its partners at once."""

    async def answering(_: str) -> bytes:
        return b'{"total": 2, "shared": true}'

    await elsewhere.add(1, resource_title="Vélos de la vallée")
    await set_search(elsewhere, shared=True)
    ServiceOverrides(portal_site.services)[PARTNERS] = Partners(portal_site.outgoing)
    async with other_portal(answering) as (origin, requests):
        await set_search(armor, partners=[origin])
        await feed.run_once()
        led = await fetch(portal_app, armor.territory, "/data?q=velo")
        page = await fetch(portal_app, armor.territory, led.headers["location"])
        unasked = len(requests)
        answer_of_portals = await fetch(
            portal_app, armor.territory, f"{led.headers['location']}&portals=1"
        )

    sentence = "Your words and filters are then sent to the portals"
    assert led.headers["location"] == "/data?q=velo&partners=1"
    assert unasked == 0
    assert sentence in page.text
    assert 'href="/data?q=velo&amp;partners=1&amp;portals=1"' in page.text
    assert "On other portals" in answer_of_portals.text
    assert sentence not in answer_of_portals.text
    assert 'href="/api/v1/datasets?q=velo&amp;partners=1"' in answer_of_portals.text
    assert len(requests) == 1


def test_what_is_followed_is_in_the_territory_s_own_catalogue() -> None:
    wide = Criteria("velo", partners=True, portals=True, territory=("far",))

    assert target_of(wide) == target_of(Criteria("velo")) == ("search", "q=velo")


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b'{"total": -1, "shared": true}', b'{"total": 1, "shared": true, "items": [{"title": 3}]}', b"[" * 100_000,
     b'{"x": "' + b"y" * 300_000 + b'"}'],
    ids=["a page", "a list", "less than nothing", "no title", "deep", "heavy"],
)  # fmt: skip
async def test_an_answer_that_is_none_is_silence(
    body: bytes, portal_site: Site
) -> None:
    async def answering(_: str) -> bytes:
        return body

    async with other_portal(answering) as (origin, _):
        (place,) = await Partners(portal_site.outgoing).search(
            [origin], Criteria("vélo"), "fr"
        )

    assert (place.silent, place.total, place.answers) == ("away", 0, [])


async def test_addresses_that_lead_away_from_the_portal_that_answers_are_dropped(
    portal_site: Site,
) -> None:
    async def answering(_: str) -> bytes:
        pages = [
            "javascript:alert(1)",
            "http://elsewhere.example/data/1",
            f"{origin}.example/data",
            f"{origin}/data/1",
        ]
        items = [{"title": f"<b>{page}</b>", "page": page} for page in pages]
        return json.dumps({"total": 9, "shared": True, "items": items[1:]}).encode()

    async with other_portal(answering) as (origin, _):
        (place,) = await Partners(portal_site.outgoing).search(
            [origin], Criteria("vélo"), "fr"
        )

    assert [answer.url for answer in place.answers] == [f"{origin}/data/1"]


async def test_portals_are_asked_at_once(portal_site: Site) -> None:
    """None of the two answers before both are asked."""
    both = asyncio.Barrier(2)

    async def together(_: str) -> bytes:
        await both.wait()
        return b'{"total": 2, "shared": true}'

    async with (
        other_portal(together) as (first_origin, _),
        other_portal(together) as (another, _),
    ):
        places = await Partners(portal_site.outgoing).search(
            [first_origin, another], Criteria("vélo"), "fr"
        )

    assert [(place.silent, place.total) for place in places] == [("", 2), ("", 2)]


async def test_portals_are_waited_for_a_moment_and_a_silent_one_is_left_alone(
    portal_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partners, "PATIENCE", 3.0)
    over = asyncio.Event()

    async def slowly(_: str) -> bytes:
        await over.wait()
        return b"{}"

    async def quickly(_: str) -> bytes:
        return b'{"total": 2, "shared": true}'

    several = Partners(portal_site.outgoing)
    async with (
        other_portal(slowly) as (slow, requests),
        other_portal(quickly) as (quick, _),
    ):
        async with asyncio.timeout(60):
            places = [
                await several.search([slow, slow, quick], Criteria("vélo"), "fr")
                for _ in range(3)
            ]
            again = await several.search([slow], Criteria("vélo"), "fr")
        over.set()

    assert [place.silent for place in places[0]] == ["away", "away", ""]
    assert places[2][2].total == 2
    assert again[0].silent == "away"
    assert len(requests) == 4, "after three silences it is not asked"


async def test_an_address_that_may_not_be_reached_is_silence(portal_site: Site) -> None:
    (place,) = await Partners(portal_site.outgoing).search(
        ["http://10.0.0.1:22"], Criteria("vélo"), "fr"
    )

    assert place.silent == "away"


def test_what_others_are_asked_has_nothing_of_ones_own() -> None:
    criteria = Criteria(
        "vélo", theme=("culture",), producer=("armor",), sort="title", page=4
    )

    assert portable_criteria(criteria) == Criteria("vélo", theme=("culture",), size=3)
    assert has_search_terms(criteria)
    assert not has_search_terms(Criteria(producer=("armor",)))

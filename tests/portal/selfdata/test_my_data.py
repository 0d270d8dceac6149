"""`/my-data`: who may hold data about me, read by anybody; letters from the address alone; nothing kept."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from sqlalchemy import func, select, text, update

from tests.depth import by_depth
from tests.portal.selfdata.conftest import ENGLISH, REGISTER, TownHall
from tests.visitors import browse
from udi.kit import clock
from udi.kit.tenancy import Territory
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.choice import ChoiceFilters
from udi.portal.tenants.toml.site_schema import LinkPart
from udi.protocol.subject_requests import SubjectRight

STATEMENT = {
    "holds_data": "yes",
    "officer_email": "dpo@kerlevan.example",
    "officer_address": "Place de la Mairie",
}


async def publish_canteen(town_hall: TownHall) -> None:
    await town_hall.manager.post(f"{REGISTER}/statement", data=STATEMENT)
    await town_hall.publish(await town_hall.add(service_en="School canteen"))


async def read(town_hall: TownHall, address: str) -> str:
    answer = await town_hall.anyone.get(address, headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def list_cards(page: str) -> list[str]:
    """The organisations of a page, in order."""
    return re.findall(r'<h3 dir="auto"><a href="/my-data/producers/([\w-]+)"', page)


def list_ticked(page: str) -> list[str]:
    """Those that are chosen: by a tick or out of sight."""
    ticked = re.findall(r'name="org" value="([\w-]+)" checked', page)
    form = page.partition('<form action="/my-data/letter">')[2]
    return ticked + re.findall(r'type="hidden" name="org" value="([\w-]+)"', form)


async def fill(town_hall: TownHall, number: int) -> None:
    async with town_hall.site.database.session(town_hall.territory.id) as session:
        for n in range(number):
            await apply_organisation(
                session,
                id=UUID(int=100 + n),
                slug=f"o{n:02}",
                name=f"Organisme {n:02}",
                summary={},
                email=f"o{n:02}@o.example",
            )


async def test_each_producer_is_there_whatever_it_said(town_hall: TownHall) -> None:
    await publish_canteen(town_hall)
    await fill(town_hall, 1)
    await town_hall.stranger.post(
        "/my-space/organisations/seve/processing/statement", data={"holds_data": "no"}
    )

    page = await read(town_hall, "/my-data")

    assert list_cards(page) == ["kerlevan", "o00", "seve"]
    assert page.count("Holds personal data") == 1
    assert page.count("Has not said yet") == 1
    assert page.count("Says that it holds none") == 1
    assert "Statements made: 2 of 3." in page
    assert "School canteen" in page
    assert 'href="mailto:dpo@kerlevan.example"' in page
    assert 'href="mailto:o00@o.example"' in page


@pytest.mark.thorough
async def test_a_contact_leads_to_its_address_alone(town_hall: TownHall) -> None:
    form = {"holds_data": "yes", "officer_email": "dpo?bcc=spy@kerlevan.example"}
    await town_hall.manager.post(f"{REGISTER}/statement", data=form)

    for address in ("/my-data", "/my-data/producers/kerlevan"):
        page = await town_hall.anyone.get(address)
        assert 'href="mailto:dpo%3Fbcc%3Dspy@kerlevan.example"' in page.text
        assert "mailto:dpo?" not in page.text


async def test_drafts_are_nowhere(town_hall: TownHall) -> None:
    await town_hall.add(service="Brouillon secret")

    for address in ("/my-data", "/my-data?q=secret", "/my-data/producers/kerlevan"):
        assert "Brouillon secret" not in await read(town_hall, address)


@by_depth(
    ("query", "cards"),
    [
        ("q=CANTINE", ["kerlevan"]),
        ("q=canteen", ["kerlevan"]),
        ("q=eleves", ["kerlevan"]),
        ("q=seve", ["seve"]),
        ("q=moon", []),
        ("moment=childhood", ["kerlevan"]),
        ("moment=work", []),
        ("moment=moon", ["kerlevan", "seve"]),
        ("q=cantine&moment=childhood", ["kerlevan"]),
    ],
    by_default=[0],
)
async def test_organisations_are_found_by_words_and_moments(
    town_hall: TownHall, query: str, cards: Collection[str]
) -> None:
    await publish_canteen(town_hall)

    assert list_cards(await read(town_hall, f"/my-data?{query}")) == cards


@pytest.mark.thorough
async def test_a_choice_outlives_pages_filters_and_searches(
    town_hall: TownHall,
) -> None:
    await publish_canteen(town_hall)
    await fill(town_hall, 20)
    page = await read(town_hall, "/my-data?org=kerlevan&org=o19")
    assert len(list_cards(page)) == 12
    assert sorted(list_ticked(page)) == ["kerlevan", "o19"]

    links = [
        link
        for link in re.findall(r'href="(/my-data\?[^"]+)"', page)
        if "all=1" not in link and link != "/my-data"
    ]
    assert len(links) > 10
    for link in links:
        assert sorted(list_ticked(await read(town_hall, link))) == ["kerlevan", "o19"]


@pytest.mark.thorough
async def test_all_are_chosen_and_forgotten(town_hall: TownHall) -> None:
    await fill(town_hall, 14)
    page = await read(town_hall, "/my-data?q=organisme&org=seve")
    [address] = re.findall(r'href="([^"]+)">Choose all of them', page)

    all_page = await read(town_hall, address)
    letters = await read(
        town_hall, address.replace("/my-data?", "/my-data/letter?right=access&")
    )
    [second] = re.findall(r'href="([^"]+)" rel="next"', letters)
    rest = await read(town_hall, second)

    assert "All of them are chosen." in all_page
    assert 'name="all" value="1"' in all_page
    assert 'type="checkbox"' not in all_page
    assert letters.count('class="panel block"') == 12
    assert rest.count('class="panel block"') == 2
    [none] = re.findall(r'href="([^"]+)">Choose one by one', all_page)
    assert list_ticked(await read(town_hall, none)) == []


async def test_a_producer_in_plain_words(town_hall: TownHall) -> None:
    await publish_canteen(town_hall)

    page = await read(town_hall, "/my-data/producers/kerlevan")

    for words in (
        "School canteen",
        "Élèves et parents",
        "Préparer les repas",
        "It is a task in the public interest",
        "Le prestataire des repas",
        "Place de la Mairie",
        "You may always see these data and have a copy.",
        "You may object, for a reason of your own.",
    ):
        assert words in page
    silent = await read(town_hall, "/my-data/producers/seve")
    assert "has not said yet which personal data it holds" in silent
    assert 'name="right" value="access"' in silent
    unknown = await town_hall.anyone.get("/my-data/producers/moon")
    assert unknown.status_code == 404


async def test_rights_are_those_of_the_law(town_hall: TownHall) -> None:
    page = await read(town_hall, "/my-data/rights")

    articles = re.findall(r"GDPR, article (\d+)", page)
    assert articles == ["15", "16", "17", "18", "20", "21", "22"]


@by_depth("right", list(SubjectRight), by_default=[0])
async def test_a_letter_for_each_right(
    town_hall: TownHall, right: SubjectRight
) -> None:
    await publish_canteen(town_hall)
    article = {
        "access": "15", "rectification": "16", "erasure": "17", "restriction": "18",
        "objection": "21", "portability": "20",
    }[right]  # fmt: skip

    page = await read(town_hall, f"/my-data/letter?right={right}&org=kerlevan&org=seve")

    addresses = re.findall(r'href="(mailto:[^"]+body=[^"]+)"', page)
    assert [urlsplit(address).path for address in addresses] == [
        "dpo@kerlevan.example",
        "bonjour@seve.example",
    ]
    body = parse_qs(urlsplit(addresses[0]).query)["body"][0]
    assert "To the data protection officer of Mairie de Kerlévan" in body
    assert re.search(rf"GDPR, articles? {article}\b", body)
    assert "[your name]\r\n[your address or your mail]" in body
    assert unquote(addresses[1]).count("To Association Sève") == 1
    assert body.replace("\r\n", "\n") in page


@pytest.mark.thorough
async def test_a_letter_says_the_legal_day(
    town_hall: TownHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish_canteen(town_hall)
    async with town_hall.site.database.session(
        town_hall.territory.id, role="worker"
    ) as session:
        await session.execute(
            update(Organisation).where(Organisation.slug == "seve").values(country="ES")
        )
    # It is 8 November 2026 in Paris; 8 December is a Tuesday, and a holiday in Spain.
    moment = datetime(2026, 11, 7, 23, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    address = "/my-data/letter{}?right=access&org=kerlevan&org=seve"

    page = await read(town_hall, address.format(""))
    calendar = await read(town_hall, address.format(".ics"))

    assert re.findall(r"must answer by <time datetime=\"([\d-]+)", page) == [
        "2026-12-08",
        "2026-12-09",
    ]
    assert re.findall(r"DTSTART;VALUE=DATE:(\d+)", calendar) == [
        "20261208",
        "20261209",
    ]


@by_depth(
    ("query", "words"),
    [
        ("", "Choose one organisation at least."),
        ("right=access", "Choose one organisation at least."),
        ("right=access&org=moon", "Choose one organisation at least."),
        ("org=kerlevan", "Choose what you ask."),
        ("org=kerlevan&right=moon", "Choose what you ask."),
    ],
    by_default=[0],
)
async def test_a_letter_without_a_choice_asks_for_it(
    town_hall: TownHall, query: str, words: str
) -> None:
    page = await town_hall.anyone.get(f"/my-data/letter?{query}", headers=ENGLISH)
    calendar = await town_hall.anyone.get(f"/my-data/letter.ics?{query}")

    assert (page.status_code, calendar.status_code) == (422, 404)
    assert words in page.text
    assert ("kerlevan" in list_ticked(page.text)) == ("org=kerlevan" in query)


async def test_nothing_of_a_visitor_is_kept(town_hall: TownHall) -> None:
    await publish_canteen(town_hall)
    before = await count_rows(town_hall)

    for address in (
        "/my-data?q=canary&org=kerlevan",
        "/my-data/letter?right=erasure&org=kerlevan",
        "/my-data/letter.ics?right=erasure&org=kerlevan",
        "/my-data/producers/kerlevan",
        "/my-data/rights",
    ):
        answer = await town_hall.anyone.get(address)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers

    assert await count_rows(town_hall) == before


async def count_rows(town_hall: TownHall) -> dict[str, int]:
    """How many rows each table of the portal has."""
    database = town_hall.site.database
    counts = {}
    async with database.session(town_hall.territory.id, role="owner") as session:
        names = await session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'app'")
        )
        for name in names.all():
            table = text(f'"app"."{name}"')
            query = select(func.count()).select_from(table)
            counts[name] = await session.scalar(query) or 0
    assert len(counts) > 50
    return counts


async def test_another_territory_has_its_own(
    town_hall: TownHall, portal_app: Litestar, other: Territory
) -> None:
    await publish_canteen(town_hall)

    async with browse(portal_app, other) as visitor:
        page = await visitor.get("/my-data")
        detail = await visitor.get("/my-data/producers/kerlevan")
        letter = await visitor.get("/my-data/letter?right=access&org=kerlevan")

    assert "kerlevan" not in page.text
    assert (detail.status_code, letter.status_code) == (404, 422)


def test_a_menu_of_a_territory_may_lead_there() -> None:
    for path in ("/my-data", "/my-data/rights"):
        link = {"label": {"fr": "Mes droits"}, "to": path}
        assert LinkPart.model_validate(link).to == path


@pytest.mark.thorough
async def test_pages_lead_there(town_hall: TownHall) -> None:
    home = await read(town_hall, "/")
    sitemap = await read(town_hall, "/sitemaps/pages.xml")
    robots = await read(town_hall, "/robots.txt")

    assert home.count('href="/my-data"') == 2
    assert 'href="/my-data/rights"' in await read(town_hall, "/my-data")
    for path in ("/my-data", "/my-data/rights", "/my-data/producers/kerlevan"):
        assert f"{path}</loc>" in sitemap
    assert "/my-data/letter" in robots


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["q", "org", "all", "page", "moment", "right", "x"]),
            st.text(max_size=20),
        ),
        max_size=12,
    )
)
def test_filters_and_their_address_say_the_same(pairs: list[tuple[str, str]]) -> None:
    filters = ChoiceFilters.of(pairs)

    query = urlsplit(filters.address()).query
    again = ChoiceFilters.of(
        [
            (name, value)
            for name, values in parse_qs(query, keep_blank_values=True).items()
            for value in values
        ]
    )

    assert again.address() == filters.address()

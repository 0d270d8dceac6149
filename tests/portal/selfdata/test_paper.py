"""The form to print: for oneself, a child, a person under guardianship; with the places where somebody helps."""

from html import unescape
from pathlib import Path

import pytest

from tests.portal.selfdata.conftest import ENGLISH, TownHall
from udi.portal.selfdata.help_pages import PLACES_PAGE
from udi.portal.tenants.content.files import ArticleText, SiteContent
from udi.portal.tenants.files import read_folder
from udi.portal.territory.articles.published import PUBLISHED_SITES, PublishedSite

PAPER = "/my-data/paper"


async def read(town_hall: TownHall, query: str = "") -> str:
    page = await town_hall.anyone.get(f"{PAPER}{query}", headers=ENGLISH)
    assert page.status_code == 200
    return unescape(page.text)


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        ("oneself", "For myself"),
        ("child", "date of birth of my child"),
        ("protected", "date of the decision of the court"),
        ("moon", "For myself"),
    ],
)
async def test_a_form_is_for_one_of_three(
    town_hall: TownHall, whom: str, words: str
) -> None:
    page = await read(town_hall, f"?org=kerlevan&right=erasure&whom={whom}")

    assert words in page
    assert "Mairie de Kerlévan" in page
    assert "Please erase these data about me" in page


async def test_a_form_needs_no_choice(town_hall: TownHall) -> None:
    page = await read(town_hall, "?org=nobody&right=moon")

    assert "……………………………………" in page
    assert "Please tell me whether you hold data about me." in page


def write_places(town_hall: TownHall) -> None:
    """Give the territory a page of places of help."""
    text = ArticleText(
        title="Lieux d’aide",
        summary="",
        picture="",
        body="Maison France services, le mardi.",
    )
    content = SiteContent(pages={PLACES_PAGE: {"fr": text}})
    sites = town_hall.site.services[PUBLISHED_SITES]
    version = str(town_hall.territory.site.get("version", ""))
    sites._cached[town_hall.territory.id] = PublishedSite(content, version)


async def test_places_of_help_are_a_page_of_the_territory(town_hall: TownHall) -> None:
    without = await read(town_hall)
    write_places(town_hall)

    page = await read(town_hall)

    assert "it must take it" in without
    assert "Maison France services, le mardi." in page


async def test_help_shows_the_places_and_the_ways_without_an_account(
    town_hall: TownHall,
) -> None:
    without = await town_hall.anyone.get("/help", headers=ENGLISH)
    write_places(town_hall)

    page = await town_hall.anyone.get("/help", headers=ENGLISH)

    assert (without.status_code, page.status_code) == (200, 200)
    assert town_hall.territory.contact in unescape(without.text)
    assert "Maison France services, le mardi." not in without.text
    assert 'lang="fr">' in page.text
    assert "Maison France services, le mardi." in page.text
    for address in (PAPER, f"{PAPER}?whom=child", "/my-data/rights#else"):
        assert f'href="{address}"' in page.text


async def test_my_data_and_its_rights_lead_to_help(town_hall: TownHall) -> None:
    for address in ("/my-data", "/my-data/rights"):
        page = await town_hall.anyone.get(address, headers=ENGLISH)
        assert 'href="/help"' in page.text


def test_the_demonstration_territory_names_places_of_help() -> None:
    content = read_folder(Path("tenants/demo")).content

    assert set(content.pages[PLACES_PAGE]) == {"fr", "en"}


async def test_my_data_leads_to_paper(town_hall: TownHall) -> None:
    page = await town_hall.anyone.get("/my-data", headers=ENGLISH)

    assert f'href="{PAPER}"' in page.text

"""The form to print: for oneself, a child, a person under guardianship; with the places where somebody helps."""

from html import unescape

import pytest

from tests.portal.selfdata.conftest import ENGLISH, TownHall
from udi.portal.selfdata.paper import PLACES_PAGE
from udi.portal.tenants.content.files import ArticleText, SiteContent
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


async def test_places_of_help_are_a_page_of_the_territory(town_hall: TownHall) -> None:
    without = await read(town_hall)
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

    page = await read(town_hall)

    assert "it must take it" in without
    assert "Maison France services, le mardi." in page


async def test_my_data_leads_to_paper(town_hall: TownHall) -> None:
    page = await town_hall.anyone.get("/my-data", headers=ENGLISH)

    assert f'href="{PAPER}"' in page.text

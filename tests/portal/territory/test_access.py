"""Who opens the pages of the team: the team alone."""

import re

import pytest

from tests.portal.territory.conftest import Dashboard

PATHS = [
    "/territory",
    "/territory/declaration",
    "/territory/figures/datasets.csv",
    "/territory/figures/producers.csv",
    "/territory/figures/freshness.csv",
    "/territory/figures/quality.csv",
    "/territory/figures/requests.csv",
    "/territory/figures/links.csv",
    "/territory/figures/high-value.csv",
    "/territory/journal",
    "/territory/journal.csv",
    "/territory/producers",
    "/territory/producers.csv",
    "/territory/site",
    "/territory/subject-requests",
    "/territory/site/changes",
    "/territory/site/look",
    "/territory/site/look/preview.css",
    "/territory/site/settings",
    "/territory/site/texts",
    "/territory/site/texts/charter.md",
    "/territory/site/versions/1",
]
PAGES = [
    "/territory",
    "/territory/team",
    "/territory/producers",
    "/territory/subject-requests",
    "/territory/site",
    "/territory/journal",
]
STATUS = {"passer-by": 303, "member": 403, "team": 200}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("person", STATUS)
async def test_the_pages_of_the_team_are_for_the_team(
    dashboard: Dashboard, person: str, path: str
) -> None:
    response = await dashboard.clients[person].get(path)

    assert response.status_code == STATUS[person]


@pytest.mark.parametrize("path", PATHS)
async def test_a_passer_by_is_led_to_the_login(dashboard: Dashboard, path: str) -> None:
    response = await dashboard.clients["passer-by"].get(path)

    assert response.headers["location"].startswith("/login?")


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_of_the_team_leads_to_the_others(
    dashboard: Dashboard, path: str
) -> None:
    page = (await dashboard.team.get(path)).text
    tabs = page.partition('<nav class="nav tabs"')[2].partition("</nav>")[0]

    assert f'<a href="{path}" aria-current="page">' in tabs
    assert re.findall('href="([^"]+)"', tabs) == PAGES

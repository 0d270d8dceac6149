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


@pytest.mark.parametrize("person", STATUS)
async def test_the_pages_of_the_team_are_for_the_team(
    dashboard: Dashboard, person: str
) -> None:
    client = dashboard.clients[person]

    statuses = {path: (await client.get(path)).status_code for path in PATHS}

    assert statuses == dict.fromkeys(PATHS, STATUS[person])


async def test_a_passer_by_is_led_to_the_login(dashboard: Dashboard) -> None:
    client = dashboard.clients["passer-by"]

    places = {path: (await client.get(path)).headers["location"] for path in PATHS}

    assert [
        path for path, place in places.items() if not place.startswith("/login?")
    ] == []


async def test_each_page_of_the_team_leads_to_the_others(dashboard: Dashboard) -> None:
    for path in PAGES:
        page = (await dashboard.team.get(path)).text
        tabs = page.partition('<nav class="nav tabs"')[2].partition("</nav>")[0]

        assert f'<a href="{path}" aria-current="page">' in tabs
        assert re.findall('href="([^"]+)"', tabs) == PAGES, path

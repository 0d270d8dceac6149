"""The pages of the team in a real browser: nothing out of the screen, nothing that axe-core refuses, in both languages."""

import pytest

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.territory.conftest import Dashboard
from tests.portal.territory.test_journal import add_events
from tests.portal.territory.test_overview import add_data_request, add_link, changed
from tests.ui.tab import Tab
from udi.kit.clock import now
from udi.portal.catalogue.models import LinkState

NAMES = {
    "overview": "/territory",
    "producers": "/territory/producers?sort=late&order=desc",
    "journal": "/territory/journal",
}


async def fill(dashboard: Dashboard, catalogue: Catalogue) -> None:
    """What makes every picture: late datasets, a broken link, a request, events, a title without a space."""
    record = await catalogue.add(
        0, **changed(9, "WEEKLY", keywords=["hvd", "Mobilité"])
    )
    await catalogue.add(1, **changed(1, "ANNUAL", resource_title="x" * 140))
    await catalogue.add(2, **changed(90, "DAILY"))
    await add_link(catalogue, record.media[0].url, LinkState.GONE)
    await add_data_request(dashboard, "submitted", now().date())
    await add_events(dashboard, *["dataset.published"] * 60, subject=record.id)


@by_depth("name", NAMES, by_default=[0])
async def test_the_pages_of_the_team_hold_in_a_browser(
    dashboard: Dashboard, armor: Catalogue, tab: Tab, name: str
) -> None:
    await fill(dashboard, armor)

    address = f"{dashboard.territory.origin}{NAMES[name]}"
    faults = await tab.find_faults(
        dashboard.team, address, f"territory-{name}", "fr", "en"
    )

    assert faults == []


@pytest.mark.thorough
@by_depth("name", NAMES, by_default=[0])
async def test_the_pages_of_a_new_territory_hold_in_a_browser(
    dashboard: Dashboard, tab: Tab, name: str
) -> None:
    address = f"{dashboard.territory.origin}{NAMES[name]}"
    faults = await tab.find_faults(
        dashboard.team, address, f"territory-{name}-new", "fr", "en"
    )

    assert faults == []

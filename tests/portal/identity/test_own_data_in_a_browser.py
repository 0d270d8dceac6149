"""One's own data and the deletion of an account in a browser: axe-core and a narrow screen find no fault."""

from dataclasses import replace

import pytest
from litestar import Litestar

from tests.ui.tab import Tab
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.pages import CONFIRM, DONE
from udi.portal.identity.deletion.pages import PATH as DELETION
from udi.ui.own_data_pages import PATH


@pytest.mark.thorough
async def test_pages_of_ones_own_data_have_no_fault(
    portal_app: Litestar, node_app: Litestar, demo: Territory, tab: Tab
) -> None:
    login = replace(
        make_person(demo, memberships={"armor": ["publishers"]}),
        authenticated_at=now(),
    )
    portal = demo.links["portal"]
    async with (
        browse(portal_app, demo, login) as browser,
        browse(node_app, demo, login) as at_node,
    ):
        await browser.post("/my-space/tokens", data={"name": "Veille", "days": "30"})
        for path, name in (
            (PATH, "own-data"),
            (DELETION, "account-delete"),
            (CONFIRM, "account-delete-confirm"),
            (DONE, "account-deleted"),
        ):
            address = f"{portal}{path}"
            assert await tab.find_faults(browser, address, name, "fr", "en") == []
        address = f"{demo.links['node']}{PATH}"
        assert await tab.find_faults(at_node, address, "own-data-node", "fr") == []


@pytest.mark.thorough
async def test_step_1_with_something_to_hand_over_has_no_fault(
    portal_app: Litestar, demo: Territory, tab: Tab
) -> None:
    login = make_person(demo, moderator=True, memberships={"armor": ["managers"]})
    async with browse(portal_app, demo, login) as browser:
        address = f"{demo.links['portal']}{DELETION}"
        assert await tab.find_faults(browser, address, "account-handover", "fr") == []

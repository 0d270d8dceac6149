"""The pages about open standards in a real browser: nothing out of the screen, nothing that axe-core refuses."""

import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import Catalogue
from tests.ui.tab import Tab
from tests.visitors import browse

PAGES = {
    "api": "/api",
    "ogc": "/ogc?f=html",
    "ogc-conformance": "/ogc/conformance?f=html",
    "ogc-items": "/ogc/collections/datasets/items?f=html",
}


@pytest.mark.thorough
async def test_pages_hold_at_every_width(
    armor: Catalogue, portal_app: Litestar, tab: Tab
) -> None:
    record = await armor.add(1)
    pages = PAGES | {"dataset": f"/data/{record.id}"}

    async with browse(portal_app, armor.territory) as program:
        faults = [
            fault
            for name, path in pages.items()
            for fault in await tab.find_faults(
                program, armor.territory.origin + path, name, "fr", "en"
            )
        ]

    assert faults == []

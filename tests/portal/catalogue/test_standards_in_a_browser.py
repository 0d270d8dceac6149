"""The pages about open standards in a real browser: nothing out of the screen, nothing that axe-core refuses."""

import pytest
from litestar import Litestar
from playwright.async_api import Browser

from tests.node.test_show_in_a_browser import seen
from tests.portal.catalogue.corpus import Catalogue
from tests.visitors import browse

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")
PAGES = {
    "api": "/api",
    "ogc": "/ogc?f=html",
    "ogc-conformance": "/ogc/conformance?f=html",
    "ogc-items": "/ogc/collections/datasets/items?f=html",
}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_pages_hold_at_every_width(
    armor: Catalogue, portal_app: Litestar, browser: Browser, language: str
) -> None:
    record = await armor.add(1)
    pages = PAGES | {"dataset": f"/data/{record.id}"}

    async with browse(portal_app, armor.territory) as program:
        wrong = [
            each
            for name, path in pages.items()
            for each in await seen(browser, program, armor.territory.origin + path, language, name)
        ]

    assert wrong == []

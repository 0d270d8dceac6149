"""A test that needs a browser, for another that has none. Collected by its name."""

from tests.ui.axe import open_browser


async def test_open_a_browser() -> None:
    async with open_browser() as browser:
        assert browser.version

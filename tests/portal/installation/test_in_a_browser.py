"""The pages of operators in a real browser: nothing out of the screen, nothing that axe-core refuses, in both languages."""

import pytest

from tests.portal.installation.conftest import Console
from tests.portal.installation.filled import SPACE, fill
from tests.ui.tab import Tab

PATHS = {
    "list": "/installation",
    "found": "/installation?q=nowhere-at-all",
    "territory": "/installation/territories/{slug}",
    "limits": f"/installation/territories/{{slug}}/spaces/{SPACE}",
}


@pytest.mark.parametrize("name", PATHS)
async def test_the_pages_hold_in_a_browser(
    console: Console, tab: Tab, name: str
) -> None:
    await fill(console)
    await console.operator.post(
        f"/installation/territories/{console.territory.slug}/gather"
    )
    await console.work()
    origin = console.site.installation.origin

    faults = await tab.find_faults(
        console.operator,
        f"{origin}{PATHS[name].format(slug=console.territory.slug)}",
        f"installation-{name}",
        "fr",
        "en",
    )

    assert faults == []


async def test_a_territory_without_figures_holds_in_a_browser(
    console: Console, tab: Tab
) -> None:
    origin = console.site.installation.origin
    address = f"{origin}/installation/territories/{console.territory.slug}"

    faults = await tab.find_faults(
        console.operator, address, "installation-new", "fr", "en"
    )

    assert faults == []

"""The page of a table in a browser: nothing too wide, nothing that axe-core refuses; its script keeps the place of the reader."""

from itertools import pairwise
from operator import itemgetter

import httpx
import pytest
from playwright.async_api import Page

from tests.node.explore.test_page import patient, trees
from tests.node.producer import Producer
from tests.ui.tab import NARROW, WIDE, Tab
from udi.kit.tenancy import Territory

__all__ = ["patient", "trees"]
FOCUS = "document.activeElement.id"
MONTHS = "jour;passages\n" + "".join(
    f"2026-{month:02}-{day:02};{100 * month + day}\n"
    for month in range(6, 10)
    for day in range(1, 11)
)
AXIS_TEXTS = """() => [...document.querySelectorAll('svg[role=img] text[text-anchor]')]
  .filter(text => text.getClientRects().length)
  .map(text => [text.textContent, text.getBoundingClientRect().left, text.getBoundingClientRect().right])"""
"""What is shown below the axis of a chart, and from where to where each goes."""


async def press_and_wait(page: Page, key: str, count: str) -> None:
    """Press a key, and wait until the count says this."""
    await page.keyboard.press(key)
    await wait_for_count(page, count)


async def wait_for_count(page: Page, count: str) -> None:
    """Wait until the count says this."""
    await page.wait_for_selector(f"#result-count:has-text({count!r})")


@pytest.mark.thorough
async def test_the_page_of_a_table_at_every_width_and_by_its_keys(
    trees: str,
    passer_by: httpx.AsyncClient,
    producer: Producer,
    drawn_tab: Tab,
    demo: Territory,
) -> None:
    address = f"{demo.links['node']}{trees}"

    faults = await drawn_tab.find_faults(
        passer_by, f"{address}?essence__exact=Tilleul", "explore", "fr", "en"
    )
    faults += await drawn_tab.find_faults(
        passer_by, f"{address}?view=column&column=hauteur", "explore-column", "fr"
    )
    faults += await drawn_tab.find_faults(
        passer_by,
        f"{address}?essence__groupby=&hauteur__sum=&view=group",
        "explore-group",
        "fr",
    )
    faults += await drawn_tab.find_faults(
        passer_by, f"{address}?view=cards", "explore-cards", "fr"
    )
    assert faults == []

    await drawn_tab.visit(passer_by, address, "en", unfold=False)
    page = drawn_tab.page
    await page.set_viewport_size(NARROW)
    assert not await page.is_visible(".data thead")
    first_label = (
        "getComputedStyle(document.querySelector('.data td'), '::before').content"
    )
    assert await page.evaluate(first_label) == '"hauteur"'
    await page.set_viewport_size(WIDE)
    assert await page.evaluate(first_label) == "none"
    await page.focus("#sort-2")
    await press_and_wait(page, "Enter", "60 rows")
    await page.wait_for_selector("th[aria-sort=ascending]")
    assert await page.evaluate(FOCUS) == "sort-2"
    assert "hauteur__sort=asc" in page.url

    await page.focus("#q")
    await page.keyboard.type("58 rue")
    await wait_for_count(page, "1 row of 60")
    assert await page.evaluate(FOCUS) == "q"
    assert page.url.endswith("?q=58%20rue&hauteur__sort=asc")
    await page.keyboard.type(" nulle part")
    await wait_for_count(page, "No row has all of this")

    await page.go_back()
    await wait_for_count(page, "1 row of 60")
    await page.focus("#panel-1")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("dialog[open] #panel-title")
    assert await page.evaluate("document.activeElement.closest('dialog') !== null")
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")
    assert await page.evaluate(FOCUS) == "panel-1"

    await page.set_viewport_size(NARROW)
    await page.focus("#tool-filter summary")
    await page.keyboard.press("Enter")
    assert await page.is_visible("#filter-column")
    await page.keyboard.press("Escape")
    assert not await page.is_visible("#filter-column")
    assert drawn_tab.hosts == {demo.links["node"].partition("//")[2]}


@pytest.mark.thorough
async def test_periods_below_a_chart_are_all_there_and_none_runs_into_another(
    passer_by: httpx.AsyncClient, producer: Producer, tab: Tab, demo: Territory
) -> None:
    dataset = await producer.publish(
        await producer.draft(MONTHS.encode(), "passages.csv")
    )
    address = f"{demo.links['node']}/datasets/{dataset}/data?view=chart"

    await tab.visit(passer_by, address, "fr", unfold=False)
    wide = await tab.page.evaluate(AXIS_TEXTS)
    await tab.page.set_viewport_size(NARROW)
    narrow = await tab.page.evaluate(AXIS_TEXTS)

    months = ["juin 2026", "juil. 2026", "août 2026", "sept. 2026"]
    assert [text for text, _, _ in wide] == months
    assert [text for text, _, _ in narrow] == [months[0], months[-1]]
    for texts in (wide, narrow):
        assert all(
            right < left
            for (_, _, right), (_, left, _) in pairwise(
                sorted(texts, key=itemgetter(1))
            )
        )


@pytest.mark.thorough
async def test_years_below_a_chart_are_all_there_on_a_phone(
    passer_by: httpx.AsyncClient, producer: Producer, tab: Tab, demo: Territory
) -> None:
    rows = "".join(
        f"{year};{number}\n" for year in range(2021, 2026) for number in (40, 50)
    )
    dataset = await producer.publish(
        await producer.draft(f"annee;naissances\n{rows}".encode(), "naissances.csv")
    )
    address = f"{demo.links['node']}/datasets/{dataset}/data?view=chart"

    await tab.visit(passer_by, address, "fr", unfold=False)
    await tab.page.set_viewport_size(NARROW)
    texts = await tab.page.evaluate(AXIS_TEXTS)

    assert [text for text, _, _ in texts] == ["2021", "2022", "2023", "2024", "2025"]
    assert all(right < left for (_, _, right), (_, left, _) in pairwise(texts))

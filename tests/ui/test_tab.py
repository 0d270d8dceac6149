"""What a tab shows is loaded and still when it is looked at, and a program that fails is named by the test that waits."""

import httpx
import pytest
from playwright.async_api import Browser

from tests.ui.axe import axe_violations
from tests.ui.tab import NARROW, Tab

ORIGIN = "http://data.example"
PAGE = """<!doctype html><html lang="en"><head><title>Trees – Armorine</title>
<meta name="viewport" content="width=device-width"></head><body><main><h1>Trees</h1>{}</main></body></html>"""
FADED = '<p style="color: #ccc; background: #fff">{}</p>'


def program(*contents: str) -> httpx.AsyncClient:
    """A program whose pages at /0, /1 … have these contents."""

    async def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.path.removeprefix("/"))
        return httpx.Response(200, html=PAGE.format(contents[number]))

    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=ORIGIN)


async def test_what_is_folded_is_open_and_its_frames_are_loaded(
    drawn_tab: Tab,
) -> None:
    frame = (
        '<iframe title="Rows" src="https://node.example/rows" loading="lazy"></iframe>'
    )
    far = "<p style='height: 90000px'>First</p>"
    async with program(
        f"<details><summary>Rows</summary>{far}{frame}</details>"
    ) as client:
        await drawn_tab.visit(client, f"{ORIGIN}/0", "en")

    assert [page_frame.url for page_frame in drawn_tab.page.frames] == [
        f"{ORIGIN}/0",
        "https://node.example/rows",
    ]
    assert await drawn_tab.page.get_by_text("First").is_visible()
    assert await drawn_tab.page.frames[1].title() == "Elsewhere"
    assert drawn_tab.hosts == {"data.example"}, (
        "nothing else was asked before it was opened"
    )


async def test_what_is_wrong_on_one_screen_is_found_there(tab: Tab) -> None:
    small = "<style>@media (max-width: 40rem) { #small { color: #ccc } }</style><p id='small'>Oak</p>"
    wide = f"<p style='width: {NARROW['width'] + 80}px'>Oak</p>"
    async with program("<p>Oak</p>", wide, small) as client:
        good, broad, faded = [
            await tab.find_faults(
                client, f"{ORIGIN}/{number}", "trees", "en", whole=True
            )
            for number in range(3)
        ]

    assert good == []
    assert [fault for fault in broad if "on a screen of 320" in fault] == broad
    assert len(broad) == 1
    assert [fault for fault in faded if "color-contrast" in fault] == faded
    assert len(faded) == 1


async def test_a_program_that_fails_is_what_the_test_hears_of(tab: Tab) -> None:
    async with program() as client:
        with pytest.raises(IndexError):
            await tab.visit(client, f"{ORIGIN}/0", "en")


async def test_each_element_of_a_colour_is_judged(tab: Tab) -> None:
    await tab.page.set_content(
        PAGE.format(FADED.format("Oak") + "<p>Elm</p>" + FADED.format("Ash"))
    )

    violations = await axe_violations(tab.page)

    assert (
        len([violation for violation in violations if "color-contrast" in violation])
        == 2
    )


async def test_a_colour_is_judged_as_it_ends(browser: Browser) -> None:
    page = await browser.new_page()
    fading = "<style>p { color: #ddd; transition: color 60s } .end { color: #000 }</style><p>Oak</p>"
    await page.set_content(PAGE.format(fading))
    await page.evaluate("getComputedStyle(document.querySelector('p')).color")
    await page.evaluate("document.querySelector('p').classList.add('end')")

    assert await page.evaluate("document.getAnimations().length") == 1
    assert await axe_violations(page) == []

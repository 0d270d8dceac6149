"""Each mode finds a page that does not bear it, and nothing on one that does."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.pages.findings import Findings
from tests.pages.modes import MODES, list_parts, list_widths, mirrored, reflow
from tests.ui.tab import WIDE, Tab, open_tab

STYLE = """<style>:focus { outline: 3px solid } button, .btn { border: 0 } @media print { button { display: none } }
@media (forced-colors: active) { button { border: 1px solid } }</style>"""
GOOD = f"""<!doctype html><html lang="en"><head><title>Trees – Armorine</title>{STYLE}</head><body>
<header><a class="skip" href="#content">Skip to content</a></header>
<main id="content"><h1>Trees</h1><p>Oaks and beeches.</p><p dir="auto">أشجار البلوط</p><button>Send</button></main></body></html>"""
PLANTED = [
    ("reflow", "<p style='width: 600px'>Oak</p>", "wide on a screen of 320"),
    ("large text", "<p style='height: 20px; width: 9em; overflow: hidden'>Oak</p>", "large text is cut in p."),
    ("large text", "<p style='width: 50rem'>Oak</p>", "wide on a screen of 1280"),
    ("spaced text", "<p style='width: 5em; white-space: nowrap; overflow: hidden'>Oaks, pines</p>", "spaced text is cut in p."),
    ("forced colours", "<a class='btn' href='/' style='text-decoration: none'>Send</a>", "nothing marks a.btn"),
    ("forced colours", "<span class='badge'>New</span>", "nothing marks span.badge"),
    ("no motion", "<p style='transition: color .2s'>Oak</p>", "p. moves"),
    ("no motion", "<p style='animation: x 1s'>Oak</p>", "p. moves"),
    ("no motion", "<p style='scroll-behavior: smooth'>Oak</p>", "p. moves"),
    ("paper", "<nav>Menu</nav>", "nav. is printed"),
    ("directions", "<p>أشجار</p>", "p. «أشجار» reads from left to right"),
    ("keyboard", "<a href='/a' style='outline: none'>a</a>", "focus cannot be seen on a."),
    ("keyboard", "<p inert><a href='/a'>a</a></p>", "Tab does not reach <a"),
    ("keyboard", "<input id='trap'><script>trap.onkeydown = event => event.preventDefault()</script><a href='/a'>a</a>", "Tab does not reach <a"),
    ("keyboard", "<a href='/a' tabindex='1'>a</a>", "Tab does not follow the order of the page"),
    ("keyboard", "<style>.skip { display: none }</style>", "the first stop does not lead to the content"),
]  # fmt: skip

EARLIER = """<textarea></textarea><a href='/oaks'>Oaks</a><link rel='stylesheet' href='data:text/css,p{}'>
<script src='data:text/javascript,1'></script>"""
"""What the page before has."""


@pytest.fixture(scope="module")
async def tab(chromium: Browser) -> AsyncIterator[Tab]:
    opened = await open_tab(chromium, axe=False, still=True)
    yield opened
    await opened.page.context.close()


async def show(tab: Tab, added: str = "") -> None:
    """Show a page in a new document: the former one would remember where Tab had come to."""
    await tab.page.set_viewport_size(WIDE)
    await tab.page.goto("about:blank")
    await tab.page.set_content(GOOD.replace("</main>", f"{added}</main>"))


@pytest.mark.parametrize("mode", MODES)
async def test_a_good_page_bears_each_mode(tab: Tab, mode: str) -> None:
    await show(tab)

    assert await MODES[mode](tab.page) == []


@pytest.mark.parametrize(
    ("mode", "added", "fault"),
    PLANTED,
    ids=[f"{mode}: {fault}" for mode, _, fault in PLANTED],
)
async def test_a_planted_fault_is_found_by_its_mode(
    tab: Tab, mode: str, added: str, fault: str
) -> None:
    await show(tab, added)

    messages = await MODES[mode](tab.page)

    assert [message for message in messages if fault in message] != []


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ("", ""),
        ("<p style='position: absolute; left: -2000px'>Oak</p>", "mirrored it is"),
        ("<p style='white-space: nowrap'>Oaks and beeches of all of the streets</p>", "with longer words it is"),
    ],
)  # fmt: skip
async def test_a_page_is_looked_at_as_other_languages_have_it(
    tab: Tab, added: str, fault: str
) -> None:
    """What sticks out to the left can be reached only in a page from right to left."""
    await show(tab, added)

    messages = await mirrored(tab.page)

    assert bool(messages) is bool(fault)
    assert all(fault in message for message in messages)


@pytest.mark.parametrize("added", ["", "<p style='width: 600px'>Oak</p>"])
async def test_a_screen_that_is_narrowed_once_finds_what_reflow_does(
    tab: Tab, added: str
) -> None:
    await show(tab, added)

    faults = await list_widths(tab.page)

    messages = [message for name, message in faults if name == "reflow"]
    assert messages == await reflow(tab.page)
    assert bool(messages) is bool(added)


@pytest.mark.parametrize(
    ("added", "is_new"),
    [
        ("<p>Pines</p>", False),
        ("<p class='note'>Pines</p>", True),
        ("<p><button>Send</button></p>", True),
        ("<button tabindex='1'>Send</button>", True),
        ("<textarea></textarea>", False),
        ("<textarea readonly></textarea>", True),
        ("<p hidden>Pines</p>", True),
        ("<a href='/pines'>Pines</a>", False),
        ("<a>Pines</a>", True),
        ("<textarea aria-label='Pines'></textarea>", True),
        ("<a href='/pines' title='Pines'>Pines</a>", True),
        ("<link rel='stylesheet' href='data:text/css,p{}'>", False),
        ("<link rel='stylesheet' href='data:text/css,b{}'>", True),
        ("<script src='data:text/javascript,2'></script>", True),
    ],
)
async def test_a_page_is_new_when_an_element_in_its_parent_is(
    tab: Tab, added: str, *, is_new: bool
) -> None:
    findings = Findings()
    await show(tab, EARLIER)
    findings.meet_parts("en", await list_parts(tab.page))
    await show(tab, added)
    parts = await list_parts(tab.page)

    assert findings.meet_parts("en", parts) is is_new
    assert not findings.meet_parts("en", parts)
    assert findings.meet_parts("fr", parts)


def test_every_mode_has_a_planted_fault() -> None:
    assert {mode for mode, _, _ in PLANTED} == set(MODES)

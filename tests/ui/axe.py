"""axe-core in a real browser: the machine part of WCAG 2.2 AA."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bench.browser import REMEDY, find_installed

CHROMIUM = os.environ.get("UDI_CHROMIUM") or find_installed()
INSTALLED: dict[str, Any] = {"executable_path": CHROMIUM} if CHROMIUM else {}
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--js-flags=--single-threaded,--min-semi-space-size=32",
]  # fmt: skip
"""Threads that compile scripts and collect garbage beside the page take a tenth more processor in all."""
TAGS = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22a",
    "wcag22aa",
    "best-practice",
]
PARSE_COLOURS_ONCE = """{
  const colour = axe.commons.color.Color.prototype, parse = colour.parseString, known = new Map();
  colour.parseString = function (text) {
    if (!known.has(text)) {
      parse.call(this, text);
      known.set(text, { r: this.r, g: this.g, b: this.b, alpha: this.alpha });
    }
    return Object.assign(this, known.get(text));
  };
}"""
"""The same few colours are parsed thousands of times on a page: a quarter of what axe costs."""
RUN = """async tags => {
  document.getAnimations().forEach(each => each.finish());
  const options = {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], preload: false, iframes: false};
  return (await axe.run(document, options)).violations;
}"""
"""A colour that is on its way to another is brought there first. Frames are pages of their own, looked at as such.

Only what is wrong leaves the browser: to hand over what was right as well takes 25 ms of processor a page.
"""
PATIENCE = 180_000
"""Milliseconds that a page may take on a machine that does other work; nothing is timed by it."""
expect.set_options(timeout=PATIENCE)


@asynccontextmanager
async def open_browser(*flags: str) -> AsyncIterator[Browser]:
    """The one that is installed, else the one that Playwright downloaded; a test that has neither is left out by name."""
    async with async_playwright() as playwright:
        require_browser(CHROMIUM or playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(args=[*FLAGS, *flags], **INSTALLED)
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE))
        try:
            yield browser
        finally:
            await browser.close()


def require_browser(path: str) -> None:
    """Leave out a test that needs a browser where there is none, with the remedy."""
    if not Path(path).exists():
        pytest.skip(f"needs a browser: {REMEDY}")


async def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong on the page shown, one sentence for each element."""
    return [sentence for sentence, _ in await axe_faults(page)]


async def axe_faults(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The same, each with the tags of its rule.

    The script is handed to the browser by its debugging protocol, so that the page's policy need not allow it.
    """
    await _load(page)
    violations = await page.evaluate(RUN, TAGS)
    return [
        (sentence, tuple(violation["tags"]))
        for violation in violations
        for sentence in _sentences(page, violation)
    ]


def _sentences(page: Page, violation: dict[str, Any]) -> list[str]:
    return [
        f"{page.url}: {violation['id']} ({violation['impact']}): {violation['help']}: {' '.join(map(str, node['target']))}"
        for node in violation["nodes"]
    ]


@cache
def axe_script() -> str:
    """Return axe-core as a script; a context that has it from the start has it compiled once for its pages."""
    source = (
        Path(axe_playwright_python.__file__)
        .with_name("axe.min.js")
        .read_text(encoding="utf-8")
    )
    return f"(() => {{ {source}; window.axe = window.axe || axe; {PARSE_COLOURS_ONCE} }})()"


async def _load(page: Page) -> None:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe_script())


async def axe_rules(page: Page) -> dict[str, list[str]]:
    """The rules that are run, with their tags."""
    await _load(page)
    rules = await page.evaluate("tags => axe.getRules(tags)", TAGS)
    spared = {"experimental", "deprecated"}
    return {
        rule["ruleId"]: rule["tags"] for rule in rules if not spared & set(rule["tags"])
    }


async def axe_version(browser: Browser) -> str:
    """The version of axe-core."""
    page = await browser.new_page()
    await _load(page)
    version: str = await page.evaluate("axe.version")
    await page.close()
    return version

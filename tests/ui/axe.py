"""axe-core in a real browser: the machine part of WCAG 2.2 AA."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
]  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]


PATIENCE = 30_000
"""Milliseconds that a page may take on a machine that does other work; nothing is timed by it."""
expect.set_options(timeout=PATIENCE)


@asynccontextmanager
async def open_browser(*flags: str) -> AsyncIterator[Browser]:
    """The one that is installed, else the one that Playwright downloaded; a test that has neither is left out by name."""
    async with async_playwright() as playwright:
        require_browser(CHROMIUM or playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(args=[*FLAGS, *flags], **INSTALLED)
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
    return [said for said, _ in await axe_faults(page)]


async def axe_faults(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The same, each with the tags of its rule.

    The script is handed to the browser by its debugging protocol, so that the page's policy need not allow it.
    """
    await _load(page)
    found = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS
    )
    return [
        (said, tuple(violation["tags"])) for violation in found["violations"] for said in _sentences(page, violation)
    ]


def _sentences(page: Page, violation: dict[str, Any]) -> list[str]:
    return [
        f"{page.url}: {violation['id']} ({violation['impact']}): {violation['help']}: {' '.join(map(str, node['target']))}"
        for node in violation["nodes"]
    ]


async def _load(page: Page) -> None:
    source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    await page.evaluate(f"(() => {{ {source}; window.axe = window.axe || axe }})()")


async def axe_rules(page: Page) -> dict[str, list[str]]:
    """The rules that are run, with their tags."""
    await _load(page)
    rules = await page.evaluate("tags => axe.getRules(tags)", TAGS)
    spared = {"experimental", "deprecated"}
    return {rule["ruleId"]: rule["tags"] for rule in rules if not spared & set(rule["tags"])}


async def axe_version(browser: Browser) -> str:
    """The version of axe-core."""
    page = await browser.new_page()
    await _load(page)
    version: str = await page.evaluate("axe.version")
    await page.close()
    return version

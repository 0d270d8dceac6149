"""Pages of the catalogue in a real browser: nothing out of the screen, nothing that axe-core refuses, in both languages."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from litestar import Litestar
from playwright.async_api import Browser, Page, Route, expect

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue, described
from tests.portal.catalogue.test_dataset_page import WHOLE, as_table
from tests.portal.catalogue.test_source_facts import DCAT
from tests.ui.axe import axe_violations
from tests.ui.tab import Tab
from tests.visitors import browse, make_person
from udi.kit.tenancy import Territory
from udi.portal.catalogue.search.feed import SearchFeed

WIDTHS = (1280, 320)
LONG = (
    "Une description très longue qui n’en finit pas, " * 12
    + "https://exemple.example/"
    + "x" * 120
)
ARABIC = "بيانات المرور في المدينة"


async def open_page(
    browser: Browser,
    client: httpx.AsyncClient,
    url: str,
    language: str,
    width: int,
    requested_urls: list[str] | None = None,
) -> Page:
    """A page as a program of ours serves it; whatever is not on its host answers nothing. `requested_urls` gets the addresses."""

    async def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if requested_urls is not None:
            requested_urls.append(route.request.url)
        if parts.netloc != client.base_url.netloc.decode():
            await route.fulfill(
                status=200,
                content_type="text/html",
                body="<!doctype html><title>x</title>",
            )
            return
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        response = await client.get(path, headers={"Accept-Language": language})
        await route.fulfill(
            status=response.status_code,
            headers=dict(response.headers),
            body=response.content,
        )

    page = await browser.new_page(viewport={"width": width, "height": 800})
    await page.route("**/*", answer)
    await page.goto(f"{str(client.base_url).rstrip('/')}{url}")
    return page


@pytest.fixture
async def tables(armor: Catalogue, feed: SearchFeed) -> dict[str, str]:
    """The addresses of datasets as they may be: a table of ours described twice, restricted, bare, badly named."""
    await armor.add_all()
    first = described(1, **WHOLE)
    node = armor.territory.links["node"]
    table = as_table(first["global_id"], node)
    await armor.add(1, **first | table)
    files = [*table["available_formats"], *described(1)["available_formats"]]  # type: ignore[misc]  # lists, in documents of any shape
    summary = [
        {
            "lang": "fr",
            "text": "Chaque compteur est une boucle. Il compte les vélos.\n\nUne valeur vide signale une panne.",
        }
    ]
    await armor.add(
        1,
        **first
        | table
        | {
            "resource_title": "Comptages vélo, heure par heure",
            "available_formats": files,
            "summary": summary,
        },
    )
    names = {"table": first["global_id"]}
    for name, number, changes in (
        ("restricted", 7, {}),
        ("long", 5, {"resource_title": LONG[:150].strip(), "synopsis": [{"lang": "fr", "text": LONG[:150]}], "summary": [{"lang": "fr", "text": LONG}]}),
        ("sourced", 4, {"dcat": DCAT | {"documentation": [f"https://source.example/{'x' * 120}"]}, "update_frequency": "MONTHLY"}),
        ("arabic", 0, {"resource_title": ARABIC, "synopsis": [{"lang": "fr", "text": ARABIC}]}),
    ):  # fmt: skip
        names[name] = str((await armor.add(number, **changes)).id)
    gone = await armor.add(3)
    await armor.withdraw(gone)
    await feed.run_once()
    return names | {"gone": str(gone.id)}


async def find_faults(
    tab: Tab,
    app: Litestar,
    territory: Territory,
    addresses: Mapping[str, str],
    *languages: str,
) -> list[str]:
    """What is wrong with pages that a passer-by sees, by their names."""
    faults = []
    async with browse(app, territory) as visitor:
        for name, url in addresses.items():
            faults += await tab.find_faults(
                visitor, f"{territory.origin}{url}", name, *languages
            )
    return faults


@pytest.mark.thorough
async def test_what_is_long_is_shown_at_every_width(
    armor: Catalogue, tables: dict[str, str], portal_app: Litestar, tab: Tab
) -> None:
    addresses = {name: f"/data/{tables[name]}" for name in ("table", "long", "sourced")}
    frames = {
        f"frame-{name}": f"/embed/data/{tables[name]}?lang=fr"
        for name in ("long", "gone")
    }

    assert (
        await find_faults(tab, portal_app, armor.territory, addresses | frames, "fr")
        == []
    )


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_datasets_are_shown_at_every_width(
    armor: Catalogue,
    tables: dict[str, str],
    portal_app: Litestar,
    tab: Tab,
    language: str,
) -> None:
    addresses = {name: f"/data/{dataset}" for name, dataset in tables.items()}
    addresses["history"] = f"/data/{tables['table']}/history"
    addresses |= {"search": "/data?q=velo", "producer": "/producers/armor"}
    addresses |= {
        f"frame-{name}": f"/embed/data/{tables[name]}?lang={language}"
        for name in ("table", "long", "arabic", "gone")
    }
    addresses |= {
        "frame-search": f"/embed/search?lang={language}",
        "frame-producer": f"/embed/producers/armor?lang={language}",
    }

    assert (
        await find_faults(tab, portal_app, armor.territory, addresses, language) == []
    )


@pytest.mark.thorough
async def test_its_producer_sees_what_would_raise_the_score(
    armor: Catalogue, tables: dict[str, str], portal_app: Litestar, tab: Tab
) -> None:
    person = make_person(armor.territory, memberships={"goeland": ["publishers"]})
    ours = described(5)
    await armor.add(
        5, **ours | as_table(ours["global_id"], armor.territory.links["node"])
    )
    origin = armor.territory.origin

    async with browse(portal_app, armor.territory, person) as member:
        assert (
            await tab.find_faults(
                member, f"{origin}/data/{tables['long']}", "edits", "fr"
            )
            == []
        )
        assert (
            await tab.find_faults(
                member, f"{origin}/data/{ours['global_id']}", "edits-led", "fr", "en"
            )
            == []
        )


async def test_a_first_visit_is_light_and_asks_nobody_else(
    armor: Catalogue, tables: dict[str, str], portal_app: Litestar, browser: Browser
) -> None:
    requested_urls: list[str] = []
    async with browse(portal_app, armor.territory) as visitor:
        page = await open_page(
            browser, visitor, f"/data/{tables['table']}", "en", 1280, requested_urls
        )
        await page.wait_for_load_state("networkidle")
        unopened = list(requested_urls)
        await page.get_by_text("Show the data here").click()
        await page.frame_locator("iframe").locator("title").wait_for(state="attached")
        bodies = [len((await visitor.get(url)).content) for url in unopened]
        await page.close()

    print(f"dataset page: {sum(bodies)} bytes uncompressed, {len(unopened)} requests")  # noqa: T201 - a figure to publish
    assert {urlsplit(url).netloc for url in unopened} == {
        urlsplit(armor.territory.origin).netloc
    }
    assert sum(bodies) < 100_000
    assert len(unopened) <= 8
    assert [url for url in requested_urls if url not in unopened] == [
        f"{armor.territory.links['node']}/embed/datasets/{tables['table']}/table?view=opening&lang=en"
    ]


async def test_a_button_copies_an_address(
    armor: Catalogue, tables: dict[str, str], portal_app: Litestar, browser: Browser
) -> None:
    async with browse(portal_app, armor.territory) as visitor:
        page = await open_page(browser, visitor, f"/data/{tables['table']}", "en", 1280)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        button = page.locator(".copied:has(#api-rows) button")
        await button.click()

        await button.get_by_text("Copied").wait_for()
        copied = await page.evaluate("navigator.clipboard.readText()")
        await page.close()

    assert (
        copied
        == f"{armor.territory.links['node']}/api/resources/{tables['table']}/data/"
    )


@pytest.mark.thorough
async def test_the_address_of_the_share_part_opens_it(
    armor: Catalogue, tables: dict[str, str], portal_app: Litestar, browser: Browser
) -> None:
    async with browse(portal_app, armor.territory) as visitor:
        page = await open_page(browser, visitor, f"/data/{tables['table']}", "en", 1280)
        hidden = await page.locator("#share-line").is_visible()
        await page.get_by_role("link", name="Share").click()
        await page.locator("#share-line").wait_for()
        await page.close()

    assert not hidden


@pytest.mark.thorough
async def test_on_paper_a_page_is_what_is_read(
    armor: Catalogue, tables: dict[str, str], portal_app: Litestar, browser: Browser
) -> None:
    async with browse(portal_app, armor.territory) as visitor:
        for name, url in (
            ("dataset", f"/data/{tables['table']}"),
            ("search", "/data?q=velo&theme=transportation"),
        ):
            page = await open_page(browser, visitor, url, "fr", 720)
            await page.emulate_media(media="print")
            for gone in (
                "iframe",
                "textarea",
                "input",
                "button",
                ".foot",
                "nav",
                "form",
                ".actions",
            ):
                assert await page.locator(f"{gone} >> visible=true").count() == 0, (
                    name,
                    gone,
                )
            for selector in {
                "dataset": ("h1", ".lede", ".facts", ".files li", ".area", "#cite a"),
                "search": ("#results", ".list h3"),
            }[name]:
                assert await page.locator(selector).first.is_visible(), (name, selector)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 720
            if folder := os.environ.get("UDI_PICTURES"):
                await page.screenshot(
                    path=Path(folder) / f"print-{name}.png", full_page=True
                )
            await page.close()


@by_depth("width", WIDTHS, by_default=[0])
async def test_a_rectangle_drawn_with_the_mouse_is_searched(
    armor: Catalogue,
    feed: SearchFeed,
    portal_app: Litestar,
    browser: Browser,
    width: int,
) -> None:
    box = {
        "west_longitude": -3.6,
        "south_latitude": 48.2,
        "east_longitude": -3.2,
        "north_latitude": 48.4,
    }
    await armor.add(1, geography={"bounding_box": box})
    await feed.run_once()
    async with browse(portal_app, armor.territory) as visitor:
        page = await open_page(browser, visitor, "/data?bbox=-4,47,-2,49", "en", width)
        await page.evaluate(
            "document.querySelectorAll('details').forEach(each => each.open = true)"
        )
        hint = page.get_by_text("Draw a rectangle here")
        drawing = page.locator("svg[data-frame]")
        await expect(hint).to_be_visible()
        await drawing.scroll_into_view_if_needed()
        place = await drawing.bounding_box()
        assert place is not None
        await page.mouse.move(
            place["x"] + place["width"] / 4, place["y"] + place["height"] / 4
        )
        await page.mouse.down()
        await page.mouse.move(
            place["x"] + place["width"] / 2, place["y"] + place["height"] / 2, steps=4
        )
        await page.mouse.up()
        await page.mouse.move(place["x"] + place["width"], place["y"])
        west, south, east, north = [
            float(await page.get_by_label(side, exact=True).input_value())
            for side in ("West", "South", "East", "North")
        ]
        assert await axe_violations(page) == []

        assert (east, south) == (
            pytest.approx(-3, abs=0.02),
            pytest.approx(48, abs=0.02),
        ), "the middle of the drawing"
        assert west < -3.5
        assert north > 48.3
        assert await drawing.locator(".box").count() == 1
        async with page.expect_navigation():
            await page.get_by_label("North", exact=True).press("Enter")
        assert f"{west:.4f}".rstrip("0") in page.url
        await page.close()

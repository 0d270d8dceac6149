"""The catalogue in the pages of others: frames that anybody may show, oEmbed, and the line to copy."""

import html
import json
import re
import uuid
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
from litestar import Litestar

from tests.depth import by_depth
from tests.portal.catalogue.corpus import TABLE, Catalogue
from tests.portal.catalogue.test_dataset_page import rename
from tests.visitors import browse, make_person

LIGHT = 30_000
FRAMED = "frame-ancestors *"
NOT_FRAMED = "frame-ancestors 'none'"


async def fetch(
    app: Litestar, catalogue: Catalogue, url: str, language: str = "en"
) -> httpx.Response:
    async with browse(app, catalogue.territory) as visitor:
        return await visitor.get(url, headers={"Accept-Language": language})


async def weigh(app: Litestar, catalogue: Catalogue, page: httpx.Response) -> int:
    """Bytes of a page with its style sheets, as they are sent uncompressed."""
    async with browse(app, catalogue.territory) as visitor:
        sheets = [
            await visitor.get(url)
            for url in re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
        ]
    assert len(sheets) == 2
    return len(page.content) + sum(len(sheet.content) for sheet in sheets)


@pytest.mark.usefixtures("alone")
@by_depth(
    ("language", "link_text"),
    [("fr", "Voir ce jeu de données"), ("en", "See this dataset")],
    by_default=[0],
)
async def test_frames_are_light_run_nothing_and_speak_the_language_asked(
    filled: Catalogue, portal_app: Litestar, language: str, link_text: str
) -> None:
    record = await filled.add(1)
    other = {"fr": "en", "en": "fr"}[language]
    addresses = [
        f"/embed/data/{record.id}",
        "/embed/search?q=velo&x=1",
        "/embed/producers/armor?x=1",
    ]

    pages = [
        await fetch(
            portal_app,
            filled,
            f"{url}{'&' if '?' in url else '?'}lang={language}",
            other,
        )
        for url in addresses
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert link_text in pages[0].text
    for page in pages:
        assert f'<html lang="{language}"' in page.text
        assert FRAMED in page.headers["content-security-policy"]
        assert "script-src 'none'" in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers
        assert page.headers["cache-control"] == "public, max-age=300"
        assert '<base target="_top">' in page.text
        assert await weigh(portal_app, filled, page) < LIGHT


@pytest.mark.usefixtures("alone")
async def test_no_other_page_may_be_framed(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    addresses = [
        "/",
        "/data",
        f"/data/{record.id}",
        f"/data/{record.id}/history",
        "/producers/armor",
        "/embed",
        "/nothing",
    ]

    policies = [
        (await fetch(portal_app, filled, url)).headers["content-security-policy"]
        for url in addresses
    ]

    assert [NOT_FRAMED in policy for policy in policies] == [True] * len(addresses)


@pytest.mark.usefixtures("alone")
async def test_a_frame_is_the_same_for_a_member(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(7)
    passer_by = await fetch(portal_app, filled, f"/embed/data/{record.id}?lang=en")

    async with browse(
        portal_app, filled.territory, make_person(filled.territory, moderator=True)
    ) as member:
        page = await member.get(f"/embed/data/{record.id}?lang=en")

    assert page.text == passer_by.text
    assert record.media[0].url not in page.text


async def test_a_search_frame_follows_its_filters_and_pages(
    filled: Catalogue, portal_app: Litestar
) -> None:
    first = await fetch(portal_app, filled, "/embed/search?lang=en")
    following = re.search(r'<a href="([^"]+)" target="_self">Next page', first.text)
    assert following
    second = await fetch(portal_app, filled, html.unescape(following[1]))
    titles = [
        re.findall(r"<h2[^>]*><a[^>]*>([^<]+)", page.text) for page in (first, second)
    ]
    filtered = await fetch(portal_app, filled, "/embed/search?lang=en&theme=education")
    nothing = await fetch(portal_app, filled, "/embed/search?lang=en&q=xylophone")

    assert sorted(html.unescape(title) for page in titles for title in page) == sorted(
        line[0] for line in TABLE
    )
    assert '<html lang="en"' in second.text
    assert "2 datasets" in filtered.text
    assert 'href="/data?theme=education"' in filtered.text
    assert "No result." in nothing.text


@pytest.mark.thorough
async def test_a_town_shows_its_whole_catalogue_in_one_line(
    filled: Catalogue, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, filled, "/producers/kerlevan")
    line = html.unescape(
        page.text.partition('id="share-line"')[2]
        .partition(">")[2]
        .partition("</textarea>")[0]
    )
    match = re.fullmatch(
        r'<iframe src="([^"]+)" title="Mairie de Kerlévan" width="100%" height="800" loading="lazy" style="border:0"></iframe>',
        line,
    )
    assert match, line
    frame = await fetch(
        portal_app,
        filled,
        html.unescape(match[1]).removeprefix(filled.territory.origin),
    )
    searched = await fetch(
        portal_app, filled, "/embed/producers/kerlevan?q=cantine&lang=en"
    )

    assert "4 datasets" in frame.text
    assert re.findall(r"<h2><a[^>]*>([^<]+)", searched.text) == ["Menus des cantines"]
    assert 'name="lang" value="en"' in searched.text


@pytest.mark.usefixtures("alone")
async def test_what_is_gone_unknown_or_renamed_is_said_inside_the_frame(
    filled: Catalogue, elsewhere: Catalogue, portal_app: Litestar
) -> None:
    gone = await filled.add(4)
    kept_dataset = await filled.add(3)
    await filled.withdraw(gone)
    await rename(filled, "kerlevan", "kerlevan-ville")

    withdrawn = await fetch(portal_app, filled, f"/embed/data/{gone.id}?lang=fr")
    unknown = [
        await fetch(portal_app, filled, url)
        for url in (f"/embed/data/{uuid.uuid4()}", "/embed/producers/nobody")
    ]
    neighbour = await fetch(portal_app, elsewhere, f"/embed/data/{kept_dataset.id}")
    renamed = await fetch(portal_app, filled, "/embed/producers/kerlevan?lang=fr")

    assert withdrawn.status_code == 410
    assert "a été retiré par son producteur" in withdrawn.text
    assert [answer.status_code for answer in [*unknown, neighbour]] == [404, 404, 404]
    assert all(
        FRAMED in answer.headers["content-security-policy"]
        for answer in [withdrawn, *unknown, neighbour]
    )
    assert withdrawn.headers["cache-control"] == "no-store"
    assert (renamed.status_code, renamed.headers["location"]) == (
        301,
        "/embed/producers/kerlevan-ville?lang=fr",
    )


@pytest.mark.usefixtures("alone")
async def test_a_page_leads_to_what_oembed_says_of_it(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1, resource_title='Vélos "<b>" & trottinettes')
    pages = [
        f"/data/{record.id}",
        "/producers/armor",
        "/data?q=velo&theme=transportation",
    ]

    for url in pages:
        page = await fetch(portal_app, filled, url)
        links = dict(
            re.findall(
                r'<link rel="alternate" type="(application/json|text/xml)\+oembed" href="([^"]+)"',
                page.text,
            )
        )
        assert set(links) == {"application/json", "text/xml"}
        by_json, by_xml = [
            await fetch(
                portal_app,
                filled,
                html.unescape(links[kind]).removeprefix(filled.territory.origin),
            )
            for kind in ("application/json", "text/xml")
        ]
        oembed = json.loads(by_json.content)
        assert oembed["version"] == "1.0"
        assert oembed["type"] == "rich"
        assert {child.tag: child.text for child in ET.fromstring(by_xml.content)} == {  # noqa: S314 - ours
            name: str(value) for name, value in oembed.items()
        }
        assert by_xml.headers["content-type"].startswith("text/xml")
        assert by_json.headers["access-control-allow-origin"] == "*"
        source = re.search(r'src="([^"]+)"', oembed["html"])
        assert source
        assert (
            await fetch(
                portal_app,
                filled,
                html.unescape(source[1]).removeprefix(filled.territory.origin),
            )
        ).status_code == 200
        assert "<b>" not in oembed["html"]


async def ask(app: Litestar, catalogue: Catalogue, **parameters: str) -> httpx.Response:
    return await fetch(app, catalogue, f"/oembed?{urlencode(parameters)}")


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_oembed_keeps_to_the_size_that_is_asked(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    url = f"{filled.territory.origin}/data/{record.id}/any"

    small = (
        await ask(portal_app, filled, url=url, maxwidth="300", maxheight="200")
    ).json()
    large = (
        await ask(portal_app, filled, url=url, maxwidth="3000", maxheight="9000")
    ).json()
    search = await ask(
        portal_app, filled, url=f"{filled.territory.origin}/data?{'a=b&' * 300}"
    )

    assert (small["width"], small["height"]) == (300, 200)
    assert 'height="200"' in small["html"]
    assert (large["width"], large["height"]) == (600, 320)
    assert search.status_code == 200
    assert large["author_name"] == "Armorine Métropole"


@by_depth(
    ("parameters", "status"),
    [
        ({}, 422), ({"url": "{origin}/data", "format": "yaml"}, 501), ({"url": "{origin}/data", "maxwidth": "x"}, 422),
        ({"url": "{origin}/data", "maxheight": "٣٠٠"}, 422), ({"url": "https://elsewhere.example/data"}, 404),
        ({"url": "{origin}.evil.example/data"}, 404), ({"url": "{origin}/charter"}, 404), ({"url": "http://[::1"}, 404),
        ({"url": "{origin}/data/6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c"}, 404), ({"url": "javascript:alert(1)"}, 404),
        ({"url": "{origin}/producers/%00"}, 404), ({"url": "{origin}/data/"}, 404),
    ],
    by_default=[0],
)  # fmt: skip
async def test_oembed_refuses_what_it_cannot_show(
    stocked: Catalogue, portal_app: Litestar, parameters: dict[str, str], status: int
) -> None:
    values = {
        name: value.replace("{origin}", stocked.territory.origin)
        for name, value in parameters.items()
    }

    answer = await ask(portal_app, stocked, **values)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.usefixtures("alone")
async def test_oembed_says_that_what_was_withdrawn_is_gone(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    await filled.withdraw(record)

    assert (
        await ask(portal_app, filled, url=f"{filled.territory.origin}/data/{record.id}")
    ).status_code == 410


@by_depth(
    "query",
    [
        "q=%00",
        "q=" + "x" * 9000,
        "page=-1",
        "lang=%00",
        "lang=xx",
        "q=%ff&lang=fr",
        "size=99999",
    ],
    by_default=[0],
)
async def test_a_hostile_frame_is_never_an_accident(
    stocked: Catalogue, portal_app: Litestar, query: str
) -> None:
    for path in ("/embed/search", "/embed/producers/armor"):
        assert (await fetch(portal_app, stocked, f"{path}?{query}")).status_code == 200


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_the_share_part_uses_nobody_else(
    filled: Catalogue, portal_app: Litestar
) -> None:
    record = await filled.add(1)
    page = await fetch(portal_app, filled, f"/data/{record.id}")
    share = page.text.partition('<div id="share">')[2].partition("</details>")[0]
    links = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', share)]

    assert links == [
        f"mailto:?subject={quote(TABLE[1][0])}&body={quote(filled.territory.origin + f'/data/{record.id}', safe='/')}"
    ]
    assert urlsplit(links[0]).scheme == "mailto"

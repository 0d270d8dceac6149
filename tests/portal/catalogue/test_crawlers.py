"""What search engines and programs find by themselves: sitemaps, robots, languages of a page, well-known addresses."""

import re
from datetime import datetime, timedelta
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import TABLE, Catalogue
from tests.visitors import browse
from udi.kit.clock import now
from udi.portal.catalogue.open import crawlers

NAMESPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def addresses(body: str) -> list[str]:
    return [
        element.text or ""
        for element in ET.fromstring(body).iterfind(".//s:loc", NAMESPACE)  # noqa: S314 - ours
    ]


@pytest.mark.thorough
async def test_sitemaps_lead_to_every_dataset_once(
    armor: Catalogue, portal_app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawlers, "MOST", 5)
    records = await armor.add_all()
    await armor.withdraw(records[3])

    async with browse(portal_app, armor.territory) as program:
        index = await program.get("/sitemap.xml")
        files = [await program.get(url) for url in addresses(index.text)]
        pages = [await program.get(url) for url in addresses(files[0].text)]
        missing = [
            await program.get(f"/sitemaps/{name}")
            for name in ("9.xml", "0.xml", "x.xml", "1")
        ]

    listed = [url for file in files[1:] for url in addresses(file.text)]
    assert [len(addresses(file.text)) for file in files[1:]] == [5, 5, 1]
    assert {url.split("/")[4] for url in listed} == {
        str(record.id) for record in records
    } - {str(records[3].id)}
    assert len(listed) == len(TABLE) - 1
    assert index.text.count("<lastmod>") == 3
    assert files[1].text.count("<lastmod>") == 5
    assert {page.status_code for page in pages} == {200}
    assert any(url.endswith("/producers/goeland") for url in addresses(files[0].text))
    assert {answer.status_code for answer in missing} == {404}


async def test_robots_spare_what_has_no_end(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)
    async with browse(portal_app, armor.territory) as program:
        text = (await program.get("/robots.txt")).text
    async with browse(portal_app, None) as program:
        bare = (await program.get("/robots.txt")).text

    rules = RobotFileParser()
    rules.parse(text.splitlines())
    assert rules.can_fetch(
        "*", f"{armor.territory.origin}/data/{record.id}/comptages-velo"
    )
    assert rules.can_fetch("*", f"{armor.territory.origin}/data")
    assert not rules.can_fetch("*", f"{armor.territory.origin}/ogc/collections")
    assert "Disallow: /data?*" in text
    assert not rules.can_fetch("*", f"{armor.territory.origin}/catalog.ttl?page=2")
    assert rules.site_maps() == [f"{armor.territory.origin}/sitemap.xml"]
    assert "Allow: /data?lang=" in text
    assert "Sitemap" not in bare


async def test_a_page_has_one_address_a_language(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1)
    async with browse(portal_app, armor.territory) as program:
        page = (await program.get(f"/data/{record.id}")).text
        english = (await program.get(f"/data/{record.id}?lang=en")).text
        program.cookies.set("lang", "en")
        french = (await program.get("/producers?lang=fr")).text
        neither = (await program.get("/producers?lang=xx")).text

    canonical = f"{armor.territory.origin}/data/{record.id}/comptages-velo"
    links = dict(
        re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', page)
    )
    assert links == {
        "fr": f"{canonical}?lang=fr",
        "en": f"{canonical}?lang=en",
        "x-default": canonical,
    }
    assert f'<link rel="canonical" href="{canonical}">' in page
    assert '<html lang="fr"' in page
    assert '<html lang="en"' in english
    assert f'<link rel="canonical" href="{canonical}?lang=en">' in english
    assert '<html lang="fr"' in french
    assert '<html lang="en"' in neither


async def test_a_page_says_what_it_is_to_who_shares_or_catalogues_it(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(1, resource_title='Comptages "vélo"')
    async with browse(portal_app, armor.territory) as program:
        page = (await program.get(f"/data/{record.id}")).text

    metadata = dict(
        re.findall(
            r'<meta (?:property|name)="((?:og:|DC\.)[^"]+)" content="([^"]*)">', page
        )
    )
    assert metadata["og:title"] == metadata["DC.title"] == "Comptages &#34;vélo&#34;"
    assert metadata["og:url"].startswith(f"{armor.territory.origin}/data/{record.id}/")
    assert (
        metadata["og:description"]
        == "Passages relevés par 64 compteurs sur les pistes cyclables."
    )
    assert metadata["DC.publisher"] == "Armorine Métropole"
    assert metadata["DC.identifier"] == f"{armor.territory.origin}/data/{record.id}"


async def test_the_interfaces_are_listed(
    armor: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, armor.territory) as program:
        answer = await program.get("/.well-known/api-catalog")
        linkset = answer.json()["linkset"]
        links = [
            link
            for entry in linkset
            for name in entry
            if name != "anchor"
            for link in entry[name]
        ]
        reached = [
            await program.get(link["href"], headers={"Accept": "*/*"})
            for link in links
            if "type" in link
        ]

    assert answer.headers["content-type"].startswith("application/linkset+json")
    assert [item["href"] for item in linkset[0]["item"]] == [
        entry["anchor"] for entry in linkset[1:]
    ]
    assert all(entry["service-doc"] for entry in linkset[1:])
    assert {response.status_code for response in reached} == {200}


async def test_whom_to_tell_of_a_flaw_is_said_for_half_a_year(
    armor: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, armor.territory) as program:
        lines = (await program.get("/.well-known/security.txt")).text.splitlines()

    fields = dict(line.split(": ", 1) for line in lines)
    assert fields["Contact"] == f"mailto:{armor.territory.contact}"
    assert fields["Canonical"] == f"{armor.territory.origin}/.well-known/security.txt"
    left = datetime.fromisoformat(fields["Expires"]) - now()
    assert timedelta(days=150) < left < timedelta(days=365)


async def test_a_password_manager_is_led_to_the_identity_service(
    armor: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, armor.territory) as program:
        answer = await program.get("/.well-known/change-password")

    assert answer.status_code == 302
    assert answer.headers["location"].startswith(
        f"{portal_app.state.site.settings.issuer}/account/"
    )

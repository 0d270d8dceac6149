"""The Atom feed of one dataset: each description that is kept, and what it changed."""

from xml.etree import ElementTree as ET

from litestar import Litestar

from tests.portal.catalogue.corpus import Catalogue, described
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed

ATOM = "{http://www.w3.org/2005/Atom}"


async def test_each_description_is_an_entry(
    armor: Catalogue, feed: SearchFeed, portal_app: Litestar
) -> None:
    air = described(0)
    await armor.add(0, **air)
    record = await armor.add(0, **air | {"resource_title": "Air & eau < 2"})
    await feed.run_once()
    path = f"/data/{record.id}/changes.atom"
    async with browse(portal_app, armor.territory) as reader:
        answer = await reader.get(path)
        page = await reader.get(f"/data/{record.id}", follow_redirects=True)
        revalidation = await reader.get(
            path, headers={"If-None-Match": answer.headers.get("ETag", "none")}
        )

    root = ET.fromstring(answer.content)  # noqa: S314 - our own feed
    entries = root.findall(f"{ATOM}entry")
    permalink = f"{armor.territory.origin}/data/{record.id}"
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert (root.findtext(f"{ATOM}title") or "").startswith("Air & eau < 2")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [
        f"{permalink}/history#v2",
        f"{permalink}/history#v1",
    ]
    assert "titre" in (entries[0].findtext(f"{ATOM}summary") or "")
    assert root.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    assert f'type="application/atom+xml" href="{path}"' in page.text
    assert revalidation.status_code == 304


async def test_a_withdrawn_dataset_has_no_feed_and_another_territory_none(
    armor: Catalogue, elsewhere: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(0)
    path = f"/data/{record.id}/changes.atom"
    async with browse(portal_app, elsewhere.territory) as stranger:
        foreign = await stranger.get(path)
    await armor.withdraw(record)
    async with browse(portal_app, armor.territory) as reader:
        gone = await reader.get(path)

    assert (foreign.status_code, gone.status_code) == (404, 410)

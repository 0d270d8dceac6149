"""The catalogue's pages: each is checked by the page checker when fetched."""

from uuid import uuid4

import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import TABLE, Catalogue
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed


@pytest.fixture
async def filled(armor: Catalogue, elsewhere: Catalogue, feed: SearchFeed) -> Catalogue:
    """The hand-made corpus in one territory, indexed; the other has nothing."""
    await armor.add_all()
    await feed.step()
    return armor


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_each_page_is_sound_in_both_languages(filled: Catalogue, portal_app: Litestar, language: str) -> None:
    record = await filled.add(1)
    addresses = [
        "/", "/data", "/data?q=velos", "/data?q=trotinette", "/data?q=xylophone", "/data?theme=environment&access=restricted",
        "/data?format=CSV&format=JSON&sort=title&page=2", f"/data/{record.id}", "/producers", "/producers/kerlevan",
        "/producers/kerlevan?q=arbre", "/producers/kerlevan?q=xylophone", "/charter", "/legal", "/accessibility", "/api",
    ]  # fmt: skip

    async with browse(portal_app, filled.territory) as visitor:
        answers = {url: await visitor.get(url, headers={"Accept-Language": language}) for url in addresses}

    assert {url: answer.status_code for url, answer in answers.items() if answer.status_code != 200} == {}
    assert all(f'<html lang="{language}"' in answer.text for answer in answers.values())

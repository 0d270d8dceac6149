"""A title in several languages: whoever reads sees theirs; search, DCAT and programs have them all."""

import re

import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import Catalogue, described
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed
from udi.protocol.record import read_record, write_record
from udi.protocol.structures import Record

TITLES = [
    {"lang": "fr", "text": "Arbres des rues"},
    {"lang": "en", "text": "Sycamores of the avenue"},
    {"lang": "es", "text": "Árboles de las calles"},
]


@pytest.fixture
async def trees(armor: Catalogue, feed: SearchFeed) -> Record:
    record = await armor.add(
        0,
        **described(0)
        | {"resource_title": "Arbres des rues", "resource_titles": TITLES},
    )
    await feed.run_once()
    return record


async def test_each_reader_sees_the_title_in_their_language(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    async with browse(portal_app, armor.territory) as visitor:
        for address in (f"/data/{trees.id}", "/data", f"/embed/data/{trees.id}"):
            for language, title in (("fr", TITLES[0]), ("en", TITLES[1])):
                page = await visitor.get(f"{address}?lang={language}")
                assert page.status_code == 200
                words = re.sub(r"</?mark>", "", page.text)
                assert str(title["text"]) in words, (address, language)


async def test_search_finds_a_title_in_any_language_of_the_territory(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    async with browse(portal_app, armor.territory) as program:
        for words in ("sycamores", "arbres des rues", "sycamore avenue"):
            response = await program.get("/api/v1/datasets", params={"q": words})
            assert [item["id"] for item in response.json()["items"]] == [str(trees.id)]


async def test_programs_read_every_title(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    titles = {entry["lang"]: entry["text"] for entry in TITLES}
    async with browse(portal_app, armor.territory) as program:
        detail = (await program.get(f"/api/v1/datasets/{trees.id}")).json()
        listed = (await program.get("/api/v1/datasets")).json()["items"][0]
        triples = (await program.get(f"/data/{trees.id}.nt")).text
        package = await program.get(
            "/api/3/action/package_show", params={"id": str(trees.id), "lang": "en"}
        )

    assert detail["titles"] == listed["titles"] == titles
    assert detail["title"] == listed["title"] == "Arbres des rues"
    assert detail["record"]["resource_titles"] == TITLES
    literals = re.findall(r'dc/terms/title> ("Arbres des rues"[^ ]*) \.', triples)
    assert literals == ['"Arbres des rues"@fr']
    assert '"Sycamores of the avenue"@en' in triples
    assert package.json()["result"]["title_translated"] == titles


async def test_a_title_that_changes_in_one_language_is_in_the_history(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    changed = [*TITLES[:1], {"lang": "en", "text": "Street trees"}]
    await armor.add(
        0,
        **described(0)
        | {
            "global_id": str(trees.id),
            "resource_title": "Arbres des rues",
            "resource_titles": changed,
        },
    )

    async with browse(portal_app, armor.territory) as visitor:
        page = await visitor.get(f"/data/{trees.id}/history?lang=en")

    assert "Title by language, English" in page.text
    assert "<del>Sycamores of the avenue</del>" in page.text


def test_a_record_without_titles_by_language_is_written_as_before(
    armor: Catalogue,
) -> None:
    metadata = described(0) | {
        "producer": {
            "organization_id": str(armor.territory.id),
            "organization_name": "x",
        }
    }
    record = read_record(metadata)

    assert record.titles == {}
    assert "resource_titles" not in write_record(record)
    assert read_record(
        write_record(read_record(metadata | {"resource_titles": TITLES}))
    ).titles == {entry["lang"]: entry["text"] for entry in TITLES}

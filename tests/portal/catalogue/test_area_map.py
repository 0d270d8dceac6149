"""The area of data and the filter of a place, where outlines are known: names instead of numbers."""

from pathlib import Path

import pytest
from litestar import Litestar

from tests.portal.catalogue.corpus import Catalogue
from tests.portal.catalogue.test_search_pages import fetch
from udi.cli.outline_files import OutlineFile, OutlineSelection, read_outlines
from udi.cli.outlines import OutlineImport, import_outlines, list_outlines
from udi.portal.catalogue.search.feed import SearchFeed
from udi.settings import Settings

DEMO = Path(__file__).parents[3] / "tenants/demo/demonstration/communes.geojson"
UNITS = read_outlines(OutlineFile(DEMO), OutlineSelection())
KERLEVAN = next(unit for unit in UNITS if unit.name == "Kerlévan")

BOX = dict(
    zip(
        ("west_longitude", "south_latitude", "east_longitude", "north_latitude"),
        KERLEVAN.box,
        strict=True,
    )
)


@pytest.fixture
async def outlined(armor: Catalogue, settings: Settings) -> Catalogue:
    """A catalogue whose territory has outlines."""
    await import_outlines(
        settings,
        OutlineImport(
            "communes", "Armorine 2026", "EUPL 1.2", armor.territory.slug, UNITS
        ),
    )
    return armor


async def test_the_area_of_a_dataset_is_named_and_stands_on_outlines(
    outlined: Catalogue, portal_app: Litestar
) -> None:
    record = await outlined.add(1, geography={"bounding_box": BOX})

    page = await fetch(portal_app, outlined, f"/data/{record.id}", "fr")

    assert 'class="ground"' in page.text
    assert "Contours\N{NO-BREAK SPACE}: Armorine 2026 (EUPL 1.2)" in page.text
    assert "<dd>Kerlévan" in page.text


async def test_a_place_is_searched_by_its_name(
    outlined: Catalogue, portal_app: Litestar, feed: SearchFeed
) -> None:
    await outlined.add(1, geography={"bounding_box": BOX})
    await feed.run_once()

    answer = await fetch(portal_app, outlined, "/data?q=&place=kerlévan")
    page = await fetch(portal_app, outlined, answer.headers["location"])
    unknown = await fetch(portal_app, outlined, "/data?place=Atlantis")

    assert answer.status_code == 303
    assert "bbox=-4." in answer.headers["location"]
    assert "place=" not in answer.headers["location"]
    assert 'aria-label="Filters in use"' in page.text
    assert "Rectangle on the map" not in page.text
    assert '<option value="Porz-Gwen">' in page.text
    assert 'class="border"' in page.text
    assert "No place of this name is known here." in unknown.text


async def test_outlines_are_listed_and_replaced_by_their_name(
    outlined: Catalogue, settings: Settings
) -> None:
    slug = outlined.territory.slug
    await import_outlines(
        settings, OutlineImport("communes", "Autre source", "CC0", slug, UNITS[:5])
    )

    rows = [row for row in await list_outlines(settings) if row["territory"] == slug]

    assert [(row["name"], row["units"], row["source"]) for row in rows] == [
        ("communes", 5, "Autre source")
    ]

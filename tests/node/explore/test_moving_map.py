"""The map that moves is coloured by a column, with a legend that says its classes; codes of areas have names."""

import html
import json
import re

import httpx
import pytest
from pydantic import ValidationError

from tests.node.conftest import Browse
from tests.node.explore.test_page import open_page, patient, words
from tests.node.producer import Producer
from tests.visitors import freshen, shut_down
from udi.kit.tenancy import Territory
from udi.node.app import create
from udi.node.datasets.pages.explore.moving_map import (
    find_name_column,
    join_intervals,
)
from udi.node.site import build_site
from udi.settings import Settings
from udi.tabular.columns.area_names import name_code
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.roles import ColumnProfile, ColumnRole
from udi.tabular.overviews.statistics import ColumnStatistics
from udi.ui.site import Site

__all__ = ["patient"]
PLACES = "espece;hauteur;code_insee;latitude;longitude\n" + "".join(
    f"{('Chêne', 'If')[number % 2]};{number}.5;{35238 if number % 3 else 22278};48.{number:02};-1.{number:02}\n"
    for number in range(10, 90)
)


@pytest.fixture
async def places(producer: Producer) -> str:
    """The address of the page of a table with places."""
    dataset = await producer.publish(
        await producer.draft(PLACES.encode(), "arbres.csv"), reason="Essai."
    )
    return f"/datasets/{dataset}/data"


@pytest.mark.thorough
async def test_the_map_that_moves_is_coloured_by_a_column(
    passer_by: httpx.AsyncClient, places: str
) -> None:
    moving = f"{places}?view=map&at=9/48.5/-1.5"
    plain = await open_page(passer_by, moving)
    measured = await open_page(passer_by, f"{moving}&split=hauteur")
    named = await open_page(passer_by, f"{moving}&split=espece")

    (rule,) = re.findall(r'data-rule="([^"]+)"', measured)
    (tiles,) = re.findall(r'data-tiles="([^"]+)"', measured)
    archive = await passer_by.get(html.unescape(tiles))
    offered = re.findall(
        r'<option value="(\w+)"[^>]*>', plain.split("moving-split")[-1]
    )

    assert json.loads(html.unescape(rule)) == {"limits": [25.5, 41.5, 57.5, 73.5, 89.5]}
    assert "10.5 – 25.5" in words(measured)
    assert "No value" in words(measured)
    assert "columns=__id%2Chauteur" in tiles
    assert archive.content[:7] == b"PMTiles"
    assert "data-rule" not in plain
    assert 'data-name="espece"' in plain
    assert {"espece", "hauteur"} <= {*offered}
    assert "latitude" not in offered
    assert re.findall(r'class="(s\d)"', named.split("moving-colours")[1])[:3] == [
        "s0",
        "s1",
        "s5",
    ]


async def test_the_map_that_moves_has_the_rows_of_the_filters_alone(
    passer_by: httpx.AsyncClient, places: str
) -> None:
    filtered = f"{places}?espece__exact=If&q=if&view=map"
    drawn = await open_page(passer_by, filtered)
    moving = await open_page(passer_by, f"{filtered}&at=9/48.5/-1.5")

    (tiles,) = re.findall(r'data-tiles="([^"]+)"', moving)
    (items,) = re.findall(r'data-items="([^"]+)"', moving)
    archive = await passer_by.get(html.unescape(tiles))
    listed = await passer_by.get(f"{html.unescape(items)}&bbox=-2,48,-1,49")
    (address,) = re.findall(
        r'href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?Interactive map', drawn
    )

    assert archive.content[:7] == b"PMTiles"
    assert "espece__exact=If" in html.unescape(tiles)
    assert listed.json()["numberMatched"] == 40
    assert "espece__exact=If" in html.unescape(address)
    assert "This drawing shows every row" in words(drawn)
    assert "This drawing shows every row" not in words(moving)
    assert "This drawing shows every row" not in words(
        await open_page(passer_by, f"{places}?view=map")
    )


@pytest.mark.thorough
async def test_a_base_map_is_on_the_page_of_the_map_that_moves_alone(
    node_site: Site, places: str, demo: Territory, browse: Browse
) -> None:
    tiles = {
        "base_map": "https://tiles.example/{z}/{x}/{y}.png",
        "base_map_credit": "Les cartographes",
    }
    site = build_site(node_site.settings.model_copy(update=tiles))
    freshen(site.registry)
    app = create(site)
    async with browse(app, demo) as client:
        moving = await client.get(f"{places}?view=map&at=9/48.5/-1.5")
        drawn = await client.get(f"{places}?view=map")
    await shut_down(app)
    usual = "img-src 'self' data:;"

    assert 'data-base="https://tiles.example/{z}/{x}/{y}.png"' in moving.text
    assert "tiles.example" in words(moving.text)
    assert "Les cartographes" in words(moving.text)
    assert (
        "img-src 'self' data: https://tiles.example;"
        in (moving.headers["content-security-policy"])
    )
    assert usual in drawn.headers["content-security-policy"]
    assert "tiles.example" not in drawn.text


@pytest.mark.parametrize(
    "address",
    [
        "https://tiles.example/map.png",
        "ftp://tiles.example/{z}/{x}/{y}.png",
        "https://{a-c}.tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example; script-src *//{z}/{x}/{y}",
    ],
)
def test_a_base_map_is_an_address_of_tiles_at_one_origin(address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(base_map=address)


@pytest.mark.thorough
async def test_codes_of_areas_have_their_names(
    passer_by: httpx.AsyncClient, places: str
) -> None:
    table = await open_page(passer_by, places)
    column = await open_page(passer_by, f"{places}?view=column&column=code_insee")
    chart = await open_page(passer_by, f"{places}?view=chart&by=code_insee")

    assert "35238 Rennes" in words(table)
    assert "22278 Saint-Brieuc" in words(column)
    assert "INSEE" in words(column)
    assert "35238 Rennes" in words(chart)


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ([("numero", "identifier"), ("espece", "category"), ("lieu", "label")], "lieu"),
        ([("numero", "identifier"), ("espece", "category")], "espece"),
        ([("hauteur", "intensive"), ("adresse", "text")], ""),
    ],
)
def test_rows_are_named_by_the_words_that_nearly_each_has_of_its_own(
    columns: list[tuple[str, str]], name: str
) -> None:
    profiles = [
        ColumnProfile(
            rank,
            TypedColumn(column, ColumnType.TEXT),
            ColumnStatistics(column, ColumnType.TEXT, 9, 9, 9),
            ColumnRole(role),
        )
        for rank, (column, role) in enumerate(columns)
    ]

    assert find_name_column(profiles) == name


@pytest.mark.parametrize(
    ("intervals", "ends"),
    [
        ([(place, place, 1) for place in range(100)], [19, 39, 59, 79, 99]),
        ([(0, 0, 95), (1, 1, 2), (2, 2, 0), (3, 3, 3)], [0, 1, 3]),
        ([(0, 5, 4)], [5]),
        ([], []),
    ],
)
def test_classes_have_about_as_many_rows(
    intervals: list[tuple[float, float, int]], ends: list[float]
) -> None:
    classes = join_intervals(intervals)

    assert [one.greatest for one in classes] == ends
    assert sum(one.areas for one in classes) == sum(rows for _, _, rows in intervals)


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        ("2A004", ColumnType.COMMUNE, "2A004 Ajaccio"),
        ("69381", ColumnType.COMMUNE, "69381 Lyon 1er Arrondissement"),
        ("35", ColumnType.DEPARTMENT, "35 Ille-et-Vilaine"),
        ("84", ColumnType.REGION, "84 Auvergne-Rhône-Alpes"),
        ("243500139", ColumnType.SIREN, "243500139 Rennes Métropole"),
        ("552100554", ColumnType.SIREN, "552100554"),
        ("3", ColumnType.DEPARTMENT, "3"),
        ("35238", ColumnType.TEXT, "35238"),
    ],
)
def test_a_code_is_written_with_the_name_of_its_area(
    code: str, kind: ColumnType, expected: str
) -> None:
    assert name_code(code, kind) == expected

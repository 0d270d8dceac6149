"""Outlines of an operator's file: chosen, simplified with their common borders, refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from tests.cli.conftest import Run
from udi.cli.local.errors import LocalError
from udi.cli.outline_files import (
    OutlineFile,
    OutlineSelection,
    draw_groupings,
    read_areas,
    read_outlines,
)
from udi.kit.outlines import PRECISION, OutlineUnit
from udi.kit.tenancy import Territory
from udi.tabular.columns.area_names import find_area_name
from udi.tabular.columns.column import ColumnType

DEMO = Path(__file__).parents[2] / "tenants/demo/demonstration/communes.geojson"


def write(path: Path, *features: tuple[dict[str, Any], shapely.Geometry]) -> Path:
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": properties,
                        "geometry": json.loads(shapely.to_geojson(shape)),
                    }
                    for properties, shape in features
                ],
            }
        )
    )
    return path


def polygons(unit: OutlineUnit) -> shapely.Geometry:
    return shapely.union_all(
        [
            shapely.Polygon(
                [
                    (x / PRECISION, y / PRECISION)
                    for x, y in zip(ring.xs, ring.ys, strict=True)
                ]
            )
            for ring in unit.rings
        ]
    )


def test_read_outlines_keeps_every_area_and_their_common_borders() -> None:
    units = read_outlines(OutlineFile(DEMO), OutlineSelection())
    shapes = [polygons(unit) for unit in units]

    assert len(units) == 31
    assert shapely.coverage_is_valid(shapes)
    assert all(
        shape.contains(shapely.Point(unit.point))
        for unit, shape in zip(units, shapes, strict=True)
    )
    assert {"Kerlévan", "Porz-Gwen"} < {unit.name for unit in units}


def test_read_outlines_leaves_fewer_points_at_each_level() -> None:
    rings = [
        ring
        for unit in read_outlines(OutlineFile(DEMO), OutlineSelection())
        for ring in unit.rings
    ]
    points = [
        sum(depth >= level for ring in rings for depth in ring.levels)
        for level in range(6)
    ]

    assert points == sorted(points, reverse=True)
    assert points[0] > 2 * points[5] > 0
    assert all(sum(depth >= 8 for depth in ring.levels) >= 3 for ring in rings)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (OutlineSelection(prefixes=("AR00",)), 9),
        (OutlineSelection(codes=frozenset({"AR001", "AR031"})), 2),
        (OutlineSelection(prefixes=("AR00",), codes=frozenset({"AR031"})), 10),
        (OutlineSelection(box=(-4.476, 48.36, -4.475, 48.361)), 1),
    ],
)
def test_read_outlines_selects_by_code_and_box(
    selection: OutlineSelection, expected: int
) -> None:
    assert len(read_outlines(OutlineFile(DEMO), selection)) == expected


def test_read_outlines_makes_one_area_of_the_parts_of_a_code(tmp_path: Path) -> None:
    path = write(
        tmp_path / "parts.geojson",
        ({"INSEE_COM": "35001", "NOM": "Ville"}, shapely.box(0, 0, 1, 1)),
        ({"INSEE_COM": "35001", "NOM": "Ville"}, shapely.box(2, 0, 3, 1)),
        ({"INSEE_COM": "35002", "NOM": "Bourg"}, shapely.box(1, 0, 2, 1)),
    )

    units = read_outlines(OutlineFile(path), OutlineSelection())

    assert [(unit.code, len(unit.rings)) for unit in units] == [
        ("35001", 2),
        ("35002", 1),
    ]


@pytest.mark.parametrize(
    ("file", "selection", "reason"),
    [
        (OutlineFile(DEMO, code_column="insee"), OutlineSelection(), "no column insee"),
        (OutlineFile(DEMO), OutlineSelection(prefixes=("35",)), "No area"),
        (OutlineFile(DEMO, layer="autre"), OutlineSelection(), "cannot be read"),
        (OutlineFile(DEMO.with_name("content.toml")), OutlineSelection(), "cannot be"),
    ],
)
def test_read_outlines_refuses_in_words(
    file: OutlineFile, selection: OutlineSelection, reason: str
) -> None:
    with pytest.raises(LocalError, match=reason):
        read_outlines(file, selection)


def write_municipalities(path: Path, *left_out: str) -> Path:
    """Squares of the municipalities of two small groupings, and of one that is in none."""
    codes = ["30003", "30133", "30276", "33090", "33122", "33422", "22016"]
    shapes = [
        (
            {"code": code, "nom": find_area_name(code, ColumnType.COMMUNE)},
            shapely.box(place, 0, place + 1, 1),
        )
        for place, code in enumerate(codes)
        if code not in left_out
    ]
    return write(path, *shapes)


def test_draw_groupings_joins_their_municipalities_and_leaves_out_what_is_not_whole(
    tmp_path: Path,
) -> None:
    file = OutlineFile(write_municipalities(tmp_path / "communes.geojson", "33090"))

    drawn = draw_groupings(read_areas(file, OutlineSelection()))
    chosen = draw_groupings(
        read_areas(file, OutlineSelection(codes=frozenset({"30003"})))
    )
    foreign = draw_groupings(read_areas(OutlineFile(DEMO), OutlineSelection()))

    [camargue] = drawn.units
    assert (camargue.code, camargue.name) == ("243000650", "CC Terre de Camargue")
    assert polygons(camargue).equals(shapely.box(0, 0, 3, 1))
    assert drawn.incomplete == ["CC Jalle-Eau-Bourde"]
    assert drawn.ungrouped == 1
    assert [unit.code for unit in chosen.units] == ["243000650"]
    assert polygons(chosen.units[0]).equals(shapely.box(0, 0, 3, 1))
    assert foreign.units == foreign.incomplete == []


def test_draw_groupings_draws_none_where_codes_of_another_country_are_alike(
    tmp_path: Path,
) -> None:
    codes = ["30003", "30133", "30276"]
    shapes = [
        ({"code": code, "nom": f"Pueblo {code}"}, shapely.box(place, 0, place + 1, 1))
        for place, code in enumerate(codes)
    ]
    file = OutlineFile(write(tmp_path / "municipios.geojson", *shapes))

    drawn = draw_groupings(read_areas(file, OutlineSelection()))

    assert (drawn.units, drawn.incomplete, drawn.ungrouped) == ([], [], 3)


def test_draw_groupings_of_a_real_file_joins_most(shared_data: Path) -> None:
    file = OutlineFile(shared_data / "data/outlines/communes-bretagne.geojson")

    drawn = draw_groupings(read_areas(file, OutlineSelection(prefixes=("35",))))

    assert len(drawn.units) == 17
    assert drawn.incomplete == ["CA Redon Agglomération"]
    assert "Rennes Métropole" in {unit.name for unit in drawn.units}


async def test_areas_of_groupings_are_kept_beside_their_municipalities(
    run: Run, demo: Territory, tmp_path: Path
) -> None:
    file = write_municipalities(tmp_path / "communes.geojson", "33090")
    options = ["--source", "Essai 2026", "--licence", "CC0", "--territory", demo.slug]

    done = await run("outlines", "import", file, *options)
    plain = await run("outlines", "import", file, *options, "--no-groupings", "--json")
    listed = await run("outlines", "list", "--json")
    await run("outlines", "remove", "communes", "--territory", demo.slug)
    left = await run("outlines", "list", "--json")

    assert done.stdout.splitlines() == [
        "communes: 6 areas imported",
        "communes-epci: 1 areas imported",
        "Not drawn, since the file lacks some of their municipalities: CC Jalle-Eau-Bourde",
        "Areas of no grouping that is known: 1",
    ]
    assert [row["name"] for row in json.loads(plain.stdout)] == ["communes"]
    demo_rows = [
        row for row in json.loads(listed.stdout) if row["territory"] == demo.slug
    ]
    assert [row["name"] for row in demo_rows] == ["communes"]
    assert demo.slug not in left.stdout


async def test_outlines_of_a_territory_are_imported_listed_and_removed(
    run: Run, demo: Territory, tmp_path: Path
) -> None:
    codes = tmp_path / "codes.txt"
    codes.write_text("AR001\nAR002\n")
    options = (
        "--source",
        "Armorine 2026",
        "--licence",
        "CC0",
        "--territory",
        demo.slug,
    )

    done = await run(
        "outlines",
        "import",
        DEMO,
        *options,
        "--codes",
        codes,
        "--code",
        "AR003",
        "--json",
    )
    listed = await run("outlines", "list", "--json")
    removed = await run("outlines", "remove", "communes", "--territory", demo.slug)
    again = await run("outlines", "remove", "communes", "--territory", demo.slug)
    unknown = await run("outlines", "import", DEMO, *options[:-1], "nowhere")
    refused = await run("outlines", "import", DEMO, *options, "--box", "1,2")

    row = {"name": "communes", "territory": demo.slug, "units": 3}
    assert json.loads(done.stdout) == [row]
    assert row.items() <= next(
        entry.items()
        for entry in json.loads(listed.stdout)
        if entry["territory"] == demo.slug
    )
    assert removed.stdout == "communes: removed\n"
    assert "no outlines" in str(again.exception)
    assert "No territory is called" in str(unknown.exception)
    assert "no rectangle" in str(refused.exception)

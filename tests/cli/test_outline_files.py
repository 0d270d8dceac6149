"""Outlines of an operator's file: chosen, simplified with their common borders, refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from tests.cli.conftest import Run
from udi.cli.local.errors import LocalError
from udi.cli.outline_files import OutlineFile, OutlineSelection, read_outlines
from udi.kit.outlines import PRECISION, OutlineUnit
from udi.kit.tenancy import Territory

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
    wrong = await run("outlines", "import", DEMO, *options, "--box", "1,2")

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
    assert "no rectangle" in str(wrong.exception)

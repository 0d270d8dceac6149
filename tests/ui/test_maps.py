"""The ground of maps: borders drawn once, light, in whole pixels, with few names; and the land of the Earth."""

import re
from collections.abc import Sequence

import pytest

from udi.kit.outlines import (
    LEVELS,
    PRECISION,
    OutlineRing,
    OutlineUnit,
    pack_rings,
    unpack_rings,
)
from udi.ui.maps.classes import find_class, make_classes
from udi.ui.maps.edges import draw_edges, join_edges, list_edges
from udi.ui.maps.frame import PaperFrame, fit_frame
from udi.ui.maps.ground import draw_ground, place_names
from udi.ui.maps.grounds import has_point
from udi.ui.maps.world import read_land

SIDE = 0.1


def square(column: int, row: int, name: str = "") -> OutlineUnit:
    """A square of a board, its corner at the south-west counted from 0, 0."""
    west = column * SIDE
    south = row * SIDE
    points = [(0, 0), (1, 0), (1, 1), (0, 1)]
    ring = OutlineRing(
        [round((west + x * SIDE) * PRECISION) for x, _ in points],
        [round((south + y * SIDE) * PRECISION) for _, y in points],
        [LEVELS] * 4,
    )
    return OutlineUnit(
        f"{column}-{row}",
        name,
        (west, south, west + SIDE, south + SIDE),
        (west + SIDE / 2, south + SIDE / 2),
        pack_rings([ring]),
    )


def board(columns: int, rows: int) -> list[OutlineUnit]:
    return [
        square(column, row, f"Place {column}-{row}")
        for column in range(columns)
        for row in range(rows)
    ]


def frame_of(units: Sequence[OutlineUnit], margin: int = 20) -> PaperFrame:
    box = (
        min(unit.box[0] for unit in units),
        min(unit.box[1] for unit in units),
        max(unit.box[2] for unit in units),
        max(unit.box[3] for unit in units),
    )
    return fit_frame(box, 720, 480, margin, 0.004)


def test_rings_are_read_as_they_were_written() -> None:
    rings = [
        OutlineRing([-18_000_000, 5, 18_000_000], [1, -2, 3], [0, 3, 9]),
        OutlineRing([1, 2, 3, 4], [5, 6, 7, 8], [1, 1, 1, 1]),
    ]

    read = unpack_rings(pack_rings(rings))

    assert [(list(ring.xs), list(ring.ys), list(ring.levels)) for ring in read] == [
        (list(ring.xs), list(ring.ys), list(ring.levels)) for ring in rings
    ]


def test_draw_ground_draws_a_common_border_once() -> None:
    units = board(2, 1)

    body = draw_ground(units, frame_of(units), most_bytes=1_000, credit="IGN 2026").body
    land, border = re.findall(r' d="([^"]*)"', body)

    assert border.count("M") == 1
    assert re.fullmatch(r"M360 \d+l0 ?-?\d+", border)
    assert land.count("M") == 1
    assert land.endswith("z")


def test_join_edges_leaves_a_hole_where_an_area_is_missing() -> None:
    units = [unit for unit in board(3, 3) if unit.code != "1-1"]
    frame = frame_of(units)

    outer, borders = join_edges(list_edges(unit, frame, 0) for unit in units)

    assert draw_edges(outer, closed=True).count("z") == 2
    assert len(borders) == 8


def test_list_edges_ends_outlines_just_beyond_the_paper() -> None:
    unit = square(0, 0)
    frame = fit_frame((0.04, 0.04, 0.041, 0.041), 720, 480, 20, 0.004)

    pixels = {pixel for edge in list_edges(unit, frame, 0) for pixel in edge}

    assert pixels == {(-6, -6), (726, -6), (726, 486), (-6, 486)}


def test_draw_ground_keeps_to_its_bytes_and_then_draws_the_land_alone() -> None:
    units = board(30, 30)
    frame = frame_of(units)

    whole = draw_ground(units, frame, most_bytes=30_000, credit="")
    light = draw_ground(units, frame, most_bytes=400, credit="")

    assert 'class="border"' in whole.body
    assert len(whole.body) <= 30_000
    assert 'class="ground"' in light.body
    assert 'class="border"' not in light.body
    assert len(light.body) <= 400


@pytest.mark.parametrize(("width", "most"), [(720, 6), (320, 3)])
def test_place_names_names_few_areas_that_do_not_touch(width: int, most: int) -> None:
    units = board(6, 6)
    frame = fit_frame((0.0, 0.0, 0.6, 0.6), width, width * 2 // 3, 20, 0.004)

    names = place_names(units, frame)

    assert len(names) == most
    assert len({(name.x, name.y) for name in names}) == most
    assert all(0 < name.x < 100 and 0 < name.y < 100 for name in names)


def test_has_point_tells_the_inside_from_the_outside() -> None:
    assert has_point(square(0, 0), (0.05, 0.05))
    assert not has_point(square(0, 0), (0.15, 0.05))


def test_read_land_has_the_continents() -> None:
    places = {"Rennes": (-1.68, 48.11), "Nairobi": (36.8, -1.3), "Lima": (-76.9, -12.0)}
    seas = {"Atlantic": (-30.0, 40.0), "Pacific": (-140.0, 0.0)}
    land = read_land()

    assert all(any(has_point(unit, at) for unit in land) for at in places.values())
    assert not any(has_point(unit, at) for unit in land for at in seas.values())


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        (range(1, 11), [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]),
        ([5, 5, 5], [(5, 5)]),
        ([0, 0, 0, 0, 0, 0, 0, 1, 2, 9], [(0, 0), (1, 1), (2, 9)]),
        ([3, 1, 2], [(1, 1), (2, 2), (3, 3)]),
    ],
)
def test_make_classes_has_as_many_areas_in_each_and_equal_values_in_one(
    values: Sequence[float], limits: list[tuple[float, float]]
) -> None:
    classes = make_classes(list(values))

    assert [(one.least, one.greatest) for one in classes] == limits
    assert sum(one.areas for one in classes) == len(values)
    assert all(
        classes[find_class(classes, value)].least
        <= value
        <= classes[find_class(classes, value)].greatest
        for value in values
    )

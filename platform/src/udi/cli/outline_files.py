"""Outlines of a file of an operator, made light once: borders stay common, each point knows to which scale it is drawn."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from udi.cli.local.errors import LocalError
from udi.kit.outlines import (
    PRECISION,
    TOLERANCES,
    Box,
    OutlineRing,
    OutlineUnit,
    pack_rings,
)
from udi.tabular.columns.area_names import find_area_name
from udi.tabular.columns.column import ColumnType
from udi.tabular.columns.groupings import read_groupings
from udi.tabular.geo.geo_gdal import REFUSALS, raw

CODE_COLUMNS = (
    "code_insee",
    "insee_com",
    "code",
    "insee_dep",
    "insee_reg",
    "code_siren",
)
NAME_COLUMNS = ("nom_officiel", "nom", "name", "libelle", "nom_com", "label")
DEGREES = CRS.from_epsg(4326)
POLYGON = 3
SURFACES = (POLYGON, 6)
"""Types of geometries, as GEOS numbers them: polygons, and several of them."""
Shapes = NDArray[Any]


@dataclass(frozen=True)
class OutlineSelection:
    """Which areas of a file are imported; an empty field selects all."""

    prefixes: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()
    box: Box | None = None


@dataclass(frozen=True)
class OutlineFile:
    """A file, the layer of it where it has several, and the columns of codes and names; empty: they are looked for."""

    path: Path
    layer: str = ""
    code_column: str = ""
    name_column: str = ""


@dataclass(frozen=True)
class OutlineAreas:
    """The areas of a file, in degrees: their codes, their names, their surfaces, and which of them are selected."""

    codes: Shapes
    names: Shapes
    shapes: Shapes
    chosen: Shapes


@dataclass(frozen=True)
class GroupingOutlines:
    """The areas of groupings of municipalities, those that the file has no whole area of, and municipalities of no grouping."""

    units: list[OutlineUnit]
    incomplete: list[str]
    ungrouped: int


def read_outlines(file: OutlineFile, selection: OutlineSelection) -> list[OutlineUnit]:
    """The selected areas of a file, in degrees, simplified with their common borders.

    Raises:
        LocalError: the file cannot be read, has no such column, says not where on Earth it is, or nothing is selected.
    """
    return draw_areas(read_areas(file, selection), file)


def read_areas(file: OutlineFile, selection: OutlineSelection) -> OutlineAreas:
    """The areas of a file; raises as `read_outlines`."""
    codes, names, shapes = _read_file(file)
    return OutlineAreas(codes, names, shapes, _select(codes, shapes, selection))


def draw_groupings(areas: OutlineAreas) -> GroupingOutlines:
    """The groupings (EPCI) of the selected French municipalities, each drawn whole: all of its municipalities, in the file.

    Nothing of a file whose areas are of no grouping that is known, or have other names: codes of other countries are alike.
    """
    selected = set(areas.codes[areas.chosen].tolist())
    if not _has_french_names(areas):
        return GroupingOutlines([], [], len(selected))
    present = set(areas.codes.tolist())
    concerned = {
        code: members
        for code, members in read_groupings().items()
        if members & selected
    }
    grouped = set[str]().union(*concerned.values())
    names = {code: find_area_name(code, ColumnType.SIREN) for code in concerned}
    whole = [code for code, members in concerned.items() if members <= present]
    incomplete = sorted(names[code] for code in set(concerned) - set(whole))
    if not whole:
        return GroupingOutlines([], incomplete, len(selected - grouped))
    surfaces = _surfaces(areas.shapes.copy())
    unions = [
        shapely.union_all(surfaces[np.isin(areas.codes, list(concerned[code]))])
        for code in whole
    ]
    units = simplify_outlines(
        whole, [names[code] for code in whole], np.array(unions, dtype=object)
    )
    return GroupingOutlines(units, incomplete, len(selected - grouped))


def _has_french_names(areas: OutlineAreas) -> bool:
    """Whether at least half of the selected areas are called as the French municipalities of their codes."""
    pairs = zip(
        areas.codes[areas.chosen].tolist(),
        areas.names[areas.chosen].tolist(),
        strict=True,
    )
    agreeing = [
        _plain_name(name) == _plain_name(find_area_name(code, ColumnType.COMMUNE))
        for code, name in pairs
    ]
    return sum(agreeing) * 2 >= len(agreeing)


def _plain_name(name: str) -> str:
    """A name without accents, signs and capitals."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def draw_areas(areas: OutlineAreas, file: OutlineFile) -> list[OutlineUnit]:
    """The selected areas; raises as `read_outlines`."""
    chosen = areas.chosen
    codes, names, shapes = _merge_parts(
        areas.codes[chosen], areas.names[chosen], areas.shapes[chosen]
    )
    if not len(shapes):
        raise LocalError(
            f"No area of {file.path.name} is selected.",
            "Check the codes and the box: codes are compared as they are in the file.",
        )
    return simplify_outlines(codes.tolist(), names.tolist(), shapes)


def simplify_outlines(
    codes: Sequence[str], names: Sequence[str], shapes: Shapes
) -> list[OutlineUnit]:
    """Areas without the details that no map shows; `shapes` are surfaces in degrees."""
    finest = shapely.coverage_simplify(shapes, TOLERANCES[0])
    depths = _depths(finest, shapes)
    points = shapely.point_on_surface(finest)
    boxes = shapely.bounds(finest)
    units = []
    at = 0
    for rank, shape in enumerate(finest):
        size = shapely.get_num_coordinates(shape)
        if size:
            box: Box = tuple(float(side) for side in boxes[rank])  # type: ignore[assignment]  # of four sides
            units.append(
                OutlineUnit(
                    codes[rank],
                    names[rank],
                    box,
                    (float(points[rank].x), float(points[rank].y)),
                    pack_rings(_rings(shape, depths[at : at + size])),
                )
            )
        at += size
    return units


def _depths(finest: Shapes, shapes: Shapes) -> NDArray[np.int_]:
    """For each point of the finest outlines, the coarsest level at which it stays."""
    numbers = _numbers(finest)
    depths = np.zeros(len(numbers), dtype=int)
    for tolerance in TOLERANCES[1:]:
        coarser = _numbers(shapely.coverage_simplify(shapes, tolerance))
        depths += np.isin(numbers, coarser)
    return depths


def _rings(shape: Any, depths: NDArray[np.int_]) -> list[OutlineRing]:
    """The rings of a surface; the last point of each repeats its first and is left out."""
    rings = []
    at = 0
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.round(shapely.get_coordinates(ring) * PRECISION).astype(int)
            end = at + len(points)
            rings.append(
                OutlineRing(
                    points[:-1, 0].tolist(),
                    points[:-1, 1].tolist(),
                    depths[at : end - 1].tolist(),
                )
            )
            at = end
    return rings


def _numbers(shapes: Shapes) -> NDArray[np.complex128]:
    """The points of shapes, each as one complex number, to be compared."""
    coordinates: NDArray[np.float64] = shapely.get_coordinates(shapes)
    return coordinates[:, 0] + 1j * coordinates[:, 1]


def _read_file(file: OutlineFile) -> tuple[Shapes, Shapes, Shapes]:
    """Codes, names and surfaces in degrees, of the rows that have all three."""
    try:
        meta, _, geometries, fields = raw.read(file.path, layer=file.layer or None)
    except REFUSALS as error:
        raise LocalError(
            f"{file.path} cannot be read as outlines.",
            "Give a GeoPackage, a GeoJSON or a Shapefile (or a ZIP of one), and the layer by --layer.",
        ) from error
    columns = dict(zip((str(name) for name in meta["fields"]), fields, strict=True))
    codes = _find_column(columns, file.code_column, CODE_COLUMNS, "--code-column")
    names = _find_column(columns, file.name_column, NAME_COLUMNS, "--name-column")
    shapes = shapely.from_wkb(geometries)
    has_all = (codes != "") & np.isin(shapely.get_type_id(shapes), SURFACES)
    return (
        codes[has_all],
        names[has_all],
        _project(shapely.force_2d(shapes[has_all]), meta["crs"], file.path),
    )


def _find_column(
    columns: dict[str, Shapes], name: str, usual: Sequence[str], option: str
) -> Shapes:
    by_name = {column.lower(): values for column, values in columns.items()}
    candidates = (name.lower(),) if name else usual
    for candidate in candidates:
        if candidate in by_name:
            values = by_name[candidate]
            return np.array(
                ["" if value is None else str(value).strip() for value in values],
                dtype=object,
            )
    raise LocalError(
        f"The file has no column {' or '.join(candidates)}.",
        f"Name it by {option}: {', '.join(columns)}.",
    )


def _project(shapes: Shapes, crs: str | None, path: Path) -> Shapes:
    if not crs:
        raise LocalError(
            f"{path.name} does not say its coordinate reference system.",
            "Add its .prj, or export it again with one.",
        )
    source = CRS.from_user_input(crs)
    if source.equals(DEGREES, ignore_axis_order=True):
        return shapes
    transformer = Transformer.from_crs(source, DEGREES, always_xy=True)

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    projected: Shapes = shapely.transform(shapes, project)
    return projected


def _select(codes: Shapes, shapes: Shapes, selection: OutlineSelection) -> Shapes:
    chosen: Shapes = np.ones(len(codes), dtype=bool)
    if selection.prefixes or selection.codes:
        chosen = np.array(
            [
                code in selection.codes or code.startswith(selection.prefixes)
                for code in codes
            ],
            dtype=bool,
        )
    if selection.box:
        chosen = chosen & shapely.intersects(shapes, shapely.box(*selection.box))
    return chosen


def _merge_parts(
    codes: Shapes, names: Shapes, shapes: Shapes
) -> tuple[Shapes, Shapes, Shapes]:
    """One area a code, valid: some files give an island a row of its own."""
    shapes = _surfaces(shapes)
    unique, first, inverse = np.unique(
        codes.astype(str), return_index=True, return_inverse=True
    )
    if len(unique) == len(codes):
        return codes, names, shapes
    merged = np.array(
        [shapely.union_all(shapes[inverse == rank]) for rank in range(len(unique))],
        dtype=object,
    )
    return unique.astype(object), names[first], merged


def _surfaces(shapes: Shapes) -> Shapes:
    """The same, where a shape is not valid mended; lines and points that mending leaves are no surfaces."""
    is_bad = ~shapely.is_valid(shapes)
    for rank in np.flatnonzero(is_bad):
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shapes[rank])))
        shapes[rank] = shapely.multipolygons(
            parts[shapely.get_type_id(parts) == POLYGON]
        )
    return shapes

"""What a geographic file holds: its layers, their coordinates, their columns, where they lie, and what is doubtful."""

import re
import shutil
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from udi.tabular.columns.column import (
    RESERVED_NAMES,
    Bounds,
    ColumnType,
    TypedColumn,
)
from udi.tabular.geo.geo_crs import bounds_in_degrees, determine_crs
from udi.tabular.geo.geo_gdal import pyogrio
from udi.tabular.geo.geo_source import GdalInput, prepare_gdal_inputs
from udi.tabular.geo.geoparquet import parquet_layer
from udi.tabular.messages.remarks import Remark, UnreadableGeoFileError

MOST_LAYERS = 100
MOST_COLUMNS = 1000
LONGEST_NAME = 200
TYPES = {
    "OFTInteger": ColumnType.INTEGER,
    "OFTInteger64": ColumnType.INTEGER,
    "OFTReal": ColumnType.NUMBER,
    "OFTDate": ColumnType.DATE,
    "OFTTime": ColumnType.TIME,
    "OFTDateTime": ColumnType.DATETIME,
    "OFTString": ColumnType.TEXT,
    "OFTWideString": ColumnType.TEXT,
}
SUBTYPES = {
    "OFSTBoolean": ColumnType.BOOLEAN,
    "OFSTJSON": ColumnType.JSON,
    "OFSTUUID": ColumnType.UUID,
}
PREFERRED = ("tracks", "routes", "waypoints")
"""GPX writes a track twice, as a line and as its points: the lines are what people mean."""


@dataclass(frozen=True)
class GeoLayer:
    """One layer; `name` is unique in the file. `bbox` is west, south, east, north in degrees."""

    name: str
    crs: str
    geometry: str
    """`Point`, `MultiPolygon`, `Unknown` for several kinds, empty without places."""
    features: int
    columns: tuple[TypedColumn, ...]
    bbox: Bounds | None = None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class GeoProfile:
    """A file as it was understood; no layer, and the reason in `remarks`, when it cannot be read."""

    format: str
    layers: tuple[GeoLayer, ...] = ()
    selected_layer: str = ""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class LocatedLayer:
    """A layer where GDAL finds it."""

    part: GdalInput
    layer: str
    description: GeoLayer


def profile_geo_file(source: Path, name: str, workdir: Path) -> GeoProfile:
    """Read what a file says of itself, in a private folder made inside `workdir` and removed; never raises on contents."""
    try:
        with private_folder(workdir) as folder:
            source_layers = find_layers(source, name, folder)
            selected_layer = choose_layer(source_layers)
            layers = tuple(source_layer.description for source_layer in source_layers)
            return GeoProfile(
                selected_layer.part.format,
                layers,
                selected_layer.description.name,
                layer_remarks(source_layers, selected_layer),
            )
    except UnreadableGeoFileError as error:
        return GeoProfile("", remarks=(error.remark,))


@contextmanager
def private_folder(workdir: Path) -> Iterator[Path]:
    """A folder for GDAL alone, which may write beside what it reads; what GDAL says is nobody's, it quotes contents.

    Raises:
        UnreadableError: whatever went wrong with the contents.
    """
    folder = workdir / "geo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield folder
    except (UnreadableGeoFileError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UnreadableGeoFileError(
            "This file begins like a map, but it is damaged or not finished. Export it again and drop it again."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_layers(source: Path, name: str, folder: Path) -> list[LocatedLayer]:
    """Every layer with at least a column or a place, under names that differ.

    Raises:
        UnreadableError: there is none, or too many.
    """
    source_layers: list[LocatedLayer] = []
    for part in prepare_gdal_inputs(source, name, folder):
        if part.format == "GeoParquet":
            source_layers.append(LocatedLayer(part, "", _describe_parquet(part)))
            continue
        for layer, _ in pyogrio.list_layers(part.path)[: MOST_LAYERS + 1]:
            info = pyogrio.read_info(
                part.path,
                layer=layer,
                force_feature_count=True,
                force_total_bounds=True,
            )
            source_layers.append(
                LocatedLayer(part, layer, _describe_layer(part, str(layer), info))
            )
        if len(source_layers) > MOST_LAYERS:
            raise UnreadableGeoFileError(
                "The file has more than a hundred layers. Drop them in several files."
            )
    filled = [
        source_layer
        for source_layer in source_layers
        if source_layer.description.features
    ] or source_layers[:1]
    if not filled:
        raise UnreadableGeoFileError(
            "This map has no layer. Export it again and drop it again."
        )
    names = unique_names([source_layer.description.name for source_layer in filled])
    return [
        replace(source_layer, description=replace(source_layer.description, name=new))
        for source_layer, new in zip(filled, names, strict=True)
    ]


def layer_remarks(
    source_layers: Sequence[LocatedLayer], selected_layer: LocatedLayer
) -> tuple[Remark, ...]:
    """What is said of a file of several layers."""
    if len(source_layers) == 1:
        return ()
    values = {"count": len(source_layers), "name": selected_layer.description.name}
    return (Remark("The file has %(count)s layers. We took «%(name)s».", values),)


def choose_layer(source_layers: Sequence[LocatedLayer]) -> LocatedLayer:
    """The layer that people mean: a GPX's lines before their points, else the one with most places."""
    for name in PREFERRED:
        for source_layer in source_layers:
            if source_layer.part.format == "GPX" and source_layer.layer == name:
                return source_layer
    return max(
        source_layers,
        key=lambda source_layer: (
            source_layer.description.bbox is not None,
            bool(source_layer.description.geometry),
            source_layer.description.features,
        ),
    )


def _describe_parquet(part: GdalInput) -> GeoLayer:
    crs, geometry, features, fields, bounds = parquet_layer(part.path)
    located = determine_crs(crs, bounds)
    names = unique_names(
        [field.name for field in fields], reserved_names=RESERVED_NAMES
    )
    columns = tuple(
        TypedColumn(name, field.type) for name, field in zip(names, fields, strict=True)
    )
    box = bounds_in_degrees(located.crs, bounds)
    return GeoLayer(
        part.title, located.crs, geometry, features, columns, box, located.remarks
    )


def _describe_layer(part: GdalInput, layer: str, info: dict[str, Any]) -> GeoLayer:
    if len(info["fields"]) > MOST_COLUMNS:
        raise UnreadableGeoFileError(
            "This map has more than a thousand columns. Keep only those that are useful."
        )
    geometry = str(info["geometry_type"] or "")
    total = info["total_bounds"]
    bounds: Bounds | None = None
    if total is not None and geometry:
        west, south, east, north = map(float, total)
        bounds = (west, south, east, north)
    if bounds is not None and (not np.isfinite(bounds).all() or not info["features"]):
        bounds = None
    located = determine_crs(info["crs"], bounds)
    features = max(0, int(info["features"]))
    title = " ".join(layer.split())[:LONGEST_NAME].strip()
    return GeoLayer(
        name=part.title if title in {"", part.path.stem} else title,
        crs=located.crs if geometry else "",
        geometry=geometry.removesuffix(" Z").removeprefix("2.5D "),
        features=features,
        columns=_columns(info),
        bbox=bounds_in_degrees(located.crs, bounds),
        remarks=(*(located.remarks if geometry else ()), *_remarks(info)),
    )


def _remarks(info: dict[str, Any]) -> Iterator[Remark]:
    if not info["features"]:
        yield Remark("This map is empty: it has no place. Check what was exported.")
    elif not info["geometry_type"]:
        yield Remark("This layer has rows but no places, so there is no map.")
    if str(info["geometry_type"] or "").endswith(" Z"):
        yield Remark(
            "The places have heights. The table keeps longitude and latitude; the heights stay in your file."
        )


def _columns(info: dict[str, Any]) -> tuple[TypedColumn, ...]:
    names = unique_names(
        [str(name) for name in info["fields"]], reserved_names=RESERVED_NAMES
    )
    kinds = zip(names, info["ogr_types"], info["ogr_subtypes"], strict=True)
    return tuple(
        TypedColumn(name, _type(kind, subtype)) for name, kind, subtype in kinds
    )


def _type(kind: str, subtype: str) -> ColumnType:
    if kind.endswith("List"):
        return ColumnType.JSON
    return SUBTYPES.get(subtype) or TYPES.get(kind, ColumnType.TEXT)


def unique_names(
    names: Sequence[str], *, reserved_names: Iterable[str] = ()
) -> list[str]:
    """The same names, the second of a kind with a number; bigger and smaller letters do not tell two apart."""
    used_names = {name.casefold() for name in reserved_names}
    result = []
    for index, name in enumerate(names, 1):
        clean = (
            re.sub(r"[\x00-\x1f\x7f]+", " ", name).strip()[:LONGEST_NAME]
            or f"col{index}"
        )
        candidate = clean
        number = 2
        while candidate.casefold() in used_names:
            candidate = f"{clean} ({number})"
            number = number + 1
        used_names.add(candidate.casefold())
        result.append(candidate)
    return result

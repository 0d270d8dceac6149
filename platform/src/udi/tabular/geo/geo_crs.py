"""Which coordinates a layer is written in, and the way from there to longitude and latitude (OGC:CRS84)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from udi.tabular.columns.column import Bounds
from udi.tabular.messages.remarks import Remark

Numbers = NDArray[np.float64]
WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)
ROUNDING = 1e-6
"""Degrees (10 cm) by which the edge of the world may be passed."""
GUESSES: dict[str, Bounds] = {
    "EPSG:2154": (50_000, 6_000_000, 1_300_000, 7_150_000),
    "EPSG:27572": (-100_000, 1_600_000, 1_250_000, 2_700_000),
    **{
        f"EPSG:{3900 + parallel}": (
            1_000_000,
            1_000_000 * (parallel - 41) + 50_000,
            2_400_000,
            1_000_000 * (parallel - 41) + 400_000,
        )
        for parallel in range(42, 51)
    },
}
"""Projected coordinates met in France without a name, with the numbers they give there: Lambert 93, II étendu, CC42-50."""
SWAPPED: Bounds = (41.0, -5.5, 51.5, 10.0)
"""Mainland France with its latitudes first."""


@dataclass(frozen=True)
class LayerCrs:
    """The system of a layer (`EPSG:2154`, or `""` when it cannot be known) and what must be said of it."""

    crs: str
    remarks: tuple[Remark, ...] = ()


def determine_crs(declared: str | None, bounds: Bounds | None) -> LayerCrs:
    """Believe what the file says unless its numbers contradict it; guess from the numbers where it says nothing."""
    name = _name(declared)
    if bounds is None or not np.isfinite(bounds).all():
        return LayerCrs(name or "EPSG:4326")
    if not name:
        return _guess(bounds)
    if _is_degrees(name) and not _within(bounds, WORLD, ROUNDING):
        guessed = _guess(bounds)
        if guessed.crs:
            return guessed
        return LayerCrs(
            name,
            (
                Remark(
                    "Some places are outside the world: the file says degrees, the numbers are too large. Check how it was "
                    "exported."
                ),
            ),
        )
    if _is_degrees(name) and _within(bounds, SWAPPED, 0) and bounds[2] - bounds[0] < 12:  # noqa: PLR2004 - France's height
        return LayerCrs(
            name,
            (
                Remark(
                    "These places are east of Africa. Were latitude and longitude exchanged?"
                ),
            ),
        )
    return LayerCrs(name)


def _guess(bounds: Bounds) -> LayerCrs:
    if _within(bounds, WORLD, ROUNDING):
        remark = Remark(
            "The file does not say its coordinate system. We read it as longitude and latitude (WGS 84)."
        )
        return LayerCrs("EPSG:4326", (remark,))
    for crs, where in GUESSES.items():
        if _within(bounds, where, 0):
            remark = Remark(
                "The file does not say its coordinate system. Its numbers look like %(system)s: check the map.",
                {"system": CRS.from_user_input(crs).name},
            )
            return LayerCrs(crs, (remark,))
    return LayerCrs(
        "",
        (
            Remark(
                "The file does not say its coordinate system and we cannot guess it, so there is no map. Export it again in "
                "longitude and latitude (WGS 84), or with its .prj file."
            ),
        ),
    )


def _within(bounds: Bounds, outer: Bounds, slack: float) -> bool:
    return (
        bounds[0] >= outer[0] - slack
        and bounds[1] >= outer[1] - slack
        and bounds[2] <= outer[2] + slack
        and bounds[3] <= outer[3] + slack
    )


def _name(declared: str | None) -> str:
    """`EPSG:…` where it has one, else its definition; empty for none or an unreadable one."""
    if not declared:
        return ""
    crs = _crs(declared)
    if crs is None or crs.is_engineering:
        return ""
    authority = crs.to_authority(min_confidence=90)
    if authority:
        return ":".join(authority)
    return declared


@lru_cache(maxsize=64)
def _crs(text: str) -> CRS | None:
    try:
        return CRS.from_user_input(text)
    except CRSError:
        return None


def _is_degrees(name: str) -> bool:
    crs = _crs(name)
    return crs is not None and crs.is_geographic


def crs_name(name: str) -> str:
    """How a system is called: `RGF93 v1 / Lambert-93`."""
    crs = _crs(name)
    if crs:
        return str(crs.name)
    return ""


@lru_cache(maxsize=64)
def _transformer(name: str) -> Transformer | None:
    crs = _crs(name)
    if crs is None or crs.to_authority() in {("EPSG", "4326"), ("OGC", "CRS84")}:
        return None
    return Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)


def to_degrees(name: str, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Longitudes and latitudes; what cannot be transformed is infinite."""
    transformer = _transformer(name)
    if transformer is None:
        return x, y
    longitudes, latitudes = transformer.transform(x, y, errcheck=False)
    return np.asarray(longitudes), np.asarray(latitudes)


def bounds_in_degrees(name: str, bounds: Bounds | None) -> Bounds | None:
    """The same rectangle in degrees, None when it has none."""
    if bounds is None or not name or not np.isfinite(bounds).all():
        return None
    transformer = _transformer(name)
    if transformer is None:
        return bounds
    try:
        rectangle = transformer.transform_bounds(*bounds)
    except ProjError:
        return None
    if np.isfinite(rectangle).all():
        return rectangle
    return None

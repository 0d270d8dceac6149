"""A map that was drawn, and what is written on it in the reader's language."""

from dataclasses import dataclass

from babel.numbers import format_decimal

from udi.tabular.columns.column import Bounds
from udi.ui.formats import find_locale
from udi.ui.maps.frame import PaperFrame, fit_frame

EXACT = 0.2
WIDTH = 720
HEIGHT = 480
MARGIN = 36
SMALLEST_SPAN = 0.004
"""Degrees that a map shows at least: some hundred metres."""
COMPASS = {
    "fr": ("N", "S", "E", "O"),
    "en": ("N", "S", "E", "W"),
    "es": ("N", "S", "E", "O"),
}


@dataclass(frozen=True)
class GraticuleMark:
    """A meridian or a parallel where it meets the edge, in shares of the paper."""

    x: float
    y: float
    degrees: float
    is_meridian: bool


@dataclass(frozen=True)
class MapDrawing:
    """The paper (`body`, safe in a page), what is written on it, and what it shows: rows with a place, west to north."""

    body: str
    places: int
    bbox: Bounds
    marks: tuple[GraticuleMark, ...]
    scale_metres: int = 0
    """Length of the bar of the scale; 0 where the map is too wide for one."""
    scale_share: float = 0.0
    """Its share of the width."""

    @property
    def frame(self) -> PaperFrame:
        """The paper that it is drawn on."""
        return frame_of(self.bbox)

    def labels(self, locale: str) -> list[tuple[float, float, str]]:
        """The degrees at the edges, in the reader's language."""
        return [
            (
                mark.x,
                mark.y,
                format_degrees(mark.degrees, locale, is_meridian=mark.is_meridian),
            )
            for mark in self.marks
        ]

    def edges(self, locale: str) -> tuple[str, str, str, str]:
        """The rectangle in words: west, south, east, north."""
        exact = max(self.bbox[2] - self.bbox[0], self.bbox[3] - self.bbox[1]) < EXACT
        west, south, east, north = (
            round(value, 4 if exact else 2) for value in self.bbox
        )
        return (
            format_degrees(west, locale, is_meridian=True),
            format_degrees(south, locale, is_meridian=False),
            format_degrees(east, locale, is_meridian=True),
            format_degrees(north, locale, is_meridian=False),
        )

    @property
    def scale(self) -> str:
        metres = self.scale_metres
        if metres >= 1000:  # noqa: PLR2004 - a kilometre
            return f"{metres // 1000}\N{NO-BREAK SPACE}km"
        return f"{metres}\N{NO-BREAK SPACE}m"


def frame_of(bbox: Bounds) -> PaperFrame:
    """The paper for places inside a rectangle."""
    return fit_frame(bbox, WIDTH, HEIGHT, MARGIN, SMALLEST_SPAN)


def format_degrees(degrees: float, locale: str, *, is_meridian: bool) -> str:
    """`1,5° O`, `48,1° N`."""
    north, south, east, west = COMPASS.get(locale, COMPASS["en"])
    side = (east, west) if is_meridian else (north, south)
    number = format_decimal(abs(degrees), "#,##0.####", locale=find_locale(locale))
    return f"{number}°" + (f"\N{NO-BREAK SPACE}{side[degrees < 0]}" if degrees else "")

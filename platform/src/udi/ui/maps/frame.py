"""Where degrees fall on the paper of a map: plate carrée, true at the middle latitude."""

import math
from dataclasses import dataclass

from udi.kit.outlines import Box

NARROWEST = 0.05
"""Of a degree of longitude, in degrees of latitude: nearer to a pole, maps are stretched."""


@dataclass(frozen=True)
class PaperFrame:
    """A paper of so many pixels, its upper corner at the west, and pixels of a degree of longitude and of latitude."""

    west: float
    north: float
    across: float
    up: float
    width: int
    height: int

    @property
    def box(self) -> Box:
        """What is on the paper."""
        return (
            self.west,
            self.north - self.height / self.up,
            self.west + self.width / self.across,
            self.north,
        )


def fit_frame(
    box: Box, width: int, height: int, margin: int, smallest: float
) -> PaperFrame:
    """The paper on which a rectangle stands in the middle; it shows at least `smallest` degrees."""
    west, south, east, north = box
    flat = max(NARROWEST, math.cos(math.radians((south + north) / 2)))
    wide = max((east - west) * flat, smallest)
    high = max(north - south, smallest)
    up = min((width - 2 * margin) / wide, (height - 2 * margin) / high)
    across = up * flat
    return PaperFrame(
        (west + east) / 2 - width / 2 / across,
        (south + north) / 2 + height / 2 / up,
        across,
        up,
        width,
        height,
    )

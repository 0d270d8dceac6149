"""The layers of a service, and how a page shows each: what its script asks for, or what stands in the way."""

from dataclasses import dataclass
from enum import StrEnum

from udi.portal.nodes.map_services.bounds import LONGEST_URL, read_number

Box = tuple[float, float, float, float]
MERCATOR = "EPSG:3857"
DEGREES = "EPSG:4326"
SIDES = 4
"""Of a rectangle."""


class MapObstacle(StrEnum):
    """Why something cannot be shown here."""

    INSECURE = "insecure"
    """Its address begins with `http:`, and browsers show no such pictures on a page of `https:`."""
    LOGIN = "login"
    BUSY = "busy"
    """Too many descriptions are being read here at once; nothing was asked of the service."""
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    PROJECTION = "projection"
    """It is drawn in no projection that the map has."""
    FORMAT = "format"
    """It gives no GeoJSON, or no picture."""
    OTHER_PAGES = "other-pages"
    """Its server lets no page of others read it (CORS)."""


class LayerDrawing(StrEnum):
    """How the script of the page draws a layer."""

    IMAGES = "images"
    TILES = "tiles"
    FEATURES = "features"


@dataclass(frozen=True)
class LayerRequest:
    """What the script asks for: an address with `{west}` … `{north}`, or `{matrix}`, `{x}` and `{y}`, or of features.

    `matrices` are the names of the levels of tiles, from the level of the whole Earth; empty where one is not there.
    """

    drawing: LayerDrawing
    url: str
    projection: str = MERCATOR
    matrices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceLayer:
    """A layer: its name, its title, its rectangle in degrees, and its request or an obstacle."""

    name: str
    title: str
    box: Box | None = None
    request: LayerRequest | None = None
    obstacle: MapObstacle | None = None

    @property
    def characters(self) -> int:
        """How much it takes to keep it."""
        words = [self.name, self.title]
        if self.request:
            words += [self.request.url, *self.request.matrices]
        return sum(map(len, words))


@dataclass(frozen=True)
class ServiceDescription:
    """What a service says of itself; `readers` are the pages that its server lets read it, as its answer has it."""

    title: str
    layers: tuple[ServiceLayer, ...]
    readers: str = ""

    @property
    def characters(self) -> int:
        """How much it takes to keep it."""
        return sum((layer.characters for layer in self.layers), len(self.title))


class MapServiceError(Exception):
    """Nothing of a service can be shown."""

    def __init__(self, obstacle: MapObstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


def build_layer(
    name: str, title: str, box: Box | None, request: LayerRequest
) -> ServiceLayer:
    """A layer that is drawn; one whose address would be too long is not."""
    if len(request.url) > LONGEST_URL:
        return ServiceLayer(name, title, box, obstacle=MapObstacle.FORMAT)
    return ServiceLayer(name, title, box, request)


def read_box(texts: list[str]) -> Box | None:
    """A rectangle of degrees from its four sides as texts; None where they are none."""
    sides = [side for side in map(read_number, texts) if side is not None]
    if len(texts) != SIDES or len(sides) != SIDES:
        return None
    west, south, east, north = sides
    is_inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90  # noqa: PLR2004 - the Earth
    return (west, south, east, north) if is_inside else None


def add_query(base: str, query: str) -> str:
    """An address with more words of a query."""
    mark = "&" if "?" in base else "?"
    return f"{base.rstrip('?&')}{mark}{query}"

"""Closed lists of RUDI's metadata 1.4.1, the newest that is described; 1.4.2 and 1.4.3 are what its clients announce."""

from enum import StrEnum

CURRENT_VERSION = "1.4.1"
VERSIONS = ("1.2.0", "1.2.1", "1.3.0", "1.4.0", "1.4.1", "1.4.2", "1.4.3")
VERSION_OF_EXTENSIONS = "1.4.0"
VERSION_OF_RICH_TEXT = "1.4.1"


class MediaKind(StrEnum):
    """A file to download, a service to call, or a series of measures."""

    FILE = "FILE"
    SERVICE = "SERVICE"
    SERIES = "SERIES"


class MediaRole(StrEnum):
    """What a file, a link or a service is to its dataset; the main file says none."""

    DATA = "data"
    DOCUMENTATION = "documentation"
    ARCHIVE = "archive"
    LINK = "link"
    SERVICE = "service"


PUBLIC_MEDIA = "public"
"""The access of documentation that everybody reads although its dataset is restricted."""


class StorageStatus(StrEnum):
    """Where the data are: at hand, at hand on demand, or deleted."""

    ONLINE = "online"
    ARCHIVED = "archived"
    UNAVAILABLE = "unavailable"


HASHES = ("MD5", "SHA-256", "SHA-512")
PARAMETER_TYPES = ("STRING", "BOOLEAN", "DATE", "LONG", "DOUBLE", "ENUM")
DOWNLOAD = "dwnl"
PAGE = "page"
API_CONTRACT = "api"
BAR_CHART = "temporal-bar-chart"
GENERIC_DATA = "generic-data"
CONTRACTS = (
    DOWNLOAD,
    "dwnl_temporal",
    "dwnl_spacial",
    "dwnl_temporal_spacial",
    GENERIC_DATA,
    BAR_CHART,
    "wfs",
    "wms",
    "wmts",
    "custom",
    PAGE,
    API_CONTRACT,
    "geoservice",
)
"""The last three are those that RUDI's nodes write for services, and its own portal refuses."""
_MAP = ("versions", "layer", "default_crs", "formats")
CONTRACT_PARAMETERS = {
    "wms": _MAP,
    "wfs": _MAP,
    "wmts": (*_MAP, "matrix_set", "max_zoom"),
    "custom": ("contract_url",),
}
GEOMETRIES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
    "Feature",
    "FeatureCollection",
)
SELF_DATA_BY_API = "API"
SELF_DATA_ACCESS = (SELF_DATA_BY_API, "OUT")

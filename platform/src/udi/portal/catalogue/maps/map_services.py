"""Services of maps among what a dataset offers: WMS, WMTS, WFS and OGC API Features, known by their description or address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from udi.portal.catalogue.models import Distribution

NAMED = re.compile(r"\b(wmts|wms|wfs)\b", re.IGNORECASE)
FEATURES_NAMED = re.compile(r"ogc[ -]?api\b.*features|\boapif\b", re.IGNORECASE)
COLLECTIONS = re.compile(r"/collections(?:/[^/]+(?:/items)?)?/?$")
IN_PATH = re.compile(r"/(wmts|wms|wfs)(?:/|$)", re.IGNORECASE)
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
OWN_PARAMETERS = frozenset(
    [
        "service",
        "request",
        "version",
        "layers",
        "layer",
        "styles",
        "format",
        "crs",
        "srs",
        "bbox",
        "width",
        "height",
        "typename",
        "typenames",
        "outputformat",
        "count",
        "maxfeatures",
        "srsname",
        "transparent",
        "tilematrix",
        "tilematrixset",
        "tilerow",
        "tilecol",
        "style",
        "f",
        "limit",
    ]
)
"""Words of these services in an address: what is left names the service itself."""


class MapServiceKind(StrEnum):
    """The standard of a service; the value is its name."""

    WMS = "WMS"
    WMTS = "WMTS"
    WFS = "WFS"
    FEATURES = "OGC API Features"


@dataclass(frozen=True)
class MapService:
    """A service at an address of others."""

    kind: MapServiceKind
    url: str
    """As its producer wrote it."""
    layer: str = ""
    """The layer that its description names."""

    @property
    def base(self) -> str:
        """The address that programs such as QGIS take: without the words of one request."""
        parts = urlsplit(self.url)
        path = parts.path
        if self.kind is MapServiceKind.FEATURES:
            path = COLLECTIONS.sub("", path) or "/"
        pairs = [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if name.lower() not in OWN_PARAMETERS
        ]
        return urlunsplit((parts.scheme, parts.netloc, path, urlencode(pairs), ""))

    @property
    def named_layer(self) -> str:
        """The layer that the description or the address names, empty where they name none or several."""
        if self.layer:
            return "" if "," in self.layer else self.layer
        parts = urlsplit(self.url)
        if self.kind is MapServiceKind.FEATURES:
            _, _, rest = parts.path.partition("/collections/")
            return rest.partition("/")[0]
        named = {name.lower(): value for name, value in parse_qsl(parts.query) if value}
        words = ("layers", "layer", "typenames", "typename")
        layer = next((named[word] for word in words if word in named), "")
        return "" if "," in layer else layer


def origin_of(url: str) -> str:
    """Scheme, name and port of an address, as a policy of contents takes them; empty where they cannot be named so."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = parts.netloc.lower()
    if parts.scheme in {"http", "https"} and HOST.fullmatch(host):
        return f"{parts.scheme}://{host}"
    return ""


def find_map_service(
    media: Distribution, described: Mapping[str, Any]
) -> MapService | None:
    """What a distribution is as a service of maps; `described` is what the record says of it. None: it is none."""
    if not origin_of(media.url):
        return None
    harvested = described.get("harvested") or {}
    words = " ".join(
        str(word or "")
        for word in (
            media.contract,
            media.format,
            harvested.get("format"),
            (harvested.get("extra") or {}).get("protocol"),
        )
    )
    kind = _kind_of(words) or _kind_of_address(media.url, media.kind)
    return MapService(kind, media.url, _find_layer(described)) if kind else None


def _find_layer(described: Mapping[str, Any]) -> str:
    """The layer that the parameters of its connector name (RUDI); empty where they name none."""
    parameters = (described.get("connector") or {}).get("connector_parameters") or ()
    named = (
        str(parameter.get("value") or "")
        for parameter in parameters
        if parameter.get("key") == "layer"
    )
    return next(named, "")


def _kind_of(words: str) -> MapServiceKind | None:
    if match := NAMED.search(words):
        return MapServiceKind(match[1].upper())
    if FEATURES_NAMED.search(words):
        return MapServiceKind.FEATURES
    return None


def _kind_of_address(url: str, media_kind: str) -> MapServiceKind | None:
    """By the address: a file is a service only where its address says so in so many words."""
    parts = urlsplit(url)
    named = {name.lower(): value for name, value in parse_qsl(parts.query)}
    if kind := _kind_of(named.get("service", "")):
        return kind
    if media_kind == "FILE":
        return None
    if COLLECTIONS.search(parts.path):
        return MapServiceKind.FEATURES
    match = IN_PATH.search(parts.path)
    return MapServiceKind(match[1].upper()) if match else None

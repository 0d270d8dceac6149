"""Formats of files and services: one short label each for lists and filters, media types, extensions, EU file types."""

from dataclasses import dataclass
from functools import lru_cache

URI = "http://publications.europa.eu/resource/authority/file-type/"
ENCRYPTED = "+crypt"
API = "API"
MOST_TYPES = 500
"""Media types whose label is kept: nearly all files have one of some dozens."""


@dataclass(frozen=True)
class Format:
    """A format by its label; the first media type and extension are those to write, the others are read."""

    label: str
    media_types: tuple[str, ...]
    extensions: tuple[str, ...]
    authority: str

    @property
    def uri(self) -> str | None:
        """The EU's file type, where the authority table has one."""
        if self.authority:
            return URI + self.authority
        return None


_OPENXML = "application/vnd.openxmlformats-officedocument"
_OPENDOCUMENT = "application/vnd.oasis.opendocument"
# label | media types | extensions | code of the EU's table
_TABLE = (
    ("CSV", "text/csv application/csv text/x-csv", "csv", "CSV"),
    ("TSV", "text/tab-separated-values", "tsv tab", "TSV"),
    ("XLSX", f"{_OPENXML}.spreadsheetml.sheet", "xlsx", "XLSX"),
    ("XLS", "application/vnd.ms-excel", "xls", "XLS"),
    ("ODS", f"{_OPENDOCUMENT}.spreadsheet", "ods", "ODS"),
    (
        "Parquet",
        "application/vnd.apache.parquet application/x-parquet",
        "parquet",
        "PARQUET",
    ),
    (
        "Arrow",
        "application/vnd.apache.arrow.file application/vnd.apache.arrow.stream",
        "arrow arrows feather",
        "",
    ),
    (
        "JSON",
        "application/json text/json application/vnd.api+json",
        "json jsonl ndjson",
        "JSON",
    ),
    ("GeoJSON", "application/geo+json application/vnd.geo+json", "geojson", "GEOJSON"),
    ("GeoPackage", "application/geopackage+sqlite3", "gpkg", "GPKG"),
    ("Shapefile", "application/vnd.shp application/x-shapefile", "shp", "SHP"),
    (
        "KML",
        "application/vnd.google-earth.kml+xml application/vnd.google-earth.kmz",
        "kml kmz",
        "KML",
    ),
    ("GML", "application/gml+xml", "gml", "GML"),
    ("GeoTIFF", "image/tiff;application=geotiff", "geotiff", "GEOTIFF"),
    ("GTFS", "application/gtfs+zip", "gtfs", "GTFS"),
    ("DXF", "image/vnd.dxf", "dxf", "DXF"),
    ("NetCDF", "application/x-netcdf", "nc", "NETCDF"),
    ("XML", "application/xml text/xml", "xml", "XML"),
    ("JSON-LD", "application/ld+json", "jsonld", "JSON_LD"),
    ("RDF/XML", "application/rdf+xml", "rdf", "RDF_XML"),
    ("Turtle", "text/turtle", "ttl", "RDF_TURTLE"),
    ("YAML", "text/x-yaml application/yaml", "yaml yml", ""),
    ("SQL", "application/sql", "sql", ""),
    ("SQLite", "application/vnd.sqlite3", "sqlite db", ""),
    ("Access", "application/x-msaccess", "mdb accdb", "MDB"),
    ("iCalendar", "text/calendar", "ics", "ICS"),
    ("TXT", "text/plain", "txt", "TXT"),
    ("Markdown", "text/markdown", "md", ""),
    ("HTML", "text/html application/xhtml+xml", "html htm", "HTML"),
    ("PDF", "application/pdf", "pdf", "PDF"),
    ("DOCX", f"{_OPENXML}.wordprocessingml.document", "docx", "DOCX"),
    ("DOC", "application/msword", "doc", "DOC"),
    ("ODT", f"{_OPENDOCUMENT}.text", "odt", "ODT"),
    ("PPTX", f"{_OPENXML}.presentationml.presentation", "pptx", "PPTX"),
    ("PPT", "application/vnd.ms-powerpoint", "ppt", "PPT"),
    ("ODP", f"{_OPENDOCUMENT}.presentation", "odp", "ODP"),
    ("PNG", "image/png", "png", "PNG"),
    ("JPEG", "image/jpeg", "jpg jpeg", "JPEG"),
    ("GIF", "image/gif", "gif", "GIF"),
    ("WebP", "image/webp", "webp", ""),
    ("TIFF", "image/tiff", "tif tiff", "TIFF"),
    ("SVG", "image/svg+xml", "svg", "SVG"),
    ("MP3", "audio/mpeg", "mp3", ""),
    ("Ogg", "audio/ogg", "ogg oga", ""),
    ("MP4", "video/mp4", "mp4", ""),
    ("ZIP", "application/zip application/x-zip-compressed", "zip", "ZIP"),
    ("Gzip", "application/gzip application/x-gzip", "gz", "GZIP"),
    ("TAR", "application/x-tar", "tar", "TAR"),
    ("7z", "application/x-7z-compressed", "7z", ""),
    ("Zstandard", "application/zstd", "zst", ""),
    ("WMS", "", "", "WMS_SRVC"),
    ("WFS", "", "", "WFS_SRVC"),
    ("WMTS", "", "", "WMTS_SRVC"),
    (API, "", "", "REST"),
)
FORMATS = {
    label: Format(
        label, tuple(media_types.split()), tuple(extensions.split()), authority
    )
    for label, media_types, extensions, authority in _TABLE
}
_BY_MEDIA_TYPE = {
    media_type: file_format
    for file_format in FORMATS.values()
    for media_type in file_format.media_types
}
_BY_EXTENSION = {
    extension: file_format
    for file_format in FORMATS.values()
    for extension in file_format.extensions
}


def find_format(media_type: str) -> Format | None:
    """The format of a media type, encrypted or not, parameters not mattering unless they make the format."""
    exact = media_type.lower().replace(" ", "").removesuffix(ENCRYPTED)
    return _BY_MEDIA_TYPE.get(exact) or _BY_MEDIA_TYPE.get(exact.partition(";")[0])


@lru_cache(MOST_TYPES)
def file_label(media_type: str) -> str:
    """The label of a file: of its format, else its subtype in capitals (`X-NEW` for `application/x-new`)."""
    file_format = find_format(media_type)
    if file_format:
        return file_format.label
    return media_type.lower().removesuffix(ENCRYPTED).partition("/")[2].upper()[:40]


def service_label(contract: str) -> str:
    """The label of a service by its interface contract: WMS, WFS, WMTS, else API."""
    if contract.upper() in FORMATS:
        return contract.upper()
    return API


def link_label(address: str) -> str:
    """The label of what an address leads to, by the end of its path: a page, where that is no extension of a format."""
    path = address.partition("#")[0].partition("?")[0]
    file_format = _BY_EXTENSION.get(path.rpartition(".")[2].lower())
    return file_format.label if file_format else "HTML"

"""What a column of a table is: the words shared by all that reads, checks, draws and queries tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """How the values of a column read; codes are text, so that their zeros survive."""

    EMPTY = "empty"
    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    YEAR = "year"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    POINT = "point"
    """A latitude and a longitude in one cell."""
    JSON = "json"
    UUID = "uuid"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    CODE = "code"
    """Leading zeros that must survive."""
    POSTCODE = "postcode"
    COMMUNE = "commune"
    """INSEE's code of a municipality."""
    DEPARTMENT = "department"
    REGION = "region"
    SIREN = "siren"
    SIRET = "siret"


SQL_TYPES = {
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.DATE: "DATE",
    ColumnType.DATETIME: "TIMESTAMP",
    ColumnType.TIME: "TIME",
    ColumnType.YEAR: "INTEGER",
    ColumnType.LATITUDE: "DOUBLE",
    ColumnType.LONGITUDE: "DOUBLE",
}
"""DuckDB's type of each that is not text."""
TEXT_STORED = "VARCHAR"
LINE = "__line"
"""First column of a typed table: the line of the producer's own file (of the sheet, for a sheet), from 1."""
ROW_NAME = "__id"
"""Name of the number of a row in questions and exports: that line."""
Bounds = tuple[float, float, float, float]
"""A rectangle: west, south, east, north."""
GEOMETRY = "geometry"
"""Last column of a typed table with geometries: WKB in longitude and latitude (OGC:CRS84), GeoParquet 1.1."""
PLACES = "__geometry"
"""What that column is called where a column of the file has the name itself."""
BOX = ("__xmin", "__ymin", "__xmax", "__ymax")
"""Columns after `geometry`: the rectangle of each place, so that a question about a rectangle reads little."""
RESERVED_NAMES = frozenset({LINE, ROW_NAME, PLACES, *BOX})
"""What no column of a file may be called."""


@dataclass(frozen=True)
class TypedColumn:
    """One column of a typed table; `name` is unique in its table, as the file writes it otherwise.

    `format` is, for dates and times, how the file writes them (strptime's directives); for numbers `,` when the comma
    is the decimal mark.
    """

    name: str
    type: ColumnType
    format: str = ""

    @property
    def sql_type(self) -> str:
        """DuckDB's type."""
        return SQL_TYPES.get(self.type, TEXT_STORED)


def places_name(names: Iterable[str]) -> str:
    """What the column of places is called beside columns of these names: bigger letters do not tell two apart."""
    if any(name.casefold() == GEOMETRY for name in names):
        return PLACES
    return GEOMETRY

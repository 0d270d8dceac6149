"""The description of tables as a Data Package (version 2): what each file is, what each column holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from udi.tabular.columns.column import ColumnType, TypedColumn

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
FIELD_TYPES: Mapping[ColumnType, tuple[str, str]] = {
    ColumnType.BOOLEAN: ("boolean", ""),
    ColumnType.INTEGER: ("integer", ""),
    ColumnType.NUMBER: ("number", ""),
    ColumnType.DATE: ("date", ""),
    ColumnType.DATETIME: ("datetime", ""),
    ColumnType.TIME: ("time", ""),
    ColumnType.YEAR: ("year", ""),
    ColumnType.LATITUDE: ("number", ""),
    ColumnType.LONGITUDE: ("number", ""),
    ColumnType.UUID: ("string", "uuid"),
    ColumnType.URL: ("string", "uri"),
    ColumnType.EMAIL: ("string", "email"),
}
"""Table Schema's type and format of each; the others are text."""
NO_UNITS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class PackagedFile:
    """One file of a package; `columns` None: it is not a table."""

    name: str
    """Lower case, digits, `-`, `_` and `.` only."""
    path: str
    """Address, or path inside the archive."""
    format: str
    media_type: str
    size: int | None = None
    sha256: str = ""
    encoding: str = ""
    columns: tuple[TypedColumn, ...] | None = None
    delimiter: str = ""
    header_line: int = 1
    units: Mapping[str, str] = field(default_factory=dict)
    """The unit of columns, by name: the property `unit` of a field, which is ours."""
    as_written: bool = False
    """Whether it is the producer's own file, with dates and decimals as the columns' formats say."""


def build_data_package(
    *,
    name: str,
    title: str,
    files: Sequence[PackagedFile],
    created: datetime,
    identifier: str = "",
    description: str = "",
    licence: Mapping[str, str] | None = None,
    contributors: Sequence[Mapping[str, Any]] = (),
    keywords: Sequence[str] = (),
    version: str = "",
    homepage: str = "",
) -> dict[str, Any]:
    """`datapackage.json`; `licence` has `name` (a code of Open Definition or SPDX), `path` and `title`."""
    described = {
        "$schema": PROFILE,
        "id": identifier,
        "name": name,
        "title": title,
        "description": description,
        "homepage": homepage,
        "version": version,
        "created": created.isoformat(timespec="seconds"),
        "licenses": [dict(licence)] if licence else [],
        "contributors": [dict(contributor) for contributor in contributors],
        "keywords": list(keywords),
        "resources": [_resource(file) for file in files],
    }
    return {key: value for key, value in described.items() if value}


def table_schema(
    columns: Sequence[TypedColumn],
    *,
    as_written: bool = False,
    units: Mapping[str, str] = NO_UNITS,
) -> dict[str, Any]:
    """The Table Schema of a typed table, or of the producer's own file."""
    return {
        "$schema": SCHEMA_PROFILE,
        "fields": [
            _field(column, units.get(column.name, ""), as_written=as_written)
            for column in columns
        ],
    }


def _field(column: TypedColumn, unit: str, *, as_written: bool) -> dict[str, Any]:
    kind, form = FIELD_TYPES.get(column.type, ("string", ""))
    described = {"name": column.name, "type": kind, "format": form, "unit": unit}
    if as_written and column.format:
        described |= (
            {"decimalChar": ","} if kind == "number" else {"format": column.format}
        )
    return {key: value for key, value in described.items() if value}


def _resource(file: PackagedFile) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": file.name,
        "path": file.path,
        "format": file.format,
        "mediatype": file.media_type,
        "encoding": file.encoding,
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}" if file.sha256 else "",
    }
    if file.columns is not None:
        described |= {
            "type": "table",
            "schema": table_schema(
                file.columns, as_written=file.as_written, units=file.units
            ),
        }
        described["dialect"] = _dialect(file)
    return {
        key: value for key, value in described.items() if value not in ("", None, {})
    }


def _dialect(file: PackagedFile) -> dict[str, Any]:
    dialect: dict[str, Any] = {"delimiter": file.delimiter} if file.delimiter else {}
    if file.header_line == 0:
        return {**dialect, "header": False}
    if file.header_line == 1:
        return dialect
    return {**dialect, "headerRows": [file.header_line]}

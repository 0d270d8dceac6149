"""The OpenAPI 3.1 document of one table: its columns, and what may be asked of each."""

from typing import Any

from udi import __version__
from udi.tabular.columns.chosen_roles import ChosenRole, Roles
from udi.tabular.columns.column import ROW_NAME, ColumnType, TypedColumn
from udi.tabular.exports.exports import formats_of
from udi.tabular.queries.query import (
    GROUP,
    LARGEST_PAGE,
    PAGE_SIZE,
    SEARCH,
    SORT,
    StepUnit,
    allowed_operations,
    allowed_steps,
)
from udi.tabular.queries.table import DatasetTable

MOST_COLUMNS = 100
"""Beyond these, columns are named and their parameters are not listed: the rule is the same."""
JSON_TYPES = {
    "BOOLEAN": "boolean",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DOUBLE": "number",
}
JSON_FORMATS = {
    ColumnType.DATE: "date",
    ColumnType.DATETIME: "date-time",
    ColumnType.UUID: "uuid",
    ColumnType.URL: "uri",
}
ROLES = {
    ChosenRole.IDENTIFIER: "An identifier: it is counted, never added up",
    ChosenRole.SUM: "A measure that may be added up",
    ChosenRole.MEAN: "A measure to average: its sum means nothing",
    ChosenRole.CATEGORY: "A category",
    ChosenRole.DATE: "A date",
    ChosenRole.PLACE: "A place",
    ChosenRole.NONE: "Of no chart",
}
"""What the producer says that a column is for."""
REFUSALS = {
    "404": "Nothing at this address",
    "422": "The question cannot be, or is too heavy",
    "429": "Too many requests",
    "503": "Many questions are waiting",
}


def build_openapi(table: DatasetTable, origin: str, base: str) -> dict[str, Any]:
    """The document of the table at `base`."""
    parameters = [
        *_column_parameters(table.columns),
        *_common_parameters(table.columns),
    ]
    paths = {
        f"{base}/data/": _path_item(
            parameters, _page(), "A page of rows", "application/json"
        )
    }
    for kind, form in formats_of(table).items():
        export_parameters = [
            parameter
            for parameter in parameters
            if parameter["name"] not in {"page", "page_size"}
        ]
        if "json" in kind:
            content = {"type": "string"}
        else:
            content = {"type": "string", "format": "binary"}
        paths[f"{base}/data/{kind}/"] = _path_item(
            export_parameters,
            content,
            f"All rows as {kind}",
            form.media_type.partition(";")[0],
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": table.title,
            "version": __version__,
            "description": _description(table),
        },
        "servers": [{"url": origin}],
        "paths": paths,
        "components": {"schemas": {"Row": _row(table.columns, table.roles)}},
    }


def _description(table: DatasetTable) -> str:
    rows = "" if table.is_restricted else f"{table.rows} rows, "
    words = f"{rows}{len(table.columns)} columns. Ask `column__operator=value`."
    if len(table.columns) > MOST_COLUMNS:
        words += f" The parameters of the first {MOST_COLUMNS} columns are listed; the others take the same."
    return words


def _column_parameters(columns: tuple[TypedColumn, ...]) -> list[dict[str, Any]]:
    return [
        _column_parameter(column, operation, takes_value=takes_value)
        for column in columns[:MOST_COLUMNS]
        for operation, takes_value in allowed_operations(column).items()
    ]


def _column_parameter(
    column: TypedColumn, operation: str, *, takes_value: bool
) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if operation == SORT:
        schema = {"type": "string", "enum": ["asc", "desc"]}
    elif operation == GROUP:
        schema = _step_schema(column)
    elif takes_value and operation not in {"in", "notin", "contains", "notcontains"}:
        schema = _schema(column)
    return {
        "name": f"{column.name}__{operation}",
        "in": "query",
        "required": False,
        "allowEmptyValue": not takes_value,
        "schema": schema,
    }


def _step_schema(column: TypedColumn) -> dict[str, Any]:
    """Nothing for a group a value, else the step of the groups."""
    units = allowed_steps(column)
    if not units:
        return {"type": "string", "maxLength": 0}
    if StepUnit.BIN in units:
        return {"type": "string", "pattern": r"^(bin\.[0-9]+(\.[0-9]+)?)?$"}
    return {"type": "string", "enum": ["", *units]}


def _common_parameters(columns: tuple[TypedColumn, ...]) -> list[dict[str, Any]]:
    named = ", ".join(column.name for column in columns[:3])
    schemas = {
        "or": {
            "type": "string",
            "description": "(a__exact.1,and(b__less.3,c__isnull))",
        },
        SEARCH: {
            "type": "string",
            "description": "Words in any column of text, whatever capitals and accents",
        },
        "columns": {
            "type": "string",
            "description": f"Names with commas between: {named}",
        },
        "page": {"type": "integer", "minimum": 1, "default": 1},
        "page_size": {
            "type": "integer",
            "minimum": 1,
            "maximum": LARGEST_PAGE,
            "default": PAGE_SIZE,
        },
    }
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in schemas.items()
    ]


def _path_item(
    parameters: list[dict[str, Any]],
    schema: dict[str, Any],
    summary: str,
    media_type: str,
) -> dict[str, Any]:
    refused = {status: {"description": words} for status, words in REFUSALS.items()}
    answered = {
        "200": {"description": summary, "content": {media_type: {"schema": schema}}}
    }
    return {
        "get": {
            "summary": summary,
            "parameters": parameters,
            "responses": {**answered, **refused},
        }
    }


def _page() -> dict[str, Any]:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["data", "links", "meta"],
        "properties": {
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "links": {"type": "object", "additionalProperties": link},
            "meta": {
                "type": "object",
                "properties": {
                    name: {"type": "integer"} for name in ("page", "page_size", "total")
                },
            },
        },
    }


def _row(columns: tuple[TypedColumn, ...], roles: Roles) -> dict[str, Any]:
    properties: dict[str, Any] = {
        ROW_NAME: {"type": "integer", "description": "The row's number, from 1"}
    }
    for column in columns:
        schema = _schema(column)
        properties[column.name] = {**schema, "type": [schema["type"], "null"]}
        if column.name in roles:
            properties[column.name]["description"] = ROLES[roles[column.name]]
    return {"type": "object", "properties": properties}


def _schema(column: TypedColumn) -> dict[str, Any]:
    schema = {"type": JSON_TYPES.get(column.sql_type, "string")}
    if column.type in JSON_FORMATS:
        return {**schema, "format": JSON_FORMATS[column.type]}
    return schema

"""Tables as tools for programs that reason: columns, values, rows, figures of groups, and downloads."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from udi.protocol.record import restore_record
from udi.tabular.queries.query import LARGEST_PAGE, Aggregate
from udi.ui.openapi.agent_tools import AgentTool, ToolResponse, write_value

NO_ROW = (
    "No row meets all of this. Leave out a filter; list_values has what a column holds."
)
Filters = Annotated[
    dict[str, str | int | float | bool],
    Meta(
        description="Conditions that all hold, by column__operator: exact, differs, contains, notcontains, in, notin (values with commas between), less, greater, strictly_less, strictly_greater, isnull, isnotnull. As {“height__greater”: 10}.",
    ),
]
Table = Annotated[
    str,
    Meta(
        description="Name of a table beside the main one: a sheet, a layer, a file of an archive."
    ),
]
DATASET = {"dataset_id": "resource_id"}
NAMED = {**DATASET, "table": "table_name"}


ReadingKey = Annotated[
    str,
    Meta(
        description="For restricted data: what the portal’s tool open_agreement answered as key. Empty for all else."
    ),
]


class TableArguments(Struct, kw_only=True):
    """Which table of the dataset."""

    table: Table = ""
    reading_key: ReadingKey = ""


class RowArguments(TableArguments, kw_only=True):
    """Which rows and columns."""

    filters: Filters = {}
    columns: Annotated[
        list[str], Meta(description="These columns only, by name; empty: all.")
    ] = []
    sort: Annotated[
        dict[str, str],
        Meta(description="By which columns, each asc or desc, as {“year”: “desc”}."),
    ] = {}


class ValueArguments(TableArguments, kw_only=True):
    """The values of one column."""

    column: Annotated[str, Meta(description="Name of the column.")]
    filters: Filters = {}


class GroupArguments(TableArguments, kw_only=True):
    """Figures of groups of rows."""

    measures: Annotated[
        dict[str, list[Aggregate]],
        Meta(
            description="What is computed, by column, as {“births”: [“sum”]}; {“__id”: [“count”]} counts rows. Never add up identifiers, codes, years or rates.",
            min_length=1,
        ),
    ]
    group_by: Annotated[
        dict[str, str],
        Meta(
            description="Columns whose values make groups, each with an empty text, or with day, week, month, quarter, year or bin.10 (intervals of 10). Empty: all rows at once."
        ),
    ] = {}
    filters: Filters = {}


def cite(record: object) -> dict[str, Any] | None:
    """Whose data these are, as an answer cites them; None where no record says."""
    if not isinstance(record, dict):
        return None
    dataset = restore_record(record)
    licence = dataset.licence.code or dataset.licence.label or None
    return {
        "title": dataset.title,
        "producer": dataset.producer.name,
        "licence": licence,
        "modified": dataset.dates.updated.isoformat(),
    }


def _write_filters(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, write_value(value))
        for name, value in arguments.get("filters", {}).items()
    ]


def quote_name(name: str) -> str:
    """A column among others with commas between."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write_rows(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = _write_filters(arguments)
    columns = arguments.get("columns")
    if columns:
        pairs.append(("columns", ",".join(map(quote_name, columns))))
    sorting = arguments.get("sort", {})
    return [*pairs, *((f"{name}__sort", way) for name, way in sorting.items())]


def _write_values(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    grouped = (f"{arguments['column']}__groupby", "")
    return [*_write_filters(arguments), grouped, ("__id__count", "")]


def _write_groups(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    groups = arguments.get("group_by", {})
    pairs = [(f"{name}__groupby", step) for name, step in groups.items()]
    pairs += [
        (f"{name}__{measure}", "")
        for name, measures in arguments["measures"].items()
        for measure in measures
    ]
    return [*_write_filters(arguments), *pairs]


def _present_columns(response: ToolResponse) -> dict[str, Any]:
    profile = response.body["profile"]
    fields = {entry["name"]: entry for entry in profile["schema"]["fields"]}
    columns = [
        {
            "name": name,
            "type": column["format"],
            **{
                key: value
                for key, value in fields.get(name, {}).items()
                if key in {"title", "description", "unit"}
            },
        }
        for name, column in profile["columns"].items()
    ]
    answer = {"columns": columns, "dataset": cite(response.record)}
    if "total_lines" in profile:
        answer["rows"] = profile["total_lines"]
    return answer


def _present_rows(response: ToolResponse) -> dict[str, Any]:
    meta = response.body["meta"]
    answer = {
        "total": meta["total"],
        "page": meta["page"],
        "rows": response.body["data"],
        "dataset": cite(response.record),
    }
    if not meta["total"]:
        answer["why_empty"] = NO_ROW
    return answer


def _present_downloads(response: ToolResponse) -> dict[str, Any]:
    host = response.address.partition("/api/")[0]
    files = {
        link["rel"]: f"{host}{link['href']}"
        for link in response.body["links"]
        if link["rel"] not in {"profile", "swagger"}
    }
    return {"files": files, "dataset": cite(response.record)}


DESCRIBE_TABLE = AgentTool(
    "describe_table",
    "The columns of a dataset’s table: name, type, title, and what its producer says of each. Ask this before you ask for rows.",
    parameters=NAMED,
    arguments=TableArguments,
    named_operation="readNamedColumns",
    record_operation="readRecord",
    present=_present_columns,
)
LIST_DOWNLOADS = AgentTool(
    "list_downloads",
    "Addresses of the whole table as CSV, XLSX, Parquet, Arrow, JSON, and GeoJSON where rows have places.",
    parameters=NAMED,
    arguments=TableArguments,
    named_operation="describeNamedTable",
    record_operation="readRecord",
    present=_present_downloads,
)
READ_ROWS = AgentTool(
    "read_rows",
    "Rows of a table, filtered, searched and sorted, 20 a page. For figures of many rows, ask aggregate_rows.",
    parameters={**NAMED, "q": "q", "page": "page", "page_size": "page_size"},
    arguments=RowArguments,
    write_query=_write_rows,
    named_operation="readNamedRows",
    record_operation="readRecord",
    present=_present_rows,
)
LIST_VALUES = AgentTool(
    "list_values",
    "The values of a column and how many rows have each. Ask this before you filter by a text.",
    parameters={**NAMED, "page": "page"},
    fixed={"page_size": str(LARGEST_PAGE)},
    arguments=ValueArguments,
    write_query=_write_values,
    named_operation="readNamedRows",
    record_operation="readRecord",
    present=_present_rows,
)
AGGREGATE_ROWS = AgentTool(
    "aggregate_rows",
    "Figures of groups of rows: count, count_distinct, sum, avg, median, min, max, by columns, periods or intervals.",
    parameters={**NAMED, "page": "page", "page_size": "page_size"},
    arguments=GroupArguments,
    write_query=_write_groups,
    named_operation="readNamedRows",
    record_operation="readRecord",
    present=_present_rows,
)

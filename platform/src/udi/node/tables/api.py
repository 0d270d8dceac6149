"""The tabular API, as data.gouv.fr's clients speak it: one table at `/api/resources/{id}/`."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency, Provide
from litestar.response import Stream

from udi.kit.errors import (
    GoneError,
    HeldBackError,
    InvalidError,
    NotFoundError,
    TooManyRequestsError,
)
from udi.kit.file_names import content_disposition
from udi.kit.service_registry import ServiceKey
from udi.node.files.delivery.ranges import (
    ByteRange,
    RangeNotSatisfiableError,
    parse_range,
    range_applies,
)
from udi.node.files.restricted import READING_ERRORS
from udi.node.spaces.operations import CREDENTIAL, TABLES, download_operation
from udi.node.tables import schemas
from udi.node.tables.addresses import TableAddresses
from udi.node.tables.agent_tools import (
    AGGREGATE_ROWS,
    DESCRIBE_TABLE,
    LIST_DOWNLOADS,
    LIST_VALUES,
    READ_ROWS,
)
from udi.node.tables.openapi import build_openapi
from udi.node.tables.requests import (
    TableRequest,
    get_description_request,
    get_file_request,
    get_table_request,
    head_without_length,
    kind_of,
)
from udi.tabular.exports.data_package import table_schema
from udi.tabular.exports.exports import (
    FORMATS,
    ExportFile,
    ExportWriter,
    are_tiles,
    formats_of,
    is_whole,
    is_whole_file,
    select_tiles,
    tiles_of,
    whole_export_of,
)
from udi.tabular.queries.query import Query
from udi.tabular.queries.query_string import read_query
from udi.tabular.queries.row_pages import RowPageReader
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.openapi.operations import NOT_MODIFIED, describe_operation
from udi.ui.site import site_of

READ = [HttpMethod.GET, HttpMethod.HEAD]
BASE = "/api/resources/{resource_id:uuid}"
ANSWERS = ServiceKey[RowPageReader]("row pages", "tables")
EXPORTS = ServiceKey[ExportWriter]("exports", "tables")
EXPORT_COST = 20
SEALED = "sandbox; default-src 'none'"
PYTHON_TYPES = {
    "BOOLEAN": "bool",
    "BIGINT": "int",
    "INTEGER": "int",
    "DOUBLE": "float",
    "DATE": "date",
    "TIMESTAMP": "datetime",
}
DESCRIPTION_ERRORS = (
    NotFoundError,
    GoneError,
    HeldBackError,
    TooManyRequestsError,
)
ROW_ERRORS = (*READING_ERRORS, InvalidError)
table_operation = partial(
    describe_operation, tag=TABLES, empty=NOT_MODIFIED, errors=DESCRIPTION_ERRORS
)
export_operation = partial(
    download_operation,
    tag=TABLES,
    errors=ROW_ERRORS,
    query=schemas.RowSelection,
    schemes=(CREDENTIAL,),
)
TABLE = {"table_request": Provide(get_table_request)}
ABOUT = {"table_request": Provide(get_description_request)}


@route(
    f"{BASE}/",
    http_method=READ,
    dependencies=ABOUT,
    **table_operation(
        "describeTable",
        summary="Find what there is about a table",
        description="The addresses that follow. Restricted tables have names and types of columns too.",
        answer=schemas.TableResource,
        tools=(LIST_DOWNLOADS,),
    ),
)
async def show_resource(table_request: NamedDependency[TableRequest]) -> Response[Any]:
    """What there is about a table, and where."""
    return await answer_resource(table_request)


async def answer_resource(table_request: TableRequest) -> Response[Any]:
    """The addresses of a table."""
    table = table_request.table
    base = TableAddresses.of(table_request.dataset_id, table).api
    links = [
        {"href": f"{base}/{part}/", "type": "GET", "rel": part}
        for part in ("profile", "data", "swagger")
    ]
    links += [
        {"href": f"{base}/data/{kind}/", "type": "GET", "rel": kind}
        for kind in formats_of(table)
    ]
    return await table_request.json_response(
        {"created_at": table.modified.isoformat(), "url": table.landing, "links": links}
    )


@route(
    f"{BASE}/profile/",
    http_method=READ,
    dependencies=ABOUT,
    **table_operation(
        "readColumns",
        summary="Read the columns of a table",
        description="What each column holds, also as a Table Schema.",
        answer=schemas.TableProfileAnswer,
        tools=(DESCRIBE_TABLE,),
    ),
)
async def show_profile(table_request: NamedDependency[TableRequest]) -> Response[Any]:
    """The columns of a table and what they hold; of a restricted one, their names and types only."""
    return await answer_profile(table_request)


async def answer_profile(table_request: TableRequest) -> Response[Any]:
    """The columns of a table."""
    table = table_request.table
    columns = {
        column.name: {
            "format": column.type.value,
            "python_type": PYTHON_TYPES.get(column.sql_type, "string"),
            **(
                {"role": table.roles[column.name]} if column.name in table.roles else {}
            ),
        }
        for column in table.columns
    }
    profile: dict[str, Any] = {"header": list(columns), "columns": columns}
    profile |= {} if table.is_restricted else {"total_lines": table.rows}
    schema = {"schema": table_schema(table.columns, units=table.units)}
    return await table_request.json_response(
        {"profile": {**profile, **schema, **table.profile}}
    )


@route(
    f"{BASE}/swagger/",
    http_method=READ,
    dependencies=ABOUT,
    **table_operation(
        "readTableDocument",
        summary="Read the document of a table",
        description="The OpenAPI document of this very table, with its columns as parameters.",
        answer=dict[str, Any],
    ),
)
async def show_openapi(table_request: NamedDependency[TableRequest]) -> Response[Any]:
    """The OpenAPI document of a table."""
    return await answer_openapi(table_request)


async def answer_openapi(table_request: TableRequest) -> Response[Any]:
    """The same."""
    table = table_request.table
    path = TableAddresses.of(table_request.dataset_id, table).api
    return await table_request.json_response(
        build_openapi(table_request.table, table_request.base.removesuffix(path), path)
    )


@route(
    f"{BASE}/data/",
    http_method=READ,
    dependencies=TABLE,
    **table_operation(
        "readRows",
        summary="Read and filter rows",
        description="A page of rows, filtered, sorted or grouped by `column__operator=value`: exact, differs, contains, in, less, greater, isnull, sort, groupby (also by day, week, month, quarter, year or bins), count, count_distinct, avg, median, min, max, sum and others.",
        answer=schemas.RowPageAnswer,
        errors=ROW_ERRORS,
        query=schemas.RowPageParameters,
        schemes=(CREDENTIAL,),
        tools=(READ_ROWS, LIST_VALUES, AGGREGATE_ROWS),
    ),
)
async def read_data(
    request: AnyRequest, table_request: NamedDependency[TableRequest]
) -> Response[Any]:
    """A page of rows."""
    return await answer_rows(request, table_request)


async def answer_rows(
    request: AnyRequest, table_request: TableRequest
) -> Response[Any]:
    """A page of the rows that the address asks for."""
    query = await table_request.parse_query(
        partial(
            read_query,
            table_request.query_string,
            table_request.table.columns,
            table_request.table.hidden,
        )
    )
    if table_request.is_fresh:
        return table_request.not_modified()
    answers = site_of(request).services[ANSWERS]
    page = await answers.read_page(table_request.table, query)
    pages = table_request.page_links(query, page.total)
    table_request.headers["Link"] = ", ".join(
        f'<{address}>; rel="{name}"' for name, address in pages.items()
    )
    links: dict[str, str | None] = {
        part: f"{table_request.base}/{part}/" for part in ("profile", "swagger")
    }
    links |= {name: pages.get(name) for name in ("next", "prev")}
    meta = {"page": query.page, "page_size": query.size, "total": page.total}
    return await table_request.json_response(
        {"data": page.items, "links": links, "meta": meta}
    )


@route(
    f"{BASE}/data/{{kind:str}}/",
    http_method=READ,
    dependencies=TABLE,
    **export_operation(
        "downloadRows",
        summary="Download rows",
        description="Every row that the parameters leave, as a file.",
    ),
)
async def export_data(
    request: AnyRequest,
    kind: schemas.KindPath,
    table_request: NamedDependency[TableRequest],
) -> Response[Any]:
    """Every row that a question leaves, as a file."""
    return await export_table(request, table_request, kind)


@route(
    "/datasets/{dataset_id:uuid}/{file_name:str}",
    http_method=READ,
    dependencies={"table_request": Provide(get_file_request)},
    **export_operation(
        "downloadTableFile",
        summary="Download rows at an address that ends in a file name",
        description="The same rows for programs that go by the name of a file: any name before csv, xlsx, parquet, arrow, json, ndjson, geojson or pmtiles. A Parquet has the columns of the table alone.",
    ),
)
async def download_table_file(
    request: AnyRequest,
    file_name: schemas.FileNamePath,
    table_request: NamedDependency[TableRequest],
) -> Response[Any]:
    """The same at an address that ends in the name of a file, without a final slash."""
    return await export_table(request, table_request, kind_of(file_name), plain=True)


async def export_table(
    request: AnyRequest, table_request: TableRequest, kind: str, *, plain: bool = False
) -> Response[Any]:
    """Every row that a question leaves, as a file; a `plain` Parquet has the columns of the table alone.

    Raises:
        NotFoundError: the table cannot be taken as this kind.
        InvalidError: the question cannot be.
    """
    if kind in FORMATS and FORMATS[kind].placed:
        await table_request.require_places()
    form = formats_of(table_request.table).get(kind)
    if form is None:
        raise NotFoundError(
            "This table cannot be downloaded in this format.",
            remedy="Use csv, xlsx, parquet, arrow, json or ndjson; and, where it has places, geojson or pmtiles.",
        )
    query = await table_request.parse_query(
        partial(
            read_query,
            table_request.query_string,
            table_request.table.columns,
            table_request.table.hidden,
        )
    )
    _require_mappable(query, kind)
    if table_request.is_fresh:
        return table_request.not_modified()
    table_request.headers |= {
        "Content-Type": form.media_type,
        "Content-Disposition": content_disposition(
            f"{table_request.table.name}.{form.extension}"
        ),
        "Content-Security-Policy": SEALED,
    }
    if is_whole_file(query, kind) and not plain:
        return await _serve_range(request, table_request, table_request.table.path)
    if kind == "pmtiles":
        path = await _tiles_path(request, table_request, query)
        return await _serve_range(request, table_request, path)
    if is_whole(query):
        path = await _whole_path(request, table_request, kind)
        return await _serve_range(request, table_request, path)
    if request.method == "HEAD":
        return head_without_length(table_request.headers)
    table_request.charge_cost(EXPORT_COST)
    exports = site_of(request).services[EXPORTS]
    export = await exports.write(table_request.table, query, kind)
    table_request.headers["Content-Length"] = str(export.size)
    await export.charge(table_request.charge_bytes)
    return Stream(
        table_request.stream_export(export.chunks()), headers=table_request.headers
    )


def _require_mappable(query: Query, kind: str) -> None:
    """Refuse what a map cannot be of."""
    if kind == "geojson" and query.is_grouped:
        raise InvalidError(
            "A map has a place for each row, and groups have none.",
            remedy="Leave out the groups.",
        )
    if kind == "pmtiles" and not are_tiles(query):
        raise InvalidError(
            "Vector tiles are of the whole table, or of the numbers of its rows and one column.",
            remedy="Leave out everything but `columns` and filters, or use GeoJSON.",
        )


async def _tiles_path(
    request: AnyRequest, table_request: TableRequest, query: Query
) -> Path:
    selection = select_tiles(query, table_request.table.columns)
    if not tiles_of(table_request.table, selection).exists():
        table_request.charge_cost(EXPORT_COST)
    exports = site_of(request).services[EXPORTS]
    return await exports.write_tiles(table_request.table, selection)


async def _whole_path(
    request: AnyRequest, table_request: TableRequest, kind: str
) -> Path:
    """The whole table as a file that stays; making it costs as much as any export."""
    if not whole_export_of(table_request.table, kind).exists():
        table_request.charge_cost(EXPORT_COST)
    exports = site_of(request).services[EXPORTS]
    return await exports.keep_whole(table_request.table, kind)


async def _serve_range(
    request: AnyRequest, table_request: TableRequest, path: Path
) -> Response[Any]:
    """A file that stays: readers of Parquet and of tiles ask for parts of it."""
    size = (await asyncio.to_thread(path.stat)).st_size
    headers = {**table_request.headers, "Accept-Ranges": "bytes"}
    span = ByteRange(0, size)
    range_header = request.headers.get("range")
    if (
        range_header
        and request.method == "GET"
        and range_applies(
            request.headers, table_request.etag, table_request.table.modified
        )
    ):
        try:
            span = parse_range(range_header, size) or span
        except RangeNotSatisfiableError:
            return Response(
                None, status_code=416, headers={"Content-Range": f"bytes */{size}"}
            )
    headers["Content-Length"] = str(span.end - span.start)
    if request.method == "HEAD":
        return Response(None, headers=headers)
    if span != ByteRange(0, size):
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    await table_request.charge_bytes(span.end - span.start)
    part = ExportFile(path.open("rb"), span.end - span.start, span.start)
    content = table_request.stream_export(
        part.chunks(),
        part=f"{table_request.dataset_id}{table_request.table.table_name}{path.suffix}",
    )
    return Stream(
        content, status_code=206 if span != ByteRange(0, size) else 200, headers=headers
    )


routes: Routes = [
    show_resource,
    show_profile,
    show_openapi,
    read_data,
    export_data,
    download_table_file,
]

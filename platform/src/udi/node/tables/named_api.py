"""The tabular API of the tables of a dataset beside its main one, as `api` has it for that one."""

from typing import Any

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency, Provide

from udi.node.spaces.operations import CREDENTIAL, TABLES
from udi.node.tables import schemas
from udi.node.tables.api import (
    ROW_ERRORS,
    answer_openapi,
    answer_profile,
    answer_resource,
    answer_rows,
    export_table,
)
from udi.node.tables.requests import (
    TableRequest,
    get_named_file_request,
    get_named_table_request,
    kind_of,
)
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.openapi.operations import NOT_MODIFIED, describe_operation

READ = [HttpMethod.GET, HttpMethod.HEAD]
BASE = "/api/resources/{resource_id:uuid}/tables/{table_name:str}"
TABLE = {"table_request": Provide(get_named_table_request)}
BEYOND = {
    **NOT_MODIFIED,
    416: "The requested part is beyond the end of the file.",
}


@route(
    f"{BASE}/",
    http_method=READ,
    dependencies=TABLE,
    **describe_operation(
        "describeNamedTable",
        tag=TABLES,
        summary="Find what there is about another table of a dataset",
        description="The addresses that follow, for a sheet, a layer or a file beside the main table. Those of a restricted dataset are for who may read all of it.",
        answer=schemas.TableResource,
        empty=NOT_MODIFIED,
        errors=ROW_ERRORS,
        schemes=(CREDENTIAL,),
    ),
)
async def show_named_resource(
    table_request: NamedDependency[TableRequest],
) -> Response[Any]:
    """What there is about a table, and where."""
    return await answer_resource(table_request)


@route(
    f"{BASE}/profile/",
    http_method=READ,
    dependencies=TABLE,
    **describe_operation(
        "readNamedColumns",
        tag=TABLES,
        summary="Read the columns of another table of a dataset",
        description="What each column holds, also as a Table Schema.",
        answer=schemas.TableProfileAnswer,
        empty=NOT_MODIFIED,
        errors=ROW_ERRORS,
        schemes=(CREDENTIAL,),
    ),
)
async def show_named_profile(
    table_request: NamedDependency[TableRequest],
) -> Response[Any]:
    """The columns of a table and what they hold."""
    return await answer_profile(table_request)


@route(
    f"{BASE}/swagger/",
    http_method=READ,
    dependencies=TABLE,
    **describe_operation(
        "readNamedTableDocument",
        tag=TABLES,
        summary="Read the document of another table of a dataset",
        description="The OpenAPI document of this very table, with its columns as parameters.",
        answer=dict[str, Any],
        empty=NOT_MODIFIED,
        errors=ROW_ERRORS,
        schemes=(CREDENTIAL,),
    ),
)
async def show_named_openapi(
    table_request: NamedDependency[TableRequest],
) -> Response[Any]:
    """The OpenAPI document of a table."""
    return await answer_openapi(table_request)


@route(
    f"{BASE}/data/",
    http_method=READ,
    dependencies=TABLE,
    **describe_operation(
        "readNamedRows",
        tag=TABLES,
        summary="Read and filter rows of another table of a dataset",
        description="A page of rows, with the parameters of the main table.",
        answer=schemas.RowPageAnswer,
        empty=NOT_MODIFIED,
        errors=ROW_ERRORS,
        query=schemas.RowPageParameters,
        schemes=(CREDENTIAL,),
    ),
)
async def read_named_data(
    request: AnyRequest, table_request: NamedDependency[TableRequest]
) -> Response[Any]:
    """A page of rows."""
    return await answer_rows(request, table_request)


@route(
    f"{BASE}/data/{{kind:str}}/",
    http_method=READ,
    dependencies=TABLE,
    **describe_operation(
        "downloadNamedRows",
        tag=TABLES,
        summary="Download rows of another table of a dataset",
        description="Every row that the parameters leave, as a file.",
        media_types=("*/*",),
        statuses=(200, 206),
        empty=BEYOND,
        errors=ROW_ERRORS,
        query=schemas.RowSelection,
        schemes=(CREDENTIAL,),
    ),
)
async def export_named_data(
    request: AnyRequest,
    kind: schemas.KindPath,
    table_request: NamedDependency[TableRequest],
) -> Response[Any]:
    """Every row that a question leaves, as a file."""
    return await export_table(request, table_request, kind)


@route(
    "/datasets/{dataset_id:uuid}/tables/{table_name:str}/{file_name:str}",
    http_method=READ,
    dependencies={"table_request": Provide(get_named_file_request)},
    **describe_operation(
        "downloadNamedTableFile",
        tag=TABLES,
        summary="Download rows of another table at an address that ends in a file name",
        description="The same rows for programs that go by the name of a file: any name before csv, xlsx, parquet, arrow, json, ndjson, geojson or pmtiles.",
        media_types=("*/*",),
        statuses=(200, 206),
        empty=BEYOND,
        errors=ROW_ERRORS,
        query=schemas.RowSelection,
        schemes=(CREDENTIAL,),
    ),
)
async def download_named_table_file(
    request: AnyRequest,
    file_name: schemas.FileNamePath,
    table_request: NamedDependency[TableRequest],
) -> Response[Any]:
    """The same at an address that ends in the name of a file."""
    return await export_table(request, table_request, kind_of(file_name), plain=True)


routes: Routes = [
    show_named_resource,
    show_named_profile,
    show_named_openapi,
    read_named_data,
    export_named_data,
    download_named_table_file,
]

"""OGC API – Features over HTTP, for any dataset whose table has places."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler

from udi.kit.errors import NotFoundError, UdiError
from udi.node.files.restricted import READING_ERRORS
from udi.node.spaces.operations import CREDENTIAL, MAPS
from udi.node.spaces.use_counts import UseKind
from udi.node.tables import schemas
from udi.node.tables.addresses import TableAddresses
from udi.node.tables.requests import TableRequest, get_table_request
from udi.tabular.queries import ogc
from udi.tabular.queries.feature_query import FeatureQuery
from udi.tabular.queries.pool import POOL, QueryPool, QueryTooHeavyError
from udi.tabular.queries.query_string import parse_parameters
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.openapi.operations import NOT_MODIFIED, describe_operation
from udi.ui.site import site_of

READ = [HttpMethod.GET, HttpMethod.HEAD]
BASE = "/ogc/{resource_id:uuid}"
SELECT = "udi.tabular.queries.feature_selection:select_features"
LARGEST_LINE = 2**63


@dataclass
class FeatureRequest:
    """One request about the places of one table."""

    table_request: TableRequest
    served: ogc.ServedTable
    pool: QueryPool

    async def select(self, query: FeatureQuery) -> dict[str, Any]:
        """The features that a question asks for, and how many there are in all."""
        table = self.table_request.table
        async with self.pool.acquire_reader(
            table.space, table.path, budget=table.query_budget
        ) as reader:
            answer: dict[str, Any] = await reader.run(
                SELECT, dict, table.columns, query
            )
        return answer


async def get_feature_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    table_request: NamedDependency[TableRequest],
    resource_id: schemas.ResourcePath,
) -> FeatureRequest:
    """The places that a request is about.

    Raises:
        NotFoundError: there is no such table for this reader, or it has no place.
        NotGrantedError: an agreement does not show its places.
    """
    table = table_request.table
    await table_request.require_places()
    if not table.has_geometry:
        raise NotFoundError("This dataset has no places, so it is not served as a map.")
    addresses = TableAddresses.of(resource_id, table)
    base = f"{territory.links['node']}{addresses.map}"
    served = ogc.ServedTable(
        base, table.title, table.columns, table.bbox, table.landing
    )
    table_request.kind = UseKind.OGC
    return FeatureRequest(table_request, served, site_of(request).services[POOL])


async def get_collection_request(
    places: NamedDependency[FeatureRequest], name: schemas.CollectionPath
) -> FeatureRequest:
    """The same for the collection of a table.

    Raises:
        NotFoundError: it has one only, and this is not its name.
    """
    if name != ogc.COLLECTION:
        raise NotFoundError("There is no such collection.")
    return places


map_operation = partial(
    describe_operation,
    tag=MAPS,
    empty=NOT_MODIFIED,
    errors=READING_ERRORS,
    schemes=(CREDENTIAL,),
)
PLACES = {
    "table_request": Provide(get_table_request),
    "places": Provide(get_feature_request),
}
COLLECTION = {**PLACES, "collection": Provide(get_collection_request)}


@route(
    BASE,
    http_method=READ,
    dependencies=PLACES,
    **map_operation(
        "readMap",
        summary="Find what there is about a map",
        description="OGC API Features of a table whose rows have places: map software takes this address.",
        answer=schemas.MapLanding,
    ),
)
async def show_landing(places: NamedDependency[FeatureRequest]) -> Response[Any]:
    """Where the API begins."""
    return await places.table_request.json_response(ogc.landing(places.served))


@route(
    f"{BASE}/api",
    http_method=READ,
    dependencies=PLACES,
    **map_operation(
        "readMapDocument",
        summary="Read the document of a map",
        description="Its OpenAPI 3.0 document, as the standard has it.",
        media_types=(ogc.OPENAPI,),
    ),
)
async def show_description(places: NamedDependency[FeatureRequest]) -> Response[Any]:
    """Its OpenAPI description."""
    return await places.table_request.json_response(
        ogc.openapi(places.served), ogc.OPENAPI
    )


@route(
    f"{BASE}/conformance",
    http_method=READ,
    dependencies=PLACES,
    **map_operation(
        "readMapConformance",
        summary="Read what is kept of the standard",
        description="The classes of OGC API Features.",
        answer=schemas.MapConformance,
    ),
)
async def show_conformance(places: NamedDependency[FeatureRequest]) -> Response[Any]:
    """What of the standard is kept."""
    return await places.table_request.json_response(ogc.conformance())


@route(
    f"{BASE}/collections",
    http_method=READ,
    dependencies=PLACES,
    **map_operation(
        "listMapCollections",
        summary="List the collections of a map",
        description="There is one.",
        answer=schemas.MapCollections,
    ),
)
async def list_collections(places: NamedDependency[FeatureRequest]) -> Response[Any]:
    """Its collections: one."""
    return await places.table_request.json_response(ogc.collections(places.served))


@route(
    f"{BASE}/collections/{{name:str}}",
    http_method=READ,
    dependencies=COLLECTION,
    **map_operation(
        "readMapCollection",
        summary="Read the collection of a map",
        description="Its rectangle and its addresses.",
        answer=schemas.MapCollection,
    ),
)
async def show_collection(collection: NamedDependency[FeatureRequest]) -> Response[Any]:
    """The collection."""
    return await collection.table_request.json_response(
        ogc.collection(collection.served)
    )


@route(
    f"{BASE}/collections/{{name:str}}/items",
    http_method=READ,
    dependencies=COLLECTION,
    **map_operation(
        "readPlaces",
        summary="Read the places of rows",
        description="Rows by rectangle, moment and column, as GeoJSON.",
        answer=schemas.MapFeaturePage,
        media_types=(ogc.GEOJSON,),
        errors=(*READING_ERRORS, UdiError, QueryTooHeavyError),
        query=schemas.MapParameters,
    ),
)
async def list_items(collection: NamedDependency[FeatureRequest]) -> Response[Any]:
    """Features by rectangle, moment and properties."""
    table_request = collection.table_request
    parameters = parse_parameters(table_request.query_string)
    query = await table_request.parse_query(
        partial(
            ogc.read_feature_query,
            parameters,
            table_request.table.columns,
            table_request.table.hidden,
        )
    )
    if table_request.is_fresh:
        return table_request.not_modified()
    return await table_request.json_response(
        ogc.items(collection.served, parameters, query, await collection.select(query)),
        ogc.GEOJSON,
    )


@route(
    f"{BASE}/collections/{{name:str}}/items/{{line:int}}",
    http_method=READ,
    dependencies=COLLECTION,
    **map_operation(
        "readPlace",
        summary="Read the place of a row",
        description="One row, as GeoJSON.",
        answer=schemas.MapFeature,
        media_types=(ogc.GEOJSON,),
        errors=(*READING_ERRORS, UdiError, QueryTooHeavyError),
    ),
)
async def show_item(
    collection: NamedDependency[FeatureRequest], line: schemas.LinePath
) -> Response[Any]:
    """One feature."""
    is_in_range = 0 < line < LARGEST_LINE
    if is_in_range:
        answer = await collection.select(FeatureQuery(limit=1, feature=line))
    else:
        answer = {"features": []}
    if not answer["features"]:
        raise NotFoundError("There is no such feature.")
    return await collection.table_request.json_response(
        ogc.item(collection.served, answer["features"][0]), ogc.GEOJSON
    )


handlers: list[HTTPRouteHandler] = [
    show_landing,
    show_description,
    show_conformance,
    list_collections,
    show_collection,
    list_items,
    show_item,
]
routes: Routes = [*handlers]

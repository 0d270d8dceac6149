"""The map service of each table beside the main one that has places, as `features` has it for that one."""

from litestar import HttpMethod, route
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from udi.node.tables import features
from udi.node.tables.features import get_collection_request, get_feature_request
from udi.node.tables.requests import get_named_table_request
from udi.ui.dependencies import Routes

READ = [HttpMethod.GET, HttpMethod.HEAD]
BASE = "/ogc/{resource_id:uuid}/tables/{table_name:str}"
PLACES = {
    "table_request": Provide(get_named_table_request),
    "places": Provide(get_feature_request),
}
COLLECTION = {**PLACES, "collection": Provide(get_collection_request)}


def _serve_named(handler: HTTPRouteHandler) -> HTTPRouteHandler:
    """The same handler below the address of a table; each service has an OpenAPI document of its own."""
    (path,) = handler.paths
    rest = path.removeprefix(features.BASE)
    dependencies = COLLECTION if "{name:str}" in rest else PLACES
    named_handler: HTTPRouteHandler = route(
        f"{BASE}{rest}", http_method=READ, dependencies=dependencies
    )(handler.fn)
    return named_handler


routes: Routes = [_serve_named(handler) for handler in features.handlers]

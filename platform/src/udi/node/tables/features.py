"""OGC API – Features over HTTP, for any dataset whose table has places."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.node.spaces.counting import Kind
from udi.node.tables import ogc
from udi.node.tables.asking import Asking, ask
from udi.node.tables.grammar import pairs
from udi.node.tables.pool import POOL, Pool
from udi.node.tables.wanted import Wanted
from udi.ui.site import site_of

READ = [HttpMethod.GET, HttpMethod.HEAD]
BASE = "/ogc/{resource_id:uuid}"
SELECT = "udi.node.tables.selection:select_features"
LARGEST_LINE = 2**63


@dataclass
class Places:
    """One request about the places of one table."""

    asking: Asking
    served: ogc.Served
    pool: Pool

    async def select(self, wanted: Wanted) -> dict[str, Any]:
        """The features that a question asks for, and how many there are in all."""
        table = self.asking.table
        async with self.pool.turn(table.space, table.path) as reader:
            found: dict[str, Any] = await reader.run(SELECT, dict, table.columns, wanted)
        return found


async def ask_places(
    request: Request[Any, Any, State],
    territory: NamedDependency[Territory],
    asking: NamedDependency[Asking],
    resource_id: FromPath[UUID],
) -> Places:
    """The places that a request is about.

    Raises:
        NotFoundError: there is no such table for this reader, or it has no place.
        NotGrantedError: an agreement does not show its places.
    """
    table = asking.table
    await asking.require_places()
    if not table.has_geometry:
        raise NotFoundError("This dataset has no places, so it is not served as a map.")
    base = f"{territory.links['node']}/ogc/{resource_id}"
    served = ogc.Served(base, table.title, table.columns, table.bbox, table.landing)
    asking.kind = Kind.OGC
    return Places(asking, served, site_of(request).parts[POOL])


async def ask_collection(places: NamedDependency[Places], name: FromPath[str]) -> Places:
    """The same for the collection of a table.

    Raises:
        NotFoundError: it has one only, and this is not its name.
    """
    if name != ogc.COLLECTION:
        raise NotFoundError("There is no such collection.")
    return places


PLACES = {"asking": Provide(ask), "places": Provide(ask_places)}
COLLECTION = {**PLACES, "collection": Provide(ask_collection)}


@route(BASE, http_method=READ, dependencies=PLACES)
async def show_landing(places: NamedDependency[Places]) -> Response[Any]:
    """Where the API begins."""
    return await places.asking.json(ogc.landing(places.served))


@route(f"{BASE}/api", http_method=READ, dependencies=PLACES)
async def show_description(places: NamedDependency[Places]) -> Response[Any]:
    """Its OpenAPI description."""
    return await places.asking.json(ogc.openapi(places.served), ogc.OPENAPI)


@route(f"{BASE}/conformance", http_method=READ, dependencies=PLACES)
async def show_conformance(places: NamedDependency[Places]) -> Response[Any]:
    """What of the standard is kept."""
    return await places.asking.json(ogc.conformance())


@route(f"{BASE}/collections", http_method=READ, dependencies=PLACES)
async def list_collections(places: NamedDependency[Places]) -> Response[Any]:
    """Its collections: one."""
    return await places.asking.json(ogc.collections(places.served))


@route(f"{BASE}/collections/{{name:str}}", http_method=READ, dependencies=COLLECTION)
async def show_collection(collection: NamedDependency[Places]) -> Response[Any]:
    """The collection."""
    return await collection.asking.json(ogc.collection(collection.served))


@route(f"{BASE}/collections/{{name:str}}/items", http_method=READ, dependencies=COLLECTION)
async def list_items(collection: NamedDependency[Places]) -> Response[Any]:
    """Features by rectangle, moment and properties."""
    asking = collection.asking
    asked = pairs(asking.words)
    wanted = await asking.read(partial(ogc.read_question, asked, asking.table.columns, asking.table.hidden))
    if asking.is_fresh:
        return asking.unchanged()
    return await asking.json(ogc.items(collection.served, asked, wanted, await collection.select(wanted)), ogc.GEOJSON)


@route(f"{BASE}/collections/{{name:str}}/items/{{line:int}}", http_method=READ, dependencies=COLLECTION)
async def show_item(collection: NamedDependency[Places], line: FromPath[int]) -> Response[Any]:
    """One feature."""
    known = 0 < line < LARGEST_LINE
    found = await collection.select(Wanted(limit=1, feature=line)) if known else {"features": []}
    if not found["features"]:
        raise NotFoundError("There is no such feature.")
    return await collection.asking.json(ogc.item(collection.served, found["features"][0]), ogc.GEOJSON)


routes: Sequence[ControllerRouterHandler] = [
    show_landing, show_description, show_conformance, list_collections, show_collection, list_items, show_item,
]  # fmt: skip

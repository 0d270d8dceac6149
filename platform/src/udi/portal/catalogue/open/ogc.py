"""OGC API – Records under `/ogc`: each document as JSON, and as a page for `f=html` or a browser."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.datastructures.headers import Accept
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.serialization import encode_json
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import indexes_of
from udi.portal.catalogue.open import ogc_question, records
from udi.portal.catalogue.open.listing import Stretch, Wanted, count_shown, find_words, list_shown, list_stretch
from udi.portal.catalogue.open.ogc_description import describe
from udi.portal.catalogue.open.order import Place
from udi.portal.catalogue.open.representations import split_id
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.catalogue.queries import get_dataset
from udi.portal.identity.bearers import PROGRAMS
from udi.ui.cross_origin import OpenToAll
from udi.ui.locale import localised
from udi.ui.site import render

Machine = Request[Any, Any, State]


@get("/")
async def show_landing(request: Machine, territory: NamedDependency[Territory]) -> Response[Any]:
    """Where everything is."""
    return _answer(request, records.landing(territory, _language(request)))


@get("/api")
async def show_description(request: Machine, territory: NamedDependency[Territory]) -> Response[Any]:
    """The OpenAPI document."""
    document = describe(territory.origin, localised(territory.name, _language(request)))
    return Response(document, media_type=records.OPENAPI)


@get("/conformance")
async def show_conformance(request: Machine, territory: NamedDependency[Territory]) -> Response[Any]:
    """What is kept of the standards."""
    return _answer(request, records.conformance(territory))


@get("/collections")
async def list_collections(request: Machine, territory: NamedDependency[Territory]) -> Response[Any]:
    """The list of one collection."""
    return _answer(request, records.collections(territory, _language(request)))


@get("/collections/{collection:str}")
async def show_collection(
    request: Machine, territory: NamedDependency[Territory], collection: FromPath[str]
) -> Response[Any]:
    """The collection."""
    _check(collection)
    return _answer(request, records.collection(territory, _language(request)))


@get("/collections/{collection:str}/items")
async def list_items(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    collection: FromPath[str],
) -> Response[Any]:
    """A page of records."""
    _check(collection)
    pairs = read_pairs(request)
    question = ogc_question.read_question(pairs)
    reader = indexes_of(request).find(territory.id)
    found = find_words(reader, question.words) if question.words else None
    wanted = Wanted(
        box=question.box, period=question.period, ids=() if question.nothing else question.ids,
        external=question.external, seqs=found,
    )  # fmt: skip
    total = await count_shown(session, wanted, reader)
    rows, end = await list_stretch(session, wanted, question.stretch)
    language = _language(request)
    shown = [records.record(row, territory.origin, language) for row in rows]
    links = _neighbours(f"{territory.origin}/ogc/collections/{collection}/items", pairs, question.stretch, end)
    stamp = now().isoformat(timespec="seconds").replace("+00:00", "Z")
    return _answer(request, records.items(shown, total, stamp, links, territory.origin), records.GEOJSON)


@get("/collections/{collection:str}/items/{record_id:str}")
async def show_item(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    collection: FromPath[str],
    record_id: FromPath[str],
) -> Response[Any]:
    """One record; a browser is led to the dataset's page."""
    _check(collection)
    dataset_id, _ = split_id(record_id)
    if _wants_page(request):
        return Redirect(f"/data/{dataset_id}", status_code=303)
    await get_dataset(session, dataset_id)
    [row] = await list_shown(session, Wanted(ids=(dataset_id,)), limit=1)
    written = records.record(row, territory.origin, _language(request))
    return Response(encode_json(written), media_type=records.GEOJSON)


def _neighbours(base: str, pairs: Sequence[tuple[str, str]], stretch: Stretch, end: Place | None) -> dict[str, str]:
    """Those that are known: what comes before a place is not."""
    found = {"self": f"{base}?{urlencode(pairs)}" if pairs else base, "first": ogc_question.address(base, pairs)}
    if stretch.offset:
        found["prev"] = ogc_question.address(base, pairs, max(0, stretch.offset - stretch.limit))
    if end is not None:
        found["next"] = ogc_question.address(base, pairs, cursor=stretch.order.write(end))
    return found


def _check(collection: str) -> None:
    if collection != records.COLLECTION:
        raise NotFoundError("There is no such collection.", remedy="The collection is called datasets.")


def _language(request: Machine) -> str:
    language: str = request.scope["state"]["locale"]
    return language


def _wants_page(request: Machine) -> bool:
    asked = dict(read_pairs(request)).get("f")
    kinds = [records.JSON, records.GEOJSON, records.HTML]
    best = Accept(request.headers.get("accept", "*/*")).best_match(kinds, records.JSON)
    return asked == "html" or (asked is None and best == records.HTML)


def _answer(request: Machine, document: dict[str, Any], media_type: str = records.JSON) -> Response[Any]:
    if _wants_page(request):
        page = render(request, "catalogue/ogc.html", document=document)
        page.headers["Vary"] = "Accept, Accept-Language, Cookie"
        return page
    links = [f'<{each["href"]}>; rel="{each["rel"]}"; type="{each["type"]}"' for each in document["links"]]
    headers = {"Link": ", ".join(links), "Vary": "Accept, Accept-Language"}
    return Response(encode_json(document), media_type=media_type, headers=headers)


routes: Sequence[ControllerRouterHandler] = [
    Router(
        "/ogc",
        route_handlers=[
            show_landing, show_description, show_conformance, list_collections, show_collection, list_items, show_item,
        ],
        middleware=[OpenToAll()], guards=PROGRAMS,
    )
]  # fmt: skip

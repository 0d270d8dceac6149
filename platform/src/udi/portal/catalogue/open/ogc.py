"""OGC API – Records under `/ogc`: each document as JSON, and as a page for `f=html` or a browser."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Response, Router, get
from litestar.datastructures.headers import Accept
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.serialization import encode_json

from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.portal.catalogue.open import ogc_query, records
from udi.portal.catalogue.open.listing import (
    DatasetFilter,
    ListSlice,
    count_datasets,
    find_matching_rows,
    list_dataset_slice,
    list_datasets,
)
from udi.portal.catalogue.open.ogc_description import build_openapi_document
from udi.portal.catalogue.open.order import Place
from udi.portal.catalogue.open.representations import split_dataset_id
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.queries import get_dataset
from udi.portal.catalogue.responses.cached_responses import indexes_of
from udi.portal.identity.credentials.bearers import PROGRAMS
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.locale import localise
from udi.ui.site import render


@get("/")
async def show_landing(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Where everything is."""
    return _build_response(request, records.landing(territory, _language(request)))


@get("/api")
async def show_description(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """The OpenAPI document."""
    document = build_openapi_document(
        territory.origin, localise(territory.name, _language(request))
    )
    return Response(document, media_type=records.OPENAPI)


@get("/conformance")
async def show_conformance(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """What is kept of the standards."""
    return _build_response(request, records.conformance(territory))


@get("/collections")
async def list_collections(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """The list of one collection."""
    return _build_response(request, records.collections(territory, _language(request)))


@get("/collections/{collection:str}")
async def show_collection(
    request: AnyRequest, territory: CurrentTerritory, collection: FromPath[str]
) -> Response[Any]:
    """The collection."""
    _require_collection(collection)
    return _build_response(request, records.collection(territory, _language(request)))


@get("/collections/{collection:str}/items")
async def list_items(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    collection: FromPath[str],
) -> Response[Any]:
    """A page of records."""
    _require_collection(collection)
    pairs = read_pairs(request)
    question = ogc_query.read_query(pairs)
    reader = indexes_of(request).find(territory.id)
    if question.words:
        seqs = find_matching_rows(reader, question.words)
    else:
        seqs = None
    selection = DatasetFilter(
        box=question.box,
        period=question.period,
        ids=() if question.nothing else question.ids,
        external=question.external,
        seqs=seqs,
    )
    total = await count_datasets(session, selection, reader)
    rows, end = await list_dataset_slice(session, selection, question.stretch)
    language = _language(request)
    features = [records.record(row, territory.origin, language) for row in rows]
    links = _page_links(
        f"{territory.origin}/ogc/collections/{collection}/items",
        pairs,
        question.stretch,
        end,
    )
    stamp = now().isoformat(timespec="seconds").replace("+00:00", "Z")
    return _build_response(
        request,
        records.items(features, total, stamp, links, territory.origin),
        records.GEOJSON,
    )


@get("/collections/{collection:str}/items/{record_id:str}")
async def show_item(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    collection: FromPath[str],
    record_id: FromPath[str],
) -> Response[Any]:
    """One record; a browser is led to the dataset's page."""
    _require_collection(collection)
    dataset_id, _ = split_dataset_id(record_id)
    if _wants_html(request):
        return Redirect(f"/data/{dataset_id}", status_code=303)
    await get_dataset(session, dataset_id)
    [row] = await list_datasets(session, DatasetFilter(ids=(dataset_id,)), limit=1)
    feature = records.record(row, territory.origin, _language(request))
    return Response(encode_json(feature), media_type=records.GEOJSON)


def _page_links(
    base: str, pairs: Sequence[tuple[str, str]], stretch: ListSlice, end: Place | None
) -> dict[str, str]:
    """Those that are known: what comes before a place is not."""
    links = {
        "self": f"{base}?{urlencode(pairs)}" if pairs else base,
        "first": ogc_query.page_address(base, pairs),
    }
    if stretch.offset:
        links["prev"] = ogc_query.page_address(
            base, pairs, max(0, stretch.offset - stretch.limit)
        )
    if end is not None:
        links["next"] = ogc_query.page_address(
            base, pairs, cursor=stretch.order.write_cursor(end)
        )
    return links


def _require_collection(collection: str) -> None:
    if collection != records.COLLECTION:
        raise NotFoundError(
            "There is no such collection.", remedy="The collection is called datasets."
        )


def _language(request: AnyRequest) -> str:
    language: str = request.scope["state"]["locale"]
    return language


def _wants_html(request: AnyRequest) -> bool:
    requested_format = dict(read_pairs(request)).get("f")
    kinds = [records.JSON, records.GEOJSON, records.HTML]
    best = Accept(request.headers.get("accept", "*/*")).best_match(kinds, records.JSON)
    return requested_format == "html" or (
        requested_format is None and best == records.HTML
    )


def _build_response(
    request: AnyRequest, document: dict[str, Any], media_type: str = records.JSON
) -> Response[Any]:
    if _wants_html(request):
        page = render(request, "catalogue/ogc.html", document=document)
        page.headers["Vary"] = "Accept, Accept-Language, Cookie"
        return page
    links = [
        f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"'
        for link in document["links"]
    ]
    headers = {"Link": ", ".join(links), "Vary": "Accept, Accept-Language"}
    return Response(encode_json(document), media_type=media_type, headers=headers)


routes: Routes = [
    Router(
        "/ogc",
        route_handlers=[
            show_landing,
            show_description,
            show_conformance,
            list_collections,
            show_collection,
            list_items,
            show_item,
        ],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    )
]

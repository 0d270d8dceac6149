"""The catalogue for programs: the same search, one dataset, producers; and what RUDI's nodes ask of a portal."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath
from litestar.serialization import encode_json
from msgspec import Struct

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.public_reading import PublicReading
from udi.kit.tenancy import Territory
from udi.portal.catalogue.agent_tools import (
    DESCRIBE_DATASET,
    LIST_TERMS,
    SEARCH_DATASETS,
)
from udi.portal.catalogue.elsewhere.together import (
    find_neighbourhood,
    search_together,
)
from udi.portal.catalogue.links.status import changed_at
from udi.portal.catalogue.open.responses import (
    Document,
    Validators,
    send_cached_document,
    send_document,
)
from udi.portal.catalogue.parameters.cursor import read_cursor
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.parameters.search_parameters import (
    SearchParameters,
    WalkParameters,
)
from udi.portal.catalogue.queries import (
    SearchPage,
    WithdrawnError,
    count_by_producer,
    get_dataset,
    get_public_dataset,
    list_shown_producers,
    walk_datasets,
)
from udi.portal.catalogue.responses.cached_responses import (
    BuiltResponse,
    find_search_page,
    indexes_of,
    respond_from_cache,
)
from udi.portal.catalogue.schemas import (
    BASE,
    CATALOGUE,
    DatasetBatch,
    DatasetDetail,
    DatasetPage,
    DatasetPath,
    Producer,
    ProducerList,
    ProducerPath,
)
from udi.portal.catalogue.search.criteria import (
    TERRITORY,
    Reach,
    read_strict_criteria,
)
from udi.portal.catalogue.search.joint_index import JOINT
from udi.portal.identity.credentials.bearers import PROGRAMS
from udi.portal.identity.operations import api_operation
from udi.portal.organisations.queries import get_producer
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.openapi.operations import ResponseLink
from udi.ui.site import site_of

JSON = "application/json"


@get(
    "/datasets",
    **api_operation(
        "searchDatasets",
        tag=CATALOGUE,
        summary="Search the datasets",
        description="The same search as on the pages, with how many datasets each value of a filter would leave.",
        answer=DatasetPage,
        errors=(InvalidError,),
        query=SearchParameters,
        links=(
            ResponseLink("readDataset", "dataset_id", "/items/0/id"),
            ResponseLink("readProducer", "slug", "/items/0/producer/slug"),
        ),
        tools=(SEARCH_DATASETS, LIST_TERMS),
    ),
)
async def search_catalogue(request: AnyRequest) -> Response[Any]:
    """Datasets that answer the parameters, with the counts of each filter's values."""
    host_territory: Territory | None = request.scope["state"].get("territory")
    territory = host_territory or site_of(request).installation
    neighbourhood = await find_neighbourhood(request, host_territory)
    pairs = read_pairs(request)
    reach = Reach.PARTNERS if host_territory else Reach.EVERYWHERE
    criteria = read_strict_criteria(pairs, reach)
    named = {value for name, value in pairs if name == TERRITORY}
    is_together = neighbourhood.is_together(criteria)

    async def make() -> BuiltResponse:
        if is_together:
            page = await search_together(
                site_of(request).database, indexes_of(request), neighbourhood, criteria
            )
        elif named and territory.slug not in named:
            page = SearchPage(criteria, 0, [])
        else:
            search = replace(criteria, territory=()) if named else criteria
            page = await find_search_page(request, territory, search)
        links = _page_links(page, territory.origin)
        dataset_page = DatasetPage.of(page, territory, links)
        return Response(
            dataset_page, media_type=JSON, headers={"Link": _link_header(links)}
        ), page.current

    if is_together:
        return await respond_from_cache(
            request, territory, make, facts=neighbourhood.facts, index=JOINT
        )
    return await respond_from_cache(request, territory, make)


@get(
    "/datasets/all",
    **api_operation(
        "walkDatasets",
        tag=CATALOGUE,
        summary="Walk through all the datasets",
        description="Every dataset once, batch after batch, however many come or go meanwhile: follow the link “next”.",
        answer=DatasetBatch,
        errors=(InvalidError,),
        query=WalkParameters,
        links=(ResponseLink("readDataset", "dataset_id", "/items/0/id"),),
    ),
)
async def walk_catalogue(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[Any]:
    """Every dataset once, however many come or go meanwhile."""
    start, size = read_cursor(read_pairs(request))
    lines = await walk_datasets(session, after=start, size=size + 1)
    batch = DatasetBatch.of(lines, size, start, territory.origin)
    return send_document(request, _build_document(batch, links=batch.links))


@get(
    "/datasets/{dataset_id:uuid}",
    **api_operation(
        "readDataset",
        tag=CATALOGUE,
        summary="Read a dataset",
        description="A dataset in our words, with its files and services, and its producer’s record as it was sent.",
        answer=DatasetDetail,
        errors=(NotFoundError, WithdrawnError),
        links=(ResponseLink("readProducer", "slug", "/producer/slug"),),
        tools=(DESCRIBE_DATASET,),
    ),
)
async def read_dataset(
    request: AnyRequest, territory: CurrentTerritory, dataset_id: DatasetPath
) -> Response[Any]:
    """A dataset: our words for it, and RUDI's record as the producer sent it."""

    async def make(reading: PublicReading) -> Document:
        dataset = await get_public_dataset(reading, dataset_id)
        return _build_document(
            DatasetDetail.of(dataset, territory.origin), changed_at(dataset)
        )

    return await send_cached_document(request, territory, make)


@get(
    "/producers",
    **api_operation(
        "listProducers",
        tag=CATALOGUE,
        summary="List the producers",
        description="Everyone who publishes on this territory, with how many datasets.",
        answer=ProducerList,
        links=(ResponseLink("readProducer", "slug", "/items/0/slug"),),
    ),
)
async def read_producers(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Every producer of the territory."""

    async def make(reading: PublicReading) -> Document:
        session = await reading.open_session()
        counts = await count_by_producer(session)
        items = [
            Producer.of(producer, counts, territory.origin)
            for producer in await list_shown_producers(session)
        ]
        return _build_document(ProducerList(total=len(items), items=items))

    return await send_cached_document(request, territory, make)


@get(
    "/producers/{slug:str}",
    **api_operation(
        "readProducer",
        tag=CATALOGUE,
        summary="Read a producer",
        description="Who it is, and how to reach it.",
        answer=Producer,
        errors=(NotFoundError,),
    ),
)
async def read_producer(
    request: AnyRequest, territory: CurrentTerritory, slug: ProducerPath
) -> Response[Any]:
    """One producer."""

    async def make(reading: PublicReading) -> Document:
        session = await reading.open_session()
        producer = await get_producer(session, slug)
        return _build_document(
            Producer.of(producer, await count_by_producer(session), territory.origin)
        )

    return await send_cached_document(request, territory, make)


@get("/konsult/v1/datasets/{dataset_id:uuid}/metadatas")
async def read_record(session: Session, dataset_id: FromPath[UUID]) -> Response[Any]:
    """RUDI's record alone: nodes ask for it before they choose to create or to replace."""
    dataset = await get_dataset(session, dataset_id)
    return Response(dataset.record, media_type=JSON)


def _build_document(
    content: Struct,
    modified: datetime | None = None,
    links: Mapping[str, str] | None = None,
) -> Document:
    """The answer with validators made of all its bytes."""
    body = encode_json(content)
    headers = {"Link": _link_header(links)} if links else {}
    return Document(JSON, lambda: body, Validators((body,), modified), headers)


def _link_header(links: Mapping[str, str]) -> str:
    return ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items())


def _page_links(page: SearchPage, origin: str) -> dict[str, str]:
    criteria = page.criteria
    first = criteria.address(f"{origin}{BASE}/datasets", "page")
    joined = "&" if "?" in first else "?"
    numbers = {"self": criteria.page, "first": 1, "last": page.last}
    if criteria.page > 1:
        numbers["prev"] = criteria.page - 1
    if criteria.page < page.last:
        numbers["next"] = criteria.page + 1
    return {
        name: first if number == 1 else f"{first}{joined}page={number}"
        for name, number in numbers.items()
    }


routes: Routes = [
    Router(
        BASE,
        route_handlers=[
            search_catalogue,
            walk_catalogue,
            read_dataset,
            read_producers,
            read_producer,
        ],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    ),
    read_record,
]

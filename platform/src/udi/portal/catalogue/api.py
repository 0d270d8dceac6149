"""The catalogue for programs: the same search, one dataset, producers; and what RUDI's nodes ask of a portal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath
from litestar.types import ASGIApp, ControllerRouterHandler, Message, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import Made, answer, indexes_of
from udi.portal.catalogue.models import Dataset, Distribution
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.catalogue.queries import DatasetLine, SearchPage, count_by_producer, get_dataset, search_datasets
from udi.portal.catalogue.search.criteria import read_strict_criteria
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import get_producer, list_producers

BASE = "/api/v1"
JSON = "application/json"
Machine = Request[Any, Any, State]


class OpenToAllMiddleware(ASGIMiddleware):
    """Lets pages of other sites read these answers (CORS), refusals included."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = "ETag, Link"
            await send(message)

        await next_app(scope, receive, send_open)


@get("/datasets")
async def search_catalogue(
    request: Machine, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """Datasets that answer the parameters, with the counts of each filter's values."""
    criteria = read_strict_criteria(read_pairs(request))

    async def make() -> Made:
        page = await search_datasets(session, indexes_of(request), territory.id, criteria)
        links = _links(page, territory.origin)
        header = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items())
        return Response(_page(page, territory.origin, links), media_type=JSON, headers={"Link": header}), page

    return await answer(request, territory, make)


@get("/datasets/{dataset_id:uuid}")
async def read_dataset(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory], dataset_id: FromPath[UUID]
) -> Response[Any]:
    """A dataset: our words for it, and RUDI's record as the producer sent it."""
    dataset = await get_dataset(session, dataset_id)
    return Response(_dataset(dataset, territory.origin), media_type=JSON)


@get("/producers")
async def read_producers(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """Every producer of the territory."""
    counts = await count_by_producer(session)
    items = [_producer(producer, counts, territory.origin) for producer in await list_producers(session)]
    return Response({"total": len(items), "items": items}, media_type=JSON)


@get("/producers/{slug:str}")
async def read_producer(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory], slug: FromPath[str]
) -> Response[Any]:
    """One producer."""
    producer = await get_producer(session, slug)
    return Response(_producer(producer, await count_by_producer(session), territory.origin), media_type=JSON)


@get("/konsult/v1/datasets/{dataset_id:uuid}/metadatas")
async def read_record(session: NamedDependency[AsyncSession], dataset_id: FromPath[UUID]) -> Response[Any]:
    """RUDI's record alone: nodes ask for it before they choose to create or to replace."""
    dataset = await get_dataset(session, dataset_id)
    return Response(dataset.record, media_type=JSON)


def _links(page: SearchPage, origin: str) -> dict[str, str]:
    criteria = page.criteria
    numbers = {"self": criteria.page, "first": 1, "last": page.last}
    if criteria.page > 1:
        numbers["prev"] = criteria.page - 1
    if criteria.page < page.last:
        numbers["next"] = criteria.page + 1
    return {name: criteria.changed(page=number).address(f"{origin}{BASE}/datasets") for name, number in numbers.items()}


def _page(page: SearchPage, origin: str, links: Mapping[str, str]) -> dict[str, Any]:
    return {
        "total": page.total,
        "page": page.criteria.page,
        "size": page.criteria.size,
        "items": [_line(line, origin) for line in page.lines],
        "facets": {
            name: [{"value": value, "count": count} for value, count in values.items()]
            for name, values in page.facets.items()
        },
        "replaced": [{"word": word.text, "by": word.instead} for word in page.words if word.instead],
        "prepared": page.prepared,
        "links": dict(links),
    }


def _line(line: DatasetLine, origin: str) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "title": line.title,
        "synopsis": line.synopsis,
        "theme": line.theme,
        "access": line.access,
        "licence": line.licence,
        "formats": line.formats,
        "modified": _instant(line.modified_at),
        "published": _instant(line.published_at),
        "producer": {"slug": line.producer, "name": line.producer_name},
        "url": f"{BASE}/datasets/{line.id}",
        "page": f"{origin}/data/{line.id}",
    }


def _dataset(dataset: Dataset, origin: str) -> dict[str, Any]:
    box = (dataset.west, dataset.south, dataset.east, dataset.north)
    return {
        "id": str(dataset.id),
        "title": dataset.title,
        "synopsis": dataset.synopsis,
        "summary": dataset.summary,
        "theme": dataset.theme,
        "keywords": dataset.keywords,
        "access": dataset.access,
        "licence": dataset.licence,
        "languages": dataset.languages,
        "created": _instant(dataset.created_at),
        "modified": _instant(dataset.modified_at),
        "published": _instant(dataset.published_at),
        "period": {"start": _instant(dataset.period_start), "end": _instant(dataset.period_end)},
        "bbox": None if None in box else list(box),
        "producer": {
            "id": str(dataset.organisation_id),
            "slug": dataset.organisation.slug,
            "name": dataset.organisation.name,
        },
        "distributions": [_distribution(media) for media in dataset.distributions],
        "page": f"{origin}/data/{dataset.id}",
        "record": dataset.record,
    }


def _distribution(media: Distribution) -> dict[str, Any]:
    checksum = {"algorithm": media.hash_algorithm, "value": media.hash_value} if media.hash_value else None
    return {
        "id": str(media.id),
        "kind": media.kind.lower(),
        "name": media.name,
        "url": media.url,
        "media_type": media.media_type,
        "format": media.format,
        "size": media.size,
        "checksum": checksum,
        "contract": media.contract,
    }


def _producer(producer: Organisation, counts: Mapping[UUID, int], origin: str) -> dict[str, Any]:
    return {
        "id": str(producer.id),
        "slug": producer.slug,
        "name": producer.name,
        "summary": producer.summary,
        "email": producer.email,
        "website": producer.url,
        "address": producer.address,
        "datasets": counts.get(producer.id, 0),
        "url": f"{BASE}/producers/{producer.slug}",
        "page": f"{origin}/producers/{producer.slug}",
    }


def _instant(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None


routes: Sequence[ControllerRouterHandler] = [
    Router(
        BASE,
        route_handlers=[search_catalogue, read_dataset, read_producers, read_producer],
        middleware=[OpenToAllMiddleware()],
    ),
    read_record,
]

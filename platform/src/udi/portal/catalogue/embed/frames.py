"""A dataset, a search and a producer's catalogue as small pages that others frame: public rows only, whoever looks."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import UdiError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.embed.snippets import PRODUCER, SEARCH
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.queries import SearchPage, get_dataset, search_datasets
from udi.portal.catalogue.responses.cached_responses import (
    indexes_of,
    open_public_session,
)
from udi.portal.catalogue.search.criteria import Criteria, read_criteria
from udi.portal.organisations.queries import get_producer
from udi.ui.dependencies import AnyRequest, CurrentTerritory
from udi.ui.embedding import LANGUAGE, language_of, on_embedded_error, render_embedded

LINES = 8
"""Datasets in a frame at once."""


@get("/data/{dataset_id:uuid}")
async def frame_dataset(
    request: AnyRequest, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[str]:
    """What a dataset is, on a card."""
    async with _public_session(request, territory) as session:
        dataset = await get_dataset(session, dataset_id)
        return render_embedded(
            request, territory, "catalogue/framed-dataset.html", dataset=dataset
        )


@get("/search")
async def frame_search(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[str]:
    """What answers the words and the filters of the address."""
    criteria = _read_criteria(request)
    async with _public_session(request, territory) as session:
        page = await search_datasets(
            session, indexes_of(request), territory.id, criteria
        )
    return _render_list(
        request,
        territory,
        page,
        SEARCH,
        whole=criteria.with_changes(size=Criteria().size).address("/data"),
    )


@get("/producers/{slug:str}")
async def frame_producer(
    request: AnyRequest, territory: CurrentTerritory, slug: FromPath[str]
) -> Response[str]:
    """All that a producer publishes, with a search in it."""
    async with _public_session(request, territory) as session:
        producer = await get_producer(session, slug)
        criteria = _read_criteria(request, producer=(producer.slug,))
        page = await search_datasets(
            session, indexes_of(request), territory.id, criteria
        )
    path = f"/producers/{producer.slug}"
    return _render_list(
        request,
        territory,
        page,
        f"{PRODUCER}/{producer.slug}",
        "producer",
        producer=producer,
        whole=path,
    )


def _render_list(
    request: AnyRequest,
    territory: Territory,
    page: SearchPage,
    path: str,
    *fixed: str,
    whole: str,
    producer: Any = None,
) -> Response[str]:
    return render_embedded(
        request,
        territory,
        "catalogue/framed-list.html",
        page=page,
        criteria=page.criteria,
        producer=producer,
        action=path,
        whole=whole,
        asked_language=language_of(request),
        page_url=_page_addresses(request, page.criteria, path, *fixed),
    )


def _page_addresses(
    request: AnyRequest, criteria: Criteria, path: str, *fixed: str
) -> Callable[[int], str]:
    """The address of each page of a list, which keeps the language it was asked in."""
    if language_of(request):
        language = [(LANGUAGE, language_of(request))]
    else:
        language = []

    def address(number: int) -> str:
        pairs = [*criteria.with_changes(page=number).pairs("size", *fixed), *language]
        if pairs:
            return f"{path}?{urlencode(pairs)}"
        return path

    return address


def _read_criteria(request: AnyRequest, **fixed: Any) -> Criteria:
    criteria = read_criteria(read_pairs(request))
    return criteria.with_changes(**fixed, page=criteria.page, size=LINES)


@asynccontextmanager
async def _public_session(
    request: AnyRequest, territory: Territory
) -> AsyncIterator[AsyncSession]:
    """A session that sees what everybody sees, whoever is logged in."""
    async with open_public_session(request, territory) as session:
        yield session


routes = [
    Router(
        "/embed",
        route_handlers=[frame_dataset, frame_search, frame_producer],
        exception_handlers={UdiError: on_embedded_error},
    )
]

"""Those who publish data: their list, and the page of each with its datasets."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.read_connections import SessionRowReader
from udi.portal.catalogue.dataset_page.origins import (
    FIND_PRODUCER_ORIGINS,
    ProducerOrigin,
)
from udi.portal.catalogue.embed.snippets import share_producer
from udi.portal.catalogue.feeds.atom import PATH as ATOM
from udi.portal.catalogue.feeds.topics import PRODUCER
from udi.portal.catalogue.links.queries import may_maintain_data
from udi.portal.catalogue.maps.area_map import find_place_search
from udi.portal.catalogue.open.dcat import send_producer
from udi.portal.catalogue.open.representations import (
    RDF,
    negotiate_representation,
    split_extension,
)
from udi.portal.catalogue.pages.search import build_results_view
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.queries import (
    count_by_producer,
    list_shown_producers,
    search_datasets,
)
from udi.portal.catalogue.responses.cached_responses import indexes_of
from udi.portal.catalogue.search.criteria import Criteria, read_criteria
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.notifications.pages import build_follow_button
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import get_producer
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session, Visitor
from udi.ui.site import render, site_of


@get("/producers")
async def show_producers(request: AnyRequest, session: Session) -> Response[str]:
    """Every producer, with how much it publishes."""
    counts = await count_by_producer(session)
    producers = [
        (producer, counts.get(producer.id, 0))
        for producer in await list_shown_producers(session)
    ]
    return render(request, "catalogue/producers.html", producers=producers)


@get("/producers/{slug:str}")
async def show_producer(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    actor: Visitor,
    slug: FromPath[str],
) -> Response[Any]:
    """Who it is, how to reach it, and its datasets; RDF for who asks for it or adds an extension."""
    slug, form = split_extension(slug)
    producer = await get_producer(session, slug)
    if form := form or negotiate_representation(request):
        return await send_producer(request, territory, producer, form)
    path = f"/producers/{producer.slug}"
    if place := await find_place_search(request, territory, path, "producer"):
        return place
    criteria = read_criteria(
        [*read_pairs(request), ("producer", producer.slug)]
    ).with_changes(producer=(producer.slug,))
    page = await search_datasets(
        session,
        indexes_of(request),
        territory.id,
        criteria,
        thesaurus_of(territory.search),
    )
    view = await build_results_view(
        request,
        SessionRowReader(session),
        page,
        f"/producers/{producer.slug}",
        "producer",
    )
    forms = [(form, form.address(f"/producers/{producer.slug}")) for form in RDF]
    shared = share_producer(producer, territory, request.scope["state"]["locale"])
    feed = Criteria(producer=(producer.slug,)).address(ATOM)
    view["follow"] = await build_follow_button(
        request, territory, PRODUCER, str(producer.id), feed
    )
    view["origins"] = await _find_origins(request, session, producer)
    view["looks_after"] = actor is not None and may_maintain_data(actor, producer)
    answer = render(
        request,
        "catalogue/producer.html",
        producer=producer,
        forms=forms,
        shared=shared,
        **view,
    )
    answer.headers["Vary"] = "Accept, Accept-Language, Cookie"
    return answer


async def _find_origins(
    request: AnyRequest, session: AsyncSession, producer: Organisation
) -> Sequence[ProducerOrigin]:
    """Where its descriptions were read, of one that nobody has claimed."""
    if not producer.unclaimed:
        return ()
    return await site_of(request).services[FIND_PRODUCER_ORIGINS](session, producer)


routes = [show_producers, show_producer]

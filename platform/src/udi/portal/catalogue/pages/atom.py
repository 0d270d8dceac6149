"""Any search, and the history of any dataset, as a feed to follow."""

from html import unescape
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import (
    CHANGES,
    PATH,
    order_for_feed,
    write_feed,
    write_history,
)
from udi.portal.catalogue.cached_responses import (
    BuiltResponse,
    indexes_of,
    open_public_session,
    respond_from_cache,
)
from udi.portal.catalogue.history import DescriptionVersion, list_description_versions
from udi.portal.catalogue.queries import get_dataset, is_current, search_datasets
from udi.portal.catalogue.query_string import read_pairs
from udi.portal.catalogue.results import FilterLabels
from udi.portal.catalogue.search.criteria import read_criteria
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.organisations.queries import name_organisations
from udi.ui.atom import MEDIA_TYPE
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.site import site_of


@get(PATH)
async def show_search_feed(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[Any]:
    """The datasets that answer, those that last changed first; parameters are those of the search page."""
    criteria = order_for_feed(read_criteria(read_pairs(request)))
    language: str = request.scope["state"]["locale"]
    say = site_of(request).pages.translator(request)

    async def make() -> BuiltResponse:
        page = await search_datasets(
            session,
            indexes_of(request),
            territory.id,
            criteria,
            thesaurus_of(territory.search),
        )
        names = FilterLabels(
            language, await name_organisations(session, {*criteria.producer})
        )
        filter_labels = [
            names(name, value)
            for name, values in criteria.filters.items()
            for value in values
        ]
        about = ", ".join(
            [*([criteria.text] if criteria.text else []), *filter_labels]
        ) or say("All the data")
        body = write_feed(page, territory, language, about, names)
        return Response(body, media_type=MEDIA_TYPE), page.current

    return await respond_from_cache(request, territory, make)


@get(f"/data/{{dataset_id:uuid}}{CHANGES}")
async def show_dataset_feed(
    request: AnyRequest, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[Any]:
    """What each description of one dataset changed of the one before; 410 once it is withdrawn."""
    language: str = request.scope["state"]["locale"]

    async def make() -> BuiltResponse:
        async with open_public_session(request, territory) as session:
            dataset = await get_dataset(session, dataset_id)
            steps = [
                (step, *_describe_version(request, territory, step, language))
                for step in await list_description_versions(
                    session, dataset, language, territory.zone
                )
            ]
            reader = indexes_of(request).find(territory.id)
            current = reader is not None and await is_current(session, reader)
        return Response(
            write_history(dataset, steps, territory, language), media_type=MEDIA_TYPE
        ), current

    return await respond_from_cache(request, territory, make)


def _describe_version(
    request: AnyRequest, territory: Territory, step: DescriptionVersion, language: str
) -> tuple[str, str]:
    pages = site_of(request).pages
    title = pages.gettext(language, "Version %(number)s of the description") % {
        "number": step.number
    }
    content = pages.compose(
        language, "catalogue/_step.html", zone=territory.zone, step=step
    )
    return title, " ".join(unescape(content).split())


routes = [show_search_feed, show_dataset_feed]

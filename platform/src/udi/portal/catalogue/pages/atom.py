"""Any search, and the history of any dataset, as a feed to follow."""

from html import unescape
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.elsewhere.together import (
    Neighbourhood,
    find_neighbourhood,
    search_together,
)
from udi.portal.catalogue.feeds.atom import (
    CHANGES,
    PATH,
    order_for_feed,
    write_feed,
    write_history,
)
from udi.portal.catalogue.history import DescriptionVersion, list_description_versions
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.queries import (
    SearchPage,
    get_dataset,
    is_current,
    search_datasets,
)
from udi.portal.catalogue.responses.cached_responses import (
    BuiltResponse,
    indexes_of,
    open_public_session,
    respond_from_cache,
)
from udi.portal.catalogue.results import FilterLabels
from udi.portal.catalogue.search.criteria import Criteria, read_criteria
from udi.portal.catalogue.search.joint_index import JOINT
from udi.portal.organisations.queries import name_organisations
from udi.ui.atom import MEDIA_TYPE
from udi.ui.dependencies import AnyRequest, CurrentTerritory
from udi.ui.site import site_of


@get(PATH)
async def show_search_feed(request: AnyRequest) -> Response[Any]:
    """The datasets that answer, those that last changed first; parameters are those of the search page."""
    territory: Territory | None = request.scope["state"].get("territory")
    neighbourhood = await find_neighbourhood(request, territory)
    criteria = order_for_feed(read_criteria(read_pairs(request), neighbourhood.reach))
    if neighbourhood.is_together(criteria):
        return await _show_joint_feed(request, neighbourhood, criteria)
    if territory is None:
        raise NotFoundError

    async def make() -> BuiltResponse:
        async with open_public_session(request, territory) as session:
            page = await search_datasets(
                session,
                indexes_of(request),
                territory.id,
                criteria,
                neighbourhood.thesaurus,
            )
            producers = await name_organisations(session, {*criteria.producer})
        names = FilterLabels(request.scope["state"]["locale"], producers)
        return _write_search_feed(request, page, territory, names), page.current

    return await respond_from_cache(request, territory, make)


async def _show_joint_feed(
    request: AnyRequest, neighbourhood: Neighbourhood, criteria: Criteria
) -> Response[Any]:
    territory = neighbourhood.territory or site_of(request).installation

    async def make() -> BuiltResponse:
        page = await search_together(
            site_of(request).database, indexes_of(request), neighbourhood, criteria
        )
        language = request.scope["state"]["locale"]
        names = FilterLabels(language, {}, territories=neighbourhood.names)
        return _write_search_feed(request, page, territory, names), page.current

    return await respond_from_cache(
        request, territory, make, facts=neighbourhood.facts, index=JOINT
    )


def _write_search_feed(
    request: AnyRequest, page: SearchPage, territory: Territory, names: FilterLabels
) -> Response[bytes]:
    criteria = page.criteria
    say = site_of(request).pages.translator(request)
    filter_labels = [
        names(name, value)
        for name, values in criteria.filters.items()
        for value in values
    ]
    about = ", ".join(
        [*([criteria.text] if criteria.text else []), *filter_labels]
    ) or say("All the data")
    language = request.scope["state"]["locale"]
    body = write_feed(page, territory, language, about, names)
    return Response(body, media_type=MEDIA_TYPE)


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

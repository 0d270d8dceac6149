"""Any search as a feed to follow."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import Made, answer, indexes_of
from udi.portal.catalogue.atom import MEDIA_TYPE, PATH, followed, write_feed
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.catalogue.queries import search_datasets
from udi.portal.catalogue.results import Names
from udi.portal.catalogue.search.criteria import read_criteria
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.organisations.queries import name_organisations
from udi.ui.site import site_of


@get(PATH)
async def follow_search(
    request: Request[Any, Any, State], session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """The datasets that answer, those that last changed first; parameters are those of the search page."""
    criteria = followed(read_criteria(read_pairs(request)))
    language: str = request.scope["state"]["locale"]
    say = site_of(request).pages.speaker(request)

    async def make() -> Made:
        page = await search_datasets(
            session, indexes_of(request), territory.id, criteria, thesaurus_of(territory.search)
        )
        names = Names(language, await name_organisations(session, {*criteria.producer}))
        chosen = [names(name, value) for name, values in criteria.filters.items() for value in values]
        about = ", ".join([*([criteria.text] if criteria.text else []), *chosen]) or say("All the data")
        body = write_feed(page, territory, language, about, names)
        return Response(body, media_type=MEDIA_TYPE), page.current

    return await answer(request, territory, make)


routes = [follow_search]

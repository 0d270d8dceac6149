"""The search page."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import Made, answer, indexes_of, reading
from udi.portal.catalogue.area import draw_area
from udi.portal.catalogue.atom import PATH as ATOM
from udi.portal.catalogue.elsewhere.pages import ASKED, Elsewhere, is_asked, look_elsewhere, show_everywhere
from udi.portal.catalogue.embed.shared import share_search
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.catalogue.queries import SearchPage, list_nearest, relax, search_datasets
from udi.portal.catalogue.results import Names, list_chips, list_filters, mark_titles, shown_values
from udi.portal.catalogue.search.criteria import KEYWORD, Criteria, read_criteria
from udi.portal.catalogue.search.extent import write_box
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.catalogue.topics import target_of
from udi.portal.notifications.pages import find_button
from udi.portal.organisations.queries import name_organisations
from udi.ui.middleware import content_security_policy
from udi.ui.site import render, site_of

PATH = "/data"


@get(PATH)
async def search(request: Request[Any, Any, State]) -> Response[Any]:
    """Datasets that answer the words and the filters of the address; on the installation's own host, in every territory."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return await show_everywhere(request)

    async def make() -> Made:
        criteria = read_criteria(read_pairs(request))
        # Before there is a session: others take their time, and no connection waits with them.
        elsewhere = await look_elsewhere(request, territory, criteria)
        async with reading(request, territory) as session:
            return await _render(request, session, territory, criteria, elsewhere)

    if is_asked(request):
        return (await make())[0]
    return await answer(request, territory, make)


async def _render(
    request: Request[Any, Any, State],
    session: AsyncSession,
    territory: Territory,
    criteria: Criteria,
    elsewhere: Elsewhere,
) -> Made:
    words = thesaurus_of(territory.search)
    page = await search_datasets(session, indexes_of(request), territory.id, criteria, words)
    view = await show_results(request, session, page, PATH)
    view["canonical"] = page.criteria.canonical().address(f"{territory.origin}{PATH}")
    view["follow"] = await find_button(request, territory, *target_of(criteria), view["atom_url"])
    view["shared"] = share_search(criteria, territory, request.scope["state"]["locale"])
    view["elsewhere"] = elsewhere
    name = "catalogue/search.html"
    if page.prepared and not page.total:
        name = "catalogue/empty.html"
        view["others"] = relax(indexes_of(request), territory.id, page, words)
        view["nearest"] = list_nearest(indexes_of(request), territory.id, page)
    return with_script(request, render(request, name, **view)), page.current


def with_script(request: Request[Any, Any, State], page: Response[Any]) -> Response[Any]:
    """The page with the right to run our own script, the one that offers words while someone types."""
    policy = content_security_policy(site_of(request).form_targets, scripts=True)
    page.headers["Content-Security-Policy"] = policy
    return page


async def show_results(
    request: Request[Any, Any, State], session: AsyncSession, page: SearchPage, path: str, *fixed: str
) -> dict[str, Any]:
    """What templates need to show a page of answers; `fixed` filters are the page's own and cannot be removed."""
    criteria = page.criteria
    named = await name_organisations(session, shown_values(page, "producer"))
    names = Names(request.scope["state"]["locale"], named)
    territory: Territory = request.scope["state"]["territory"]

    def page_url(number: int) -> str:
        return criteria.changed(page=number).address(path, *fixed)

    return {
        "page": page,
        "criteria": criteria,
        "answers": mark_titles(page),
        "filters": list_filters(page, names, path, fixed=fixed),
        "chips": list_chips(criteria, names, path, fixed=fixed),
        "exact_url": criteria.changed(exact=True).address(path, *fixed),
        "kept": list(criteria.pairs("page", "sort", *fixed)),
        "bare_url": Criteria(text=criteria.text, sort=criteria.sort).address(path),
        "replaced": [(word.typed, word.instead) for word in page.words if word.instead],
        "completed": [(word.typed, word.completed) for word in page.words if word.completed],
        "synonyms": [group for group in page.asked.groups if group.also or group.themes],
        "area": draw_area(criteria.box, territory.box),
        "area_url": criteria.changed(bbox=territory_box(territory)).address(path, *fixed),
        "keywords_url": criteria.changed(facets=(*criteria.facets, KEYWORD)).address(path, *fixed) + "#refine",
        "elsewhere_url": f"{PATH}?{urlencode([*criteria.pairs('page'), ASKED])}#elsewhere",
        "atom_url": criteria.canonical().address(ATOM, "page"),
        "names": names,
        "action": path,
        "page_url": page_url,
        "api_url": criteria.address("/api/v1/datasets"),
    }


def territory_box(territory: Territory) -> tuple[str, ...]:
    """The area of the territory as a filter; none where its files do not say it."""
    return (write_box(territory.box),) if territory.box else ()


routes = [search]

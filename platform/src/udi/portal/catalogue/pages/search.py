"""The search page."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get

from udi.kit.read_connections import RowReader, SessionRowReader
from udi.kit.tenancy import Territory
from udi.portal.catalogue.area import draw_area
from udi.portal.catalogue.area_map import (
    draw_area_ground,
    find_place_search,
    list_place_names,
    name_area,
    read_place,
)
from udi.portal.catalogue.atom import PATH as ATOM
from udi.portal.catalogue.cached_responses import (
    BuiltResponse,
    find_search_page,
    indexes_of,
    respond_from_cache,
)
from udi.portal.catalogue.elsewhere.pages import (
    FEDERATION_PARAMETER,
    FederatedSearch,
    is_federated,
    search_other_portals,
    show_all_territories,
)
from udi.portal.catalogue.embed.snippets import share_search
from udi.portal.catalogue.queries import (
    SearchPage,
    list_relaxed_searches,
    list_spelling_alternatives,
)
from udi.portal.catalogue.query_string import read_pairs
from udi.portal.catalogue.results import (
    FilterLabels,
    list_chips,
    list_filters,
    list_visible_values,
    mark_titles,
)
from udi.portal.catalogue.search.criteria import KEYWORD, Criteria, read_criteria
from udi.portal.catalogue.search.extent import write_box
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.catalogue.topics import target_of
from udi.portal.notifications.pages import build_follow_button
from udi.portal.organisations.queries import read_names
from udi.ui.dependencies import AnyRequest
from udi.ui.middleware import content_security_policy
from udi.ui.site import render, site_of

PATH = "/data"


@get(PATH)
async def show_search(request: AnyRequest) -> Response[Any]:
    """Datasets that answer the words and the filters of the address; on the installation's own host, in every territory."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return await show_all_territories(request)
    if place := await find_place_search(request, territory, PATH):
        return place

    async def make() -> BuiltResponse:
        criteria = read_criteria(read_pairs(request))
        # Before rows are read: others take their time, and no connection waits with them.
        elsewhere = await search_other_portals(request, territory, criteria)
        return await _render(request, territory, criteria, elsewhere)

    if is_federated(request):
        return (await make())[0]
    return await respond_from_cache(request, territory, make)


async def _render(
    request: AnyRequest,
    territory: Territory,
    criteria: Criteria,
    elsewhere: FederatedSearch,
) -> BuiltResponse:
    words = thesaurus_of(territory.search)
    page = await find_search_page(request, territory, criteria)
    rows = site_of(request).database.rows(territory.id)
    view = await build_results_view(request, rows, page, PATH)
    view["canonical"] = page.criteria.canonical().address(f"{territory.origin}{PATH}")
    view["follow"] = await build_follow_button(
        request, territory, *target_of(criteria), view["atom_url"]
    )
    view["shared"] = share_search(criteria, territory, request.scope["state"]["locale"])
    view["elsewhere"] = elsewhere
    name = "catalogue/search.html"
    if page.prepared and not page.total:
        name = "catalogue/empty.html"
        view["others"] = list_relaxed_searches(
            indexes_of(request), territory.id, page, words
        )
        view["nearest"] = list_spelling_alternatives(
            indexes_of(request), territory.id, page
        )
    return allow_script(request, render(request, name, **view)), page.current


def allow_script(request: AnyRequest, page: Response[Any]) -> Response[Any]:
    """The page with the right to run our own script, the one that offers words while someone types."""
    policy = content_security_policy(site_of(request).form_targets, scripts=True)
    page.headers["Content-Security-Policy"] = policy
    return page


async def build_results_view(
    request: AnyRequest,
    rows: RowReader | SessionRowReader,
    page: SearchPage,
    path: str,
    *fixed: str,
) -> dict[str, Any]:
    """What templates need to show a page of answers; `fixed` filters are the page's own and cannot be removed.

    Who holds a session gives its rows: to wait for another connection meanwhile could be for ever.
    """
    criteria = page.criteria
    territory: Territory = request.scope["state"]["territory"]
    named = await read_names(rows, list_visible_values(page, "producer"))
    names = FilterLabels(
        request.scope["state"]["locale"],
        named,
        await name_area(request, territory, criteria.box),
    )
    area = draw_area(criteria.box, territory.box)

    def page_url(number: int) -> str:
        return criteria.with_changes(page=number).address(path, *fixed)

    return {
        "page": page,
        "criteria": criteria,
        "answers": mark_titles(page, request.scope["state"]["locale"]),
        "filters": list_filters(page, names, path, fixed=fixed),
        "chips": list_chips(criteria, names, path, fixed=fixed),
        "exact_url": criteria.with_changes(exact=True).address(path, *fixed),
        "hidden_fields": list(criteria.pairs("page", "sort", *fixed)),
        "bare_url": Criteria(text=criteria.text, sort=criteria.sort).address(path),
        "replaced": [
            (word.query_text, word.instead) for word in page.words if word.instead
        ],
        "completed": [
            (word.query_text, word.completed) for word in page.words if word.completed
        ],
        "synonyms": [
            group for group in page.parsed_query.groups if group.also or group.themes
        ],
        "area": area,
        "area_ground": await draw_area_ground(request, territory, area),
        "place": read_place(request),
        "places": await list_place_names(request, territory),
        "area_url": criteria.with_changes(bbox=territory_box(territory)).address(
            path, *fixed
        ),
        "keywords_url": criteria.with_changes(
            facets=(*criteria.facets, KEYWORD)
        ).address(path, *fixed)
        + "#refine",
        "elsewhere_url": f"{PATH}?{urlencode([*criteria.pairs('page'), FEDERATION_PARAMETER])}#elsewhere",
        "atom_url": criteria.canonical().address(ATOM, "page"),
        "names": names,
        "action": path,
        "page_url": page_url,
        "api_url": criteria.address("/api/v1/datasets"),
    }


def territory_box(territory: Territory) -> tuple[str, ...]:
    """The area of the territory as a filter; none where its files do not say it."""
    if territory.box:
        return (write_box(territory.box),)
    return ()


routes = [show_search]

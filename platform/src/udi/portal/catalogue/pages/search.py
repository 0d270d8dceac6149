"""The search page."""

from dataclasses import replace
from typing import Any

from litestar import Response, get
from litestar.response import Redirect

from udi.kit.read_connections import RowReader, SessionRowReader
from udi.kit.tenancy import Territory
from udi.portal.catalogue.elsewhere.pages import (
    FederatedSearch,
    asks_portals,
    search_other_portals,
)
from udi.portal.catalogue.elsewhere.together import (
    Neighbourhood,
    find_joint_reader,
    find_neighbourhood,
    search_together,
)
from udi.portal.catalogue.embed.snippets import share_search
from udi.portal.catalogue.feeds.atom import PATH as ATOM
from udi.portal.catalogue.feeds.topics import target_of
from udi.portal.catalogue.maps.area import draw_area
from udi.portal.catalogue.maps.area_map import (
    draw_area_ground,
    find_place_search,
    list_place_names,
    name_area,
    read_place,
)
from udi.portal.catalogue.queries import (
    SearchPage,
    list_relaxed_searches,
    list_spelling_alternatives,
)
from udi.portal.catalogue.responses.cached_responses import (
    BuiltResponse,
    find_search_page,
    indexes_of,
    respond_from_cache,
)
from udi.portal.catalogue.results import (
    FilterLabels,
    list_chips,
    list_filters,
    list_visible_values,
    mark_titles,
)
from udi.portal.catalogue.search.criteria import KEYWORD, Criteria
from udi.portal.catalogue.search.extent import write_box
from udi.portal.catalogue.search.joint_index import JOINT
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
    scope = territory or site_of(request).installation
    neighbourhood = await find_neighbourhood(request, territory)
    criteria = neighbourhood.read_criteria(request)
    if place := await find_place_search(request, scope, PATH, criteria=criteria):
        return place

    if not criteria.partners and has_only_partners(request, neighbourhood):
        together = criteria.with_changes(partners=True, page=criteria.page)
        return Redirect(together.address(PATH), status_code=303)

    async def make() -> BuiltResponse:
        # Before rows are read: others take their time, and no connection waits with them.
        elsewhere = await search_other_portals(request, neighbourhood, criteria, PATH)
        if has_only_partners(request, neighbourhood):
            elsewhere = replace(elsewhere, together_url="")
        return await _render(request, neighbourhood, criteria, elsewhere)

    if territory is not None and asks_portals(territory, criteria):
        return (await make())[0]
    if neighbourhood.is_together(criteria):
        facts = neighbourhood.facts
        return await respond_from_cache(request, scope, make, facts=facts, index=JOINT)
    facts = (bool(neighbourhood.partners),)
    return await respond_from_cache(request, scope, make, facts=facts)


async def _render(
    request: AnyRequest,
    neighbourhood: Neighbourhood,
    criteria: Criteria,
    elsewhere: FederatedSearch,
) -> BuiltResponse:
    if neighbourhood.is_together(criteria):
        name = "catalogue/together.html"
        page, view = await _search_together(request, neighbourhood, criteria)
    else:
        name = "catalogue/search.html"
        page, view = await _search_here(request, neighbourhood, criteria)
    view["elsewhere"] = elsewhere
    if page.prepared and not page.total and neighbourhood.territory is not None:
        name = "catalogue/empty.html"
    return allow_script(request, render(request, name, **view)), page.current


async def _search_here(
    request: AnyRequest, neighbourhood: Neighbourhood, criteria: Criteria
) -> tuple[SearchPage, dict[str, Any]]:
    territory: Territory = request.scope["state"]["territory"]
    page = await find_search_page(request, territory, criteria)
    rows = site_of(request).database.rows(territory.id)
    view = await build_results_view(request, rows, page, PATH)
    view["canonical"] = page.criteria.canonical().address(f"{territory.origin}{PATH}")
    view["follow"] = await build_follow_button(
        request, territory, *target_of(criteria), view["atom_url"]
    )
    view["shared"] = share_search(
        criteria.with_changes(portals=False),
        territory,
        request.scope["state"]["locale"],
    )
    if page.prepared and not page.total:
        reader = indexes_of(request).find(territory.id)
        view["others"] = list_relaxed_searches(reader, page, neighbourhood.thesaurus)
        view["nearest"] = list_spelling_alternatives(reader, page)
    return page, view


async def _search_together(
    request: AnyRequest, neighbourhood: Neighbourhood, criteria: Criteria
) -> tuple[SearchPage, dict[str, Any]]:
    page = await search_together(
        site_of(request).database, indexes_of(request), neighbourhood, criteria
    )
    view = await build_joint_view(request, neighbourhood, page, PATH)
    origin = (neighbourhood.territory or site_of(request).installation).origin
    view["canonical"] = page.criteria.canonical().address(f"{origin}{PATH}")
    view["catalogue_url"] = neighbourhood.catalogue_url
    view["follow"] = None
    if page.prepared and not page.total:
        reader = find_joint_reader(request)
        with neighbourhood.speaking():
            view["others"] = list_relaxed_searches(
                reader, page, neighbourhood.thesaurus, neighbourhood.sources
            )
            view["nearest"] = list_spelling_alternatives(
                reader, page, neighbourhood.sources
            )
    return page, view


def has_only_partners(request: AnyRequest, neighbourhood: Neighbourhood) -> bool:
    """Whether a territory has published nothing itself, and has partners: a region's portal is one of theirs."""
    territory = neighbourhood.territory
    if territory is None or not neighbourhood.partners:
        return False
    reader = indexes_of(request).find(territory.id)
    return reader is not None and not reader.searcher.num_docs


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
    territory: Territory = request.scope["state"]["territory"]
    names = FilterLabels(
        request.scope["state"]["locale"],
        await read_names(rows, list_visible_values(page, "producer")),
        await name_area(request, territory, page.criteria.box),
    )
    return await _build_view(request, territory, page, names, path, *fixed)


async def build_joint_view(
    request: AnyRequest, neighbourhood: Neighbourhood, page: SearchPage, path: str
) -> dict[str, Any]:
    """The same for several territories, on a map of all of them: producers have their names, and no address of their own."""
    territory = neighbourhood.territory or site_of(request).installation
    scene = replace(territory, box=neighbourhood.box)
    names = FilterLabels(
        request.scope["state"]["locale"],
        {},
        await name_area(request, scene, page.criteria.box),
        neighbourhood.names,
    )
    view = await _build_view(request, scene, page, names, path)
    view["area"] = draw_area(page.criteria.box, scene.box, neighbourhood.boxes)
    return view


async def _build_view(
    request: AnyRequest,
    territory: Territory,
    page: SearchPage,
    names: FilterLabels,
    path: str,
    *fixed: str,
) -> dict[str, Any]:
    criteria = page.criteria
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
        "bare_url": Criteria(
            text=criteria.text, sort=criteria.sort, partners=criteria.partners
        ).address(path),
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
        "has_outlines": bool(territory.outlines),
        "has_box": bool(territory.box),
        "area_url": criteria.with_changes(bbox=territory_box(territory)).address(
            path, *fixed
        ),
        "keywords_url": criteria.with_changes(
            facets=(*criteria.facets, KEYWORD)
        ).address(path, *fixed)
        + "#refine",
        "atom_url": criteria.canonical().address(ATOM, "page"),
        "names": names,
        "action": path,
        "page_url": page_url,
        "api_url": criteria.with_changes(page=criteria.page, portals=False).address(
            "/api/v1/datasets"
        ),
    }


def territory_box(territory: Territory) -> tuple[str, ...]:
    """The area of the territory as a filter; none where its files do not say it."""
    if territory.box:
        return (write_box(territory.box),)
    return ()


routes = [show_search]

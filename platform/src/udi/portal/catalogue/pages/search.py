"""The search page."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import Made, answer, indexes_of
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.catalogue.queries import SearchPage, relax, search_datasets
from udi.portal.catalogue.results import Names, list_chips, list_filters, mark_titles
from udi.portal.catalogue.search.criteria import Criteria, read_criteria
from udi.portal.organisations.queries import name_organisations
from udi.ui.site import render

PATH = "/data"


@get(PATH)
async def search(
    request: Request[Any, Any, State], session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """Datasets that answer the words and the filters of the address."""
    criteria = read_criteria(read_pairs(request))

    async def make() -> Made:
        page = await search_datasets(session, indexes_of(request), territory.id, criteria)
        view = await show_results(request, session, page, PATH)
        empty = page.prepared and not page.total
        others = relax(indexes_of(request), territory.id, page) if empty else []
        return render(
            request, "catalogue/empty.html" if empty else "catalogue/search.html", others=others, **view
        ), page

    return await answer(request, territory, make)


async def show_results(
    request: Request[Any, Any, State], session: AsyncSession, page: SearchPage, path: str, *fixed: str
) -> dict[str, Any]:
    """What templates need to show a page of answers; `fixed` filters are the page's own and cannot be removed."""
    criteria = page.criteria
    slugs = {*page.facets.get("producer", {}), *criteria.producer}
    names = Names(request.scope["state"]["locale"], await name_organisations(session, slugs))

    def page_url(number: int) -> str:
        return criteria.changed(page=number).address(path, *fixed)

    return {
        "page": page,
        "criteria": criteria,
        "answers": mark_titles(page),
        "filters": list_filters(page, names, fixed=fixed),
        "chips": list_chips(criteria, names, path, fixed=fixed),
        "exact_url": criteria.changed(exact=True).address(path, *fixed),
        "kept": list(criteria.pairs("page", "sort", *fixed)),
        "bare_url": Criteria(text=criteria.text, sort=criteria.sort).address(path),
        "replaced": [(word.text, word.instead) for word in page.words if word.instead],
        "names": names,
        "action": path,
        "page_url": page_url,
        "api_url": criteria.address("/api/v1/datasets"),
    }


routes = [search]

"""Searching elsewhere: below a territory's own answers, on demand; and on the installation's own host."""

from dataclasses import dataclass, field

from litestar import Response

from udi.kit.tenancy import Territory
from udi.portal.catalogue.cached_responses import indexes_of
from udi.portal.catalogue.elsewhere.answers import FederatedResult, has_search_terms
from udi.portal.catalogue.elsewhere.partners import PARTNERS
from udi.portal.catalogue.elsewhere.territories import (
    list_sharing_territories,
    search_territories,
)
from udi.portal.catalogue.query_string import read_pairs
from udi.portal.catalogue.search.criteria import Criteria, read_criteria
from udi.ui.dependencies import AnyRequest
from udi.ui.site import render, site_of

FEDERATION_PARAMETER = ("partners", "1")


@dataclass(frozen=True)
class FederatedSearch:
    """What a search page says of other places: whether some may be asked, whether they were, and what they answered."""

    possible: bool = False
    is_queried: bool = False
    territories: list[FederatedResult] = field(default_factory=list)
    partners: list[FederatedResult] = field(default_factory=list)


def is_federated(request: AnyRequest) -> bool:
    """Whether the address wants other places to be asked too."""
    return FEDERATION_PARAMETER in read_pairs(request)


async def search_other_portals(
    request: AnyRequest, territory: Territory, criteria: Criteria
) -> FederatedSearch:
    """Ask the other territories that share and the portals of the territory's files, when the address wants it."""
    site = site_of(request)
    language = request.scope["state"]["locale"]
    others = list_sharing_territories(await site.registry.list(), but=territory.id)
    origins = territory.search.get("partners", [])
    if not has_search_terms(criteria) or not (others or origins):
        return FederatedSearch()
    if not is_federated(request):
        return FederatedSearch(possible=True)
    partners = site.services[PARTNERS]
    near = await search_territories(
        site.database, indexes_of(request), others, criteria, language
    )
    return FederatedSearch(
        True, True, near, await partners.search(origins, criteria, language)
    )


async def show_all_territories(request: AnyRequest) -> Response[str]:
    """The installation's own host: what each territory that shares has, with its first answers."""
    site = site_of(request)
    criteria = read_criteria(read_pairs(request))
    territories = list_sharing_territories(await site.registry.list())
    places = await search_territories(
        site.database,
        indexes_of(request),
        territories,
        criteria,
        request.scope["state"]["locale"],
    )
    total = sum(place.total for place in places)
    return render(
        request,
        "catalogue/everywhere.html",
        places=places,
        total=total,
        criteria=criteria,
    )

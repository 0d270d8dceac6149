"""What a search page says of other places: the partners of its installation, in one list, and other portals, apart."""

from dataclasses import dataclass, field, replace

from udi.kit.tenancy import Territory
from udi.portal.catalogue.elsewhere.answers import FederatedResult, has_search_terms
from udi.portal.catalogue.elsewhere.partners import PARTNERS
from udi.portal.catalogue.elsewhere.together import Neighbourhood
from udi.portal.catalogue.search.criteria import Criteria
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of


@dataclass(frozen=True)
class FederatedSearch:
    """What a search page says of other places: where one may search, whether it does, and what other portals answered."""

    here_url: str = ""
    together_url: str = ""
    """Empty where there is nobody else."""
    portals_url: str = ""
    """The same search with other portals asked as well; empty where there are none, or nothing to ask."""
    is_together: bool = False
    has_own: bool = False
    """Whether the territory's own data are among those searched together."""
    is_queried: bool = False
    """Whether other portals were asked."""
    portals: list[FederatedResult] = field(default_factory=list)


def asks_portals(territory: Territory, criteria: Criteria) -> bool:
    """Whether other portals are to be asked: they are told words and filters, and nothing without these."""
    return (
        criteria.portals
        and bool(territory.search.get("partners"))
        and has_search_terms(criteria)
    )


async def search_other_portals(
    request: AnyRequest, neighbourhood: Neighbourhood, criteria: Criteria, path: str
) -> FederatedSearch:
    """What the page of a territory says of other places; the portals of its files are asked, when the address wants it."""
    territory = neighbourhood.territory
    if territory is None:
        return FederatedSearch()
    origins = territory.search.get("partners", [])
    unasked = criteria.with_changes(portals=False)
    local_criteria = unasked.with_changes(partners=False, territory=(), producer=())
    together = unasked.with_changes(partners=True, producer=())
    everywhere = criteria.with_changes(portals=True)
    search = FederatedSearch(
        here_url=local_criteria.address(path),
        together_url=together.address(path) if neighbourhood.partners else "",
        portals_url=everywhere.address(path)
        if origins and has_search_terms(criteria)
        else "",
        is_together=criteria.partners,
        has_own=neighbourhood.has_own,
    )
    if not asks_portals(territory, criteria):
        return search
    portals = site_of(request).services[PARTNERS]
    answers = await portals.search(origins, criteria, request.scope["state"]["locale"])
    return replace(search, is_queried=True, portals=answers)

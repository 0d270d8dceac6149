"""Searching elsewhere: below a territory's own answers, on demand; and on the installation's own host."""

from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State

from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import indexes_of
from udi.portal.catalogue.elsewhere.answers import Place, says_something
from udi.portal.catalogue.elsewhere.partners import Partners
from udi.portal.catalogue.elsewhere.territories import ask_territories, sharing
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.catalogue.search.criteria import Criteria, read_criteria
from udi.ui.site import render, site_of

ASKED = ("partners", "1")


@dataclass(frozen=True)
class Elsewhere:
    """What a search page says of other places: whether some may be asked, whether they were, and what they answered."""

    possible: bool = False
    asked: bool = False
    territories: list[Place] = field(default_factory=list)
    partners: list[Place] = field(default_factory=list)


def is_asked(request: Request[Any, Any, State]) -> bool:
    """Whether the address wants other places to be asked too."""
    return ASKED in read_pairs(request)


async def look_elsewhere(request: Request[Any, Any, State], territory: Territory, criteria: Criteria) -> Elsewhere:
    """Ask the other territories that share and the portals of the territory's files, when the address wants it."""
    site, language = site_of(request), request.scope["state"]["locale"]
    others = sharing(await site.registry.list(), but=territory.id)
    origins = territory.search.get("partners", [])
    if not says_something(criteria) or not (others or origins):
        return Elsewhere()
    if not is_asked(request):
        return Elsewhere(possible=True)
    partners: Partners = site.parts.setdefault("partners", Partners(site.outgoing))
    near = await ask_territories(site.database, indexes_of(request), others, criteria, language)
    return Elsewhere(True, True, near, await partners.ask(origins, criteria, language))


async def show_everywhere(request: Request[Any, Any, State]) -> Response[str]:
    """The installation's own host: what each territory that shares has, with its first answers."""
    site, criteria = site_of(request), read_criteria(read_pairs(request))
    territories = sharing(await site.registry.list())
    places = await ask_territories(
        site.database, indexes_of(request), territories, criteria, request.scope["state"]["locale"]
    )
    total = sum(place.total for place in places)
    return render(request, "catalogue/everywhere.html", places=places, total=total, criteria=criteria)

"""«My space»: who I am, my organisations, what I may do."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.oidc import client_id
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.portal.identity.refused_addresses import refuses_mails
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.site import render, site_of

NameOrganisations = Callable[
    [AsyncSession, Collection[str]], Awaitable[Mapping[str, str]]
]
"""Names of organisations by slug."""
NAME_ORGANISATIONS = ServiceKey[NameOrganisations](
    "names of organisations", "organisations"
)
ShowsSuggestions = Callable[[AsyncSession, Actor], Awaitable[bool]]
SUGGESTING = ServiceKey[ShowsSuggestions]("suggestions on my space", "projects")
"""Whether the page names suggestions to somebody: not to who turned them off."""


@dataclass(frozen=True)
class OrganisationMembership:
    """An organisation as one of its people sees it."""

    slug: str
    name: str
    manages: bool
    publishes: bool
    space: str
    """Address of its space on the hosted node."""


@get("/my-space")
async def show_my_space(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str]:
    """The page."""
    names = await name_organisations_of(request)(session, member.memberships)
    suggesting = site_of(request).services.find(SUGGESTING)
    return render(
        request,
        "identity/my-space.html",
        organisations=_organisations(member, territory, names),
        mail_refused=await refuses_mails(session, member.person_id),
        suggesting=await suggesting(session, member) if suggesting else False,
        account_url=account_url(
            site_of(request).settings.issuer, client_id("portal", territory.slug)
        ),
    )


def account_url(issuer: str, client: str) -> str:
    """Where people change their name, password and second factor; it leads back to the portal."""
    return f"{issuer}/account/?{urlencode({'referrer': client})}"


def name_organisations_of(request: AnyRequest) -> NameOrganisations:
    """What gives organisations their names."""
    return site_of(request).services.find(NAME_ORGANISATIONS) or _no_names


async def _no_names(
    _session: AsyncSession, _slugs: Collection[str]
) -> Mapping[str, str]:
    return {}


def _organisations(
    member: Actor, territory: Territory, names: Mapping[str, str]
) -> list[OrganisationMembership]:
    node = territory.links.get("node", "")
    organisations = [
        OrganisationMembership(
            slug=slug,
            name=names.get(slug, slug),
            manages=member.may_manage(slug),
            publishes=member.may_publish(slug),
            space=f"{node}/spaces/{slug}" if node else "",
        )
        for slug in member.memberships
    ]
    return sorted(organisations, key=lambda organisation: organisation.name.casefold())


routes: Routes = [show_my_space]

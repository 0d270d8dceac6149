"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.identity.pages import NAME_ORGANISATIONS
from udi.portal.organisations.joining import pages as joining_pages
from udi.portal.organisations.members import pages as member_pages
from udi.portal.organisations.queries import name_organisations
from udi.portal.organisations.team import pages as team_pages
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses."""
    return [*joining_pages.routes, *member_pages.routes, *team_pages.routes]


def provide_web_services(site: Site) -> None:
    """The names of organisations, what waits of them, where one asks to join, and the team of the territory."""
    site.services.provide(NAME_ORGANISATIONS, name_organisations)
    site.services.contribute(
        PAGE_ADDRESSES,
        ("join", joining_pages.HOME),
        ("team", team_pages.TEAM_PATH),
    )

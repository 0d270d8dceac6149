"""The portal, for its web workers (`app`) and its worker (`work`), made of the domains that are found."""

from pathlib import Path

from udi import protocol
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.toml.site_schema import PUBLISH
from udi.portal.territory.status.pages import STATUS_PATHS
from udi.settings import Settings
from udi.ui import login
from udi.ui.dependencies import AnyRequest
from udi.ui.locale import SOURCE, localise
from udi.ui.site import Site, assemble_site

LOCALES = [
    Path(protocol.__file__).parent / "locale",
    Path(__file__).parent / "locale",
]
"""Folders of translations of the program itself."""


def list_navigation(
    site: Site, request: AnyRequest, territory: Territory
) -> list[tuple[str, str]]:
    """The main menu, the territory's or ours, which is the same for everyone."""
    say = site.pages.translator(request)
    publish = f"{territory.links['node']}/"
    entries = [
        (say("Data"), "/data"),
        (say("Projects"), "/projects"),
        (say("Publish"), publish),
        (say("Producers"), "/producers"),
    ]
    if menu := territory.site.get("menu"):
        language = request.scope["state"].get("locale", SOURCE)
        entries = [
            (
                localise(link["label"], language),
                publish if link["to"] == PUBLISH else link["to"],
            )
            for link in menu
        ]
    return entries


async def find_visitor(request: AnyRequest) -> Actor | None:
    """Who asks; nobody is asked on the pages of the state of the service, which answer while the database is away."""
    if request.scope["path"] in STATUS_PATHS:
        return None
    return await login.find_actor(request)


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """What the portal is made of, for web workers or (without `pages`) for the worker."""
    return assemble_site(
        "portal",
        settings,
        Tenant,
        pages=pages,
        locales=LOCALES,
        find_actor=find_visitor,
        own_navigation=list_navigation,
    )

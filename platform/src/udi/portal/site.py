"""The portal, for its web workers (`app`) and its worker (`work`), made of the domains that are found."""

from collections.abc import Sequence
from pathlib import Path

from udi import protocol
from udi.kit.call_process import CallProcess, DelegatedClient
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.site_schema import PUBLISH
from udi.settings import Settings
from udi.ui import login
from udi.ui.dependencies import AnyRequest
from udi.ui.domains import list_domains
from udi.ui.locale import SOURCE, localise
from udi.ui.site import NAVIGATION, Site, provide_services

LOCALES = [
    Path(protocol.__file__).parent / "locale",
    Path(__file__).parent / "locale",
]
"""Folders of translations of the program itself."""


def navigation(site: Site, request: AnyRequest) -> list[tuple[str, str]]:
    """The main menu, the territory's or ours, which is the same for everyone; nothing on the installation's own host."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return []
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
    return [
        *entries,
        *(
            entry
            for list_entries in site.services.contributions(NAVIGATION)
            for entry in list_entries(site, request)
        ),
    ]


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """What the portal is made of, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "portal", pages=pages)
    calls = CallProcess()

    def make_client(hosts: Sequence[str]) -> OutgoingClient:
        if pages:
            return DelegatedClient(hosts, calls)
        return OutgoingClient(hosts)

    site = Site(
        program="portal",
        settings=settings,
        database=database,
        registry=TerritoryRegistry(
            database, Tenant, lambda host: settings.origin("portal", host)
        ),
        make_client=make_client,
        domains=list_domains("portal"),
        locales=LOCALES,
        find_actor=login.find_actor,
        navigation=navigation,
        form_targets=(settings.keycloak_url,),
    )
    return provide_services(site, pages=pages)

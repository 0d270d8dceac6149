"""The node, for its web workers (`app`) and its worker (`work`), made of the domains that are found."""

from collections.abc import Sequence
from pathlib import Path

from udi import protocol
from udi.kit.call_process import CallProcess, DelegatedClient
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.territories.models import Tenant
from udi.settings import Settings
from udi.ui import login
from udi.ui.dependencies import AnyRequest
from udi.ui.domains import list_domains
from udi.ui.site import NAVIGATION, Site, provide_services

LOCALES = [
    Path(protocol.__file__).parent / "locale",
    Path(__file__).parent / "locale",
]
"""Folders of translations of the program itself."""


def navigation(site: Site, request: AnyRequest) -> list[tuple[str, str]]:
    """The main menu: what the program and its domains offer; nothing on the installation's own host."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return []
    return [
        *_own_navigation(site, request, territory),
        *(
            entry
            for list_entries in site.services.contributions(NAVIGATION)
            for entry in list_entries(site, request)
        ),
    ]


def _own_navigation(
    site: Site, request: AnyRequest, territory: Territory
) -> list[tuple[str, str]]:
    """The portal's data, and where one publishes."""
    actor: Actor | None = request.scope["state"].get("actor")
    say = site.pages.translator(request)
    if actor:
        spaces = [slug for slug in sorted(actor.memberships) if actor.may_publish(slug)]
    else:
        spaces = []
    publish = f"/spaces/{spaces[0]}" if len(spaces) == 1 else "/"
    if site.settings.own_node:
        return [
            (say("Data"), "/"),
            (say("Publish"), publish if actor else "/login"),
            (say("The portal"), territory.links["portal"]),
        ]
    return [
        (say("Data"), f"{territory.links['portal']}/data"),
        (say("Publish"), publish),
    ]


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """What the node is made of, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "node", pages=pages)
    calls = CallProcess()

    def make_client(hosts: Sequence[str]) -> OutgoingClient:
        if pages:
            return DelegatedClient(hosts, calls)
        return OutgoingClient(hosts)

    site = Site(
        program="node",
        settings=settings,
        database=database,
        registry=TerritoryRegistry(
            database, Tenant, lambda host: settings.origin("node", host)
        ),
        make_client=make_client,
        domains=list_domains("node"),
        locales=LOCALES,
        find_actor=login.find_actor,
        navigation=navigation,
        form_targets=(settings.keycloak_url,),
        confined=True,
    )
    return provide_services(site, pages=pages)

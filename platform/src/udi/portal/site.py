"""What the portal is made of, for its web workers (`app`) and its worker (`work`): only these three know every domain."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.datastructures import State

from udi import protocol
from udi.kit.call_process import CallProcess, DelegatedClient
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.keys import SIGNER, Signer
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.rates import RateLimiter
from udi.kit.service_registry import Services
from udi.kit.sessions import SESSIONS, Sessions
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.access.access_summary import summarise_access
from udi.portal.access.agreements.encryption import find_encryption_key
from udi.portal.access.documentation import CHAPTERS as ACCESS_CHAPTERS
from udi.portal.catalogue.access_sections import SUMMARISE_ACCESS
from udi.portal.catalogue.documentation.operations import CHAPTERS
from udi.portal.catalogue.elsewhere.partners import PARTNERS, Partners
from udi.portal.catalogue.measures import measure_index, measure_links
from udi.portal.catalogue.open.crawlers import SITEMAP
from udi.portal.catalogue.origins import FIND_ORIGIN
from udi.portal.catalogue.reuses import FIND_USES
from udi.portal.catalogue.search.cache import RESPONSE_CACHE, ResponseCache
from udi.portal.catalogue.search.index import SEARCH_INDEXES, SearchIndexes
from udi.portal.catalogue.topics import catalogue_topics
from udi.portal.dataspace.messages import OUTGOING
from udi.portal.dataspace.revocations import end_project_secrets
from udi.portal.identity import actions as people
from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.models import TABLES
from udi.portal.identity.pages import NAME_ORGANISATIONS, SUGGESTING
from udi.portal.nodes import trials as nodes_trials
from udi.portal.nodes.encryption import FIND_KEY
from udi.portal.nodes.metrics import measure_key, measure_reports
from udi.portal.nodes.sources import OUTGOING as SOURCES_OUTGOING
from udi.portal.nodes.sources import origins as sources_origins
from udi.portal.nodes.sources.documentation import CHAPTER as SOURCES_CHAPTER
from udi.portal.nodes.sources.feeds import close_feed
from udi.portal.notifications.departures import pause_webhooks
from udi.portal.notifications.topics import TOPICS
from udi.portal.notifications.webhooks import WEBHOOK_CLIENT
from udi.portal.organisations.joining import pages as joining_pages
from udi.portal.organisations.members.departures import cancel_invitations
from udi.portal.organisations.queries import name_organisations
from udi.portal.organisations.team import pages as team_pages
from udi.portal.projects import listing as project_lists
from udi.portal.projects.actions.team import (
    cancel_invitations as cancel_team_invitations,
)
from udi.portal.projects.calls.documentation import CHAPTER as CALLS_CHAPTER
from udi.portal.projects.data_requests import pages as data_request_pages
from udi.portal.projects.data_requests.documentation import (
    CHAPTER as DATA_REQUESTS_CHAPTER,
)
from udi.portal.projects.documentation import CHAPTER as PROJECTS_CHAPTER
from udi.portal.projects.suggestions.queries import shows_suggestions
from udi.portal.projects.suggestions.tokens import HOME as SUGGESTIONS
from udi.portal.projects.team_documentation import CHAPTER as TEAM_CHAPTER
from udi.portal.projects.uses import find_uses
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui import login
from udi.ui.backups import measure_backups
from udi.ui.metrics import MEASURES
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.rate_limits import API_RATES, ApiRateLimiters
from udi.ui.site import Site

HERE = Path(__file__).parent
DOMAINS = (
    "tenants",
    "identity",
    "notifications",
    "organisations",
    "catalogue",
    "nodes",
    "projects",
    "access",
    "dataspace",
)
PARTS = (*DOMAINS, "projects/data_requests", "projects/suggestions")
"""Folders with words of their own."""
LOCALES = [
    Path(protocol.__file__).parent / "locale",
    HERE / "locale",
    *(HERE / name / "locale" for name in PARTS),
]
PEOPLE_TIMES = 5
"""How many times what a passer-by may ask of the API a person may, who shows a token."""
URLS = {
    "data": "/data",
    "producers": "/producers",
    "api": "/api",
    "charter": "/charter",
    "legal": "/legal",
    "my_space": "/my-space",
    "following": "/following",
    "nodes": "/nodes",
    "join": joining_pages.HOME,
    "team": team_pages.TEAM_PATH,
    "projects": project_lists.PATH,
    "data_requests": data_request_pages.HOME,
    "suggestions": SUGGESTIONS,
    "sources": nodes_trials.HOME,
    "access": "/access-requests",
    "agreements": "/agreements",
    "data_spaces": "/projects",
}


def navigation(site: Site, request: Request[Any, Any, State]) -> list[tuple[str, str]]:
    """The main menu, which is the same for everyone; nothing on the installation's own host."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return []
    say = site.pages.translator(request)
    return [
        (say("Data"), "/data"),
        (say("Projects"), project_lists.PATH),
        (say("Publish"), f"{territory.links['node']}/"),
        (say("Producers"), "/producers"),
    ]


def _api_rates(a_minute: int) -> ApiRateLimiters:
    return ApiRateLimiters(
        RateLimiter("api", a_minute), RateLimiter("api", a_minute * PEOPLE_TIMES)
    )


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """What the portal is made of, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "portal", pages=pages)
    calls = CallProcess()

    def outgoing(hosts: Sequence[str]) -> OutgoingClient:
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
        outgoing=outgoing(settings.private_hosts),
        templates={name: HERE / name / "templates" for name in DOMAINS},
        locales=LOCALES,
        find_actor=login.find_actor,
        navigation=navigation,
        form_targets=(settings.keycloak_url,),
    )
    _provide_sessions(site)
    _provide_clients(site, outgoing)
    _provide_catalogue(site)
    _provide_from_above(site.services)
    _contribute(site.services)
    return site


def _provide_sessions(site: Site) -> None:
    settings = site.settings
    service = IdentityService(settings)
    site.services.provide(
        SESSIONS,
        Sessions(
            site.database,
            TABLES,
            service,
            lambda territory: territory_client(settings, "portal", territory),
            people.store_memberships,
            settings.second_factor,
        ),
        close=service.close,
    )
    site.services.provide(
        SIGNER, Signer.from_file(settings.get_secret_path("signing_keys"))
    )
    site.services.provide(API_RATES, _api_rates(settings.api_requests_per_minute))


def _provide_clients(
    site: Site, make_client: Callable[[Sequence[str]], OutgoingClient]
) -> None:
    settings = site.settings
    for key, hosts in (
        # Anybody may name an address here: those that the operator opens to nodes are not open to it.
        (WEBHOOK_CLIENT, ()),
        (SOURCES_OUTGOING, settings.source_hosts),
        (OUTGOING, settings.dataspace_hosts),
    ):
        client = make_client(hosts)
        site.services.provide(key, client, close=client.close)
    site.services.provide(PARTNERS, Partners(site.outgoing))
    site.services.provide(
        nodes_trials.TRIAL_LIMITS, nodes_trials.TrialLimits(settings.source_hosts)
    )


def _provide_catalogue(site: Site) -> None:
    indexes = site.services.provide(
        SEARCH_INDEXES, SearchIndexes(site.settings.index_folder)
    )
    site.services.contribute(TOPICS, catalogue_topics(indexes))
    site.services.provide(RESPONSE_CACHE, ResponseCache(site.settings.answer_cache))


def _provide_from_above(services: Services) -> None:
    """What the catalogue, «my space» and nodes show of the domains above them."""
    services.provide(NAME_ORGANISATIONS, name_organisations)
    services.provide(FIND_ORIGIN, sources_origins.find_origin)
    services.provide(FIND_USES, find_uses)
    services.provide(SUGGESTING, shows_suggestions)
    services.provide(SUMMARISE_ACCESS, summarise_access)
    services.provide(FIND_KEY, find_encryption_key)


def _contribute(services: Services) -> None:
    services.contribute(
        CHAPTERS,
        SOURCES_CHAPTER,
        PROJECTS_CHAPTER,
        TEAM_CHAPTER,
        CALLS_CHAPTER,
        DATA_REQUESTS_CHAPTER,
        *ACCESS_CHAPTERS,
    )
    services.contribute(
        DEPARTURES,
        pause_webhooks,
        close_feed,
        cancel_invitations,
        cancel_team_invitations,
        end_project_secrets,
    )
    services.contribute(
        MEASURES,
        measure_reports,
        measure_key,
        measure_index,
        measure_links,
        measure_backups,
    )
    services.contribute(PAGE_ADDRESSES, *URLS.items())
    services.contribute(SITEMAP, project_lists.list_addresses)

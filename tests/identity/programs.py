"""Both programs with their identity alone, and a page that says who asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from litestar import Litestar, get, post
from litestar.di import NamedDependency

from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.sessions import (
    SESSIONS,
    Sessions,
    ignore_memberships,
    ignore_provider,
)
from udi.kit.territories import TerritoryRegistry
from udi.node.identity.models import TABLES as NODE_TABLES
from udi.node.identity.registration import NEWCOMER_AGE
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity import api, pages
from udi.portal.identity.actions import store_memberships
from udi.portal.identity.identity_services.provider_logins import queue_group_review
from udi.portal.identity.models import TABLES as PORTAL_TABLES
from udi.portal.tenants.models import Tenant as PortalTenant
from udi.settings import ProgramName, Settings
from udi.ui import login
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import Routes
from udi.ui.domains import Domain
from udi.ui.site import Site, create_app

FOLDER = Path(pages.__file__).parent
TABLES = {"portal": PORTAL_TABLES, "node": NODE_TABLES}
ROWS: dict[str, Any] = {"portal": PortalTenant, "node": NodeTenant}


@get(["/who", "/installation/who", "/spaces/who"])
async def who(actor: NamedDependency[Actor | None]) -> dict[str, Any]:
    """Who asks, as the program sees them."""
    if actor is None:
        return {}
    memberships = {slug: sorted(groups) for slug, groups in actor.memberships.items()}
    return {
        "name": actor.name,
        "email": actor.email,
        "moderator": actor.moderator,
        "memberships": memberships,
    }


@post("/decide", guards=[require_confirmation()])
async def decide() -> dict[str, Any]:
    """Something that decides."""
    return {"decided": True}


@asynccontextmanager
async def program(
    settings: Settings, database: Database, further_routes: Routes = ()
) -> AsyncIterator[Litestar]:
    """A program that knows people, for the database it is given."""
    name: ProgramName = database.program
    service = IdentityService(settings)
    sessions = Sessions(
        database,
        TABLES[name],
        service,
        partial(territory_client, settings, name),
        store_memberships if name == "portal" else ignore_memberships,
        settings.second_factor,
        queue_group_review if name == "portal" else ignore_provider,
        newcomer_age=NEWCOMER_AGE if name == "node" else None,
    )
    site = Site(
        program=name,
        settings=settings,
        database=database,
        registry=TerritoryRegistry(
            database, ROWS[name], partial(settings.origin, name), max_age=0
        ),
        make_client=OutgoingClient,
        domains=[Domain("identity", "udi.portal.identity")],
        locales=[],
        find_actor=login.find_actor,
        own_navigation=lambda _site, _request, _territory: [],
        form_targets=[settings.keycloak_url],
    )
    site.services.provide(SESSIONS, sessions)
    routes = [*pages.routes, *api.routes] if name == "portal" else []
    yield create_app(site, [*login.routes, *routes, who, decide, *further_routes])
    await service.close()
    await site.outgoing.close()

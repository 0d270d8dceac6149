"""What this domain provides to the others, and contributes to them."""

from datetime import timedelta

from udi.kit.oidc import IdentityService, territory_client
from udi.kit.sealed_column_tasks import SEALED_TABLES
from udi.kit.sessions import SESSIONS, Sessions
from udi.node.identity.actions import replace_memberships
from udi.node.identity.models import TABLES
from udi.ui.site import Site

NEWCOMER_AGE = timedelta(seconds=10)
"""A node does not learn who joins a first organisation: it asks again about those who have none, when they come back."""


def provide_services(site: Site) -> None:
    """The sessions of people."""
    settings = site.settings
    service = IdentityService(settings)
    sessions = Sessions(
        site.database,
        TABLES,
        service,
        lambda territory: territory_client(settings, "node", territory),
        replace_memberships,
        settings.second_factor,
        newcomer_age=NEWCOMER_AGE,
    )
    site.services.provide(SESSIONS, sessions, close=service.close)
    site.services.contribute(SEALED_TABLES, TABLES.web_session)

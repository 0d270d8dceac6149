"""What this domain provides to the others, and contributes to them."""

from udi.kit.mail_relay import REFUSED_ADDRESSES
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.sealed_column_tasks import SEALED_TABLES
from udi.kit.sessions import SESSIONS, Sessions
from udi.portal.identity.actions import store_memberships
from udi.portal.identity.identity_services.provider_logins import queue_group_review
from udi.portal.identity.models import TABLES
from udi.portal.identity.refused_addresses import PeopleRefusedAddresses
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The sessions of people, and which of their addresses refuse mails."""
    settings = site.settings
    service = IdentityService(settings)
    sessions = Sessions(
        site.database,
        TABLES,
        service,
        lambda territory: territory_client(settings, "portal", territory),
        store_memberships,
        settings.second_factor,
        queue_group_review,
    )
    site.services.provide(SESSIONS, sessions, close=service.close)
    site.services.provide(REFUSED_ADDRESSES, PeopleRefusedAddresses(site.database))
    site.services.contribute(SEALED_TABLES, TABLES.web_session)

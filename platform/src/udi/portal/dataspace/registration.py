"""What this domain provides to the others, and contributes to them."""

from udi.kit.sealed_column_tasks import SEALED_TABLES
from udi.portal.dataspace.messages import OUTGOING
from udi.portal.dataspace.models import Connector
from udi.portal.dataspace.revocations import (
    end_project_secrets,
    lock_secrets_of,
)
from udi.portal.identity.departures import DEPARTURE_LOCKS, DEPARTURES
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The client of connectors, and what ends when somebody leaves."""
    client = site.make_client(site.settings.dataspace_hosts)
    site.services.provide(OUTGOING, client, close=client.close)
    site.services.contribute(DEPARTURES, end_project_secrets)
    site.services.contribute(DEPARTURE_LOCKS, lock_secrets_of)
    site.services.contribute(SEALED_TABLES, Connector)

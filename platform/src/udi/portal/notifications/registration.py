"""What this domain provides to the others, and contributes to them."""

from udi.kit.sealed_column_tasks import SEALED_TABLES
from udi.portal.identity.departures import DEPARTURES
from udi.portal.notifications.departures import pause_webhooks
from udi.portal.notifications.models import Webhook
from udi.portal.notifications.webhooks import WEBHOOK_CLIENT
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The client of webhooks, and what ends when somebody leaves.

    Anybody may name an address of a webhook: those that the operator opens to nodes are not open to it.
    """
    client = site.make_client(())
    site.services.provide(WEBHOOK_CLIENT, client, close=client.close)
    site.services.contribute(DEPARTURES, pause_webhooks)
    site.services.contribute(SEALED_TABLES, Webhook)

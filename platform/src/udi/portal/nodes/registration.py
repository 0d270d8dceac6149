"""What this domain provides to the others, and contributes to them."""

from udi.portal.identity.departures import DEPARTURES
from udi.portal.nodes.sources import OUTGOING
from udi.portal.nodes.sources.feeds import close_feed
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The client with which sources are read, and what ends when somebody leaves."""
    client = site.make_client(site.settings.source_hosts)
    site.services.provide(OUTGOING, client, close=client.close)
    site.services.contribute(DEPARTURES, close_feed)

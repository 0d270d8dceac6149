"""What this domain provides to the others, and contributes to them."""

from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.inbox import INBOX
from udi.portal.nodes import inbox
from udi.portal.nodes.sources import OUTGOING
from udi.portal.nodes.sources.feeds import close_feed
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The client with which sources are read, what ends when somebody leaves, what waits."""
    client = site.make_client(site.settings.source_hosts)
    site.services.provide(OUTGOING, client, close=client.close)
    site.services.contribute(DEPARTURES, close_feed)
    site.services.contribute(
        INBOX,
        inbox.list_failed_sources,
        inbox.list_publisher_proposals,
        inbox.list_match_proposals,
        inbox.list_failed_reports,
        inbox.list_waiting_at_nodes,
    )

"""What this domain provides to the others, and contributes to them."""

from udi.kit.oidc import subjects_client
from udi.kit.sealed_column_tasks import SEALED_TABLES
from udi.kit.sessions import SESSIONS, Sessions
from udi.node.datasets.upkeep.pending_work import FURTHER_WAITING
from udi.node.subject_requests.identity import SUBJECT_SESSIONS
from udi.node.subject_requests.inbox import list_waiting_requests
from udi.node.subject_requests.models import SEALED, TABLES
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The sessions of people who ask about themselves."""
    sessions = Sessions(
        site.database,
        TABLES,
        site.services[SESSIONS].service,
        lambda territory: subjects_client(
            site.settings, territory.slug, territory.origin
        ),
    )
    site.services.provide(SUBJECT_SESSIONS, sessions)
    for table in SEALED:
        site.services.contribute(SEALED_TABLES, table)
    site.services.contribute(FURTHER_WAITING, list_waiting_requests)

"""Which columns of this domain hold nobody: it keeps nothing of people but mails on their way."""

from udi.kit.personal_data import PersonalPayload, PersonalRows, PersonLink, neutral
from udi.portal.catalogue.models import (
    Dataset,
    Distribution,
    Link,
    PastDescription,
    Withdrawal,
)
from udi.portal.catalogue.services.models import CatalogueService

OF_DATA = "what a producer publishes about its data, for which it answers"
PERSONAL: tuple[PersonalRows, ...] = ()
NEUTRAL = (
    neutral(
        Dataset,
        "node_id harvester_id access title titles title_folded synopsis keywords local_id doi unstated_dates record other_origins",
        OF_DATA,
    ),
    neutral(Distribution, "name caption url contract documentation", OF_DATA),
    neutral(
        Link, "url host answer moved_to content public_status", "an address of data"
    ),
    neutral(Withdrawal, "title reason", "a dataset that was withdrawn"),
    neutral(PastDescription, "record", OF_DATA),
    neutral(
        CatalogueService,
        "source_id publisher identifier title titles endpoint format description digest seen_run",
        OF_DATA,
    ),
)
PAYLOADS = (
    PersonalPayload(
        "udi.portal.catalogue.links.notifications",
        "person",
        PersonLink.ID,
        "a mail about links that are lost, sent within a minute",
    ),
)

"""What this domain provides to the others, and contributes to them."""

from udi.kit.sealed_column_tasks import SEALED_TABLES
from udi.node.agreements.freshness import AgreementFreshness
from udi.node.agreements.gate import AGREEMENT_GATE, AgreementGate
from udi.node.agreements.models import ConsentLink
from udi.node.files.restricted import GATE
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What lets readings of restricted data through."""
    gate = AgreementGate(site.database, AgreementFreshness(site.database))
    site.services.provide(AGREEMENT_GATE, gate, close=gate.close)
    site.services.provide(GATE, gate)
    site.services.contribute(SEALED_TABLES, ConsentLink)

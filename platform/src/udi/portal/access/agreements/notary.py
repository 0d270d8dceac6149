"""Signing for a territory: agreements once, standings each time they are sent."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from udi.kit.clock import now
from udi.kit.credentials import DocumentKind
from udi.kit.keys import Signer
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node
from udi.protocol.agreement import AGREEMENT_TYPE, STANDING_TYPE, Agreement, Standing, write_agreement, write_standing
from udi.ui.site import Site


@dataclass(frozen=True)
class Notary:
    """What signs in the name of a territory's portal."""

    signer: Signer
    territory: Territory

    def seal_agreement(self, agreement: Agreement, node: Node) -> str:
        """The JWS of an agreement, for the node that keeps its dataset."""
        return self._sign(write_agreement(agreement), AGREEMENT_TYPE, node)

    def seal_standing(self, standing: Standing, node: Node) -> str:
        """The JWS of how an agreement stands."""
        return self._sign(write_standing(standing), STANDING_TYPE, node)

    def _sign(self, claims: dict[str, Any], kind: DocumentKind, node: Node) -> str:
        audience = audience_of(node)
        return self.signer.sign_document(claims, kind=kind, issuer=self.territory.origin, audience=audience)


def notary_of(site: Site, territory: Territory) -> Notary:
    """What signs for a territory in this program."""
    return Notary(site.parts["signer"], territory)


def audience_of(node: Node) -> str:
    """Scheme, host and port of a node; its client for one that has no address."""
    parts = urlsplit(node.url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else node.client_id


def lasts(agreement: AccessAgreement) -> bool:
    """Whether the date agreed is still to come."""
    return agreement.ends_at > now()

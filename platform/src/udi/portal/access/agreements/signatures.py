"""Signing for a territory: agreements once, standings each time they are sent."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from udi.kit.clock import now
from udi.kit.credentials import SignedDocumentKind
from udi.kit.keys import SIGNER, Signer
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node
from udi.protocol.agreement import (
    AGREEMENT_STATUS_TYPE,
    AGREEMENT_TYPE,
    Agreement,
    AgreementStatus,
    write_agreement,
    write_agreement_status,
)
from udi.ui.site import Site


@dataclass(frozen=True)
class AgreementSigner:
    """What signs in the name of a territory's portal."""

    signer: Signer
    territory: Territory

    def sign_agreement(self, agreement: Agreement, node: Node) -> str:
        """The JWS of an agreement, for the node that keeps its dataset."""
        return self._sign(write_agreement(agreement), AGREEMENT_TYPE, node)

    def sign_status(self, standing: AgreementStatus, node: Node) -> str:
        """The JWS of how an agreement stands."""
        return self._sign(write_agreement_status(standing), AGREEMENT_STATUS_TYPE, node)

    def _sign(
        self, claims: dict[str, Any], kind: SignedDocumentKind, node: Node
    ) -> str:
        audience = audience_of(node)
        return self.signer.sign_document(
            claims, kind=kind, issuer=self.territory.origin, audience=audience
        )


def signer_of(site: Site, territory: Territory) -> AgreementSigner:
    """What signs for a territory in this program."""
    return AgreementSigner(site.services[SIGNER], territory)


def audience_of(node: Node) -> str:
    """Scheme, host and port of a node; its client for one that has no address."""
    parts = urlsplit(node.url)
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return node.client_id


def is_unexpired(agreement: AccessAgreement) -> bool:
    """Whether the date agreed is still to come."""
    return agreement.ends_at > now()

"""What the portal signed about an agreement: verified, and the two documents about each other."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from udi.kit.credentials import InvalidSignatureError, SignedDocumentKind
from udi.kit.errors import UnavailableError, field_error
from udi.kit.http import OutgoingError
from udi.kit.tenancy import Territory
from udi.node.agreements.models import HeldAgreement
from udi.node.datasets.exchange.portal import PortalKeys
from udi.protocol.agreement import (
    AGREEMENT_STATUS_TYPE,
    AGREEMENT_TYPE,
    Agreement,
    AgreementStatus,
    fingerprint,
    read_agreement,
    read_agreement_status,
)
from udi.protocol.consent import (
    CONSENT_FRESHNESS_TYPE,
    CONSENT_STATUS_TYPE,
    ConsentStatus,
    read_consent_status,
    read_freshness,
)


@dataclass(frozen=True)
class SignedAgreement:
    """An agreement and a status of it, read, with the documents as they were sent."""

    agreement: Agreement
    status: AgreementStatus
    document: str
    status_document: str
    """The document of the status."""


async def verify_documents(
    keys: PortalKeys, territory: Territory, document: str, status_document: str
) -> SignedAgreement:
    """The two documents, when the territory's portal signed both for this node and the second is about the first.

    Raises:
        InvalidError: one is not the portal's, is for another node, or they do not belong together.
        InvalidAgreement, InvalidAgreementStatus: what is signed is not shaped as it should be.
        UnavailableError: the portal's keys are not known here and cannot be read.
    """
    try:
        agreement = read_agreement(
            await keys.verify_signed_document(territory, document, AGREEMENT_TYPE)
        )
        agreement_status = read_agreement_status(
            await keys.verify_signed_document(
                territory, status_document, AGREEMENT_STATUS_TYPE
            )
        )
    except InvalidSignatureError as error:
        raise field_error(
            "", "This is not signed by the territory’s portal for this node."
        ) from error
    except OutgoingError as error:
        raise UnavailableError(
            "The portal's keys cannot be read.", headers={"Retry-After": "30"}
        ) from error
    if (
        agreement_status.agreement != agreement.id
        or agreement_status.agreement_sha256 != fingerprint(document)
    ):
        raise field_error("status", "The status is about another agreement.")
    return SignedAgreement(agreement, agreement_status, document, status_document)


async def verify_consent(
    keys: PortalKeys, territory: Territory, document: str
) -> ConsentStatus:
    """How a consent stands, when the territory's portal signed it for this node.

    Raises:
        InvalidError: it is not the portal's, or is for another node.
        InvalidConsentStatus: what is signed is not shaped as it should be.
        UnavailableError: the portal's keys are not known here and cannot be read.
    """
    return read_consent_status(
        await _read_signed(keys, territory, document, CONSENT_STATUS_TYPE)
    )


async def verify_freshness(
    keys: PortalKeys, territory: Territory, document: str
) -> datetime:
    """Until when the consents that are held count, as the portal signed it for this node; raises as `verify_consent`."""
    return read_freshness(
        await _read_signed(keys, territory, document, CONSENT_FRESHNESS_TYPE)
    )


async def _read_signed(
    keys: PortalKeys, territory: Territory, document: str, kind: SignedDocumentKind
) -> dict[str, Any]:
    try:
        return await keys.verify_signed_document(territory, document, kind)
    except InvalidSignatureError as error:
        raise field_error(
            "consent", "This is not signed by the territory’s portal for this node."
        ) from error
    except OutgoingError as error:
        raise UnavailableError(
            "The portal's keys cannot be read.", headers={"Retry-After": "30"}
        ) from error


@dataclass(frozen=True)
class CurrentAgreement:
    """An agreement that this node holds, and its status."""

    agreement: Agreement
    status: AgreementStatus


def read_current_agreement(row: HeldAgreement) -> CurrentAgreement:
    """What a row says: it was verified before it was kept."""
    return _parse_documents(row.document, row.status)


@lru_cache(maxsize=500)
def _parse_documents(document: str, status_document: str) -> CurrentAgreement:
    return CurrentAgreement(
        read_agreement(_decode_claims(document)),
        read_agreement_status(_decode_claims(status_document)),
    )


def _decode_claims(document: str) -> object:
    payload = document.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

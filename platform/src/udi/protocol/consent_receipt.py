"""The receipt of a consent: ISO/IEC TS 27560 in the terms of the Data Privacy Vocabulary 2.3, as JSON-LD."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from udi.protocol.agreement import write_moment
from udi.protocol.consent import ConsentNotice, notice_digest
from udi.protocol.terms import Purpose

TERM = "https://w3id.org/dpv#"
CONTEXT: dict[str, Any] = {
    "dpv": TERM,
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "legal-eu": "https://w3id.org/dpv/legal/eu#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "udi": "urn:udi:consent:",
    "dpv:hasApplicableLaw": {"@type": "@id"},
    "dpv:hasLegalBasis": {"@type": "@id"},
    "dpv:hasProcessing": {"@type": "@id"},
    "dpv:isIndicatedBy": {"@type": "@id"},
    "dpv:isExercisedAt": {"@type": "@id"},
    "dct:conformsTo": {"@type": "@id"},
    "dct:created": {"@type": "xsd:dateTime"},
    "dpv:isIndicatedAtTime": {"@type": "xsd:dateTime"},
}
"""In the receipt itself: whoever reads it later needs no address. What names a thing is typed so, else it is a text."""
PURPOSES = {
    Purpose.RESEARCH: "dpv:ScientificResearch",
    Purpose.PUBLIC_SERVICE: "dpv:ImprovePublicServices",
    Purpose.EDUCATION: "udi:Education",
    Purpose.INFORMATION: "udi:PublicInformation",
    Purpose.CIVIC: "udi:CivicActivity",
    Purpose.COMMERCIAL: "dpv:CommercialPurpose",
}
RECORD_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
RECEIPT_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"


@dataclass(frozen=True)
class GivenConsent:
    """A yes: its id, the number that stands for the person towards this project, when it was said, until when."""

    id: UUID
    recipient_reference: UUID
    given_at: datetime
    expires_at: datetime


def write_receipt(
    notice: ConsentNotice, consent: GivenConsent, origin: str
) -> dict[str, Any]:
    """The receipt as JSON-LD, to which signing adds `iss`, `aud` and `iat`; names in it are those of organisations."""
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{consent.id}#receipt",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT_PROFILE,
        "dpv:hasIdentifier": str(consent.id),
        "dct:created": write_moment(consent.given_at),
        "dpv:hasRecordOfActivity": _write_record(notice, consent, origin),
    }


def _write_record(
    notice: ConsentNotice, consent: GivenConsent, origin: str
) -> dict[str, Any]:
    return {
        "@id": f"urn:uuid:{consent.id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD_PROFILE,
        "dct:identifier": str(consent.id),
        "dpv:hasDataSubject": {"@id": f"urn:uuid:{consent.recipient_reference}"},
        "dpv:hasApplicableLaw": "legal-eu:law-GDPR",
        "dpv:hasLegalBasis": "eu-gdpr:A6-1-a",
        "dpv:hasDataController": {
            "@id": f"urn:uuid:{notice.recipient.id}",
            "@type": "dpv:DataController",
            "dpv:hasName": notice.recipient.name,
            "schema:email": notice.recipient.contact,
        },
        "dpv:hasProcess": _write_process(notice, consent, origin),
        "dpv:hasNotice": {
            "@id": f"{origin}/consents/{notice.id}",
            "@type": "dpv:ConsentNotice",
            "dct:language": notice.language,
            "spdx:checksumValue": f"sha256:{notice_digest(notice)}",
        },
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": notice.stop_url,
        },
        "dpv:hasRight": {
            "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
            "dpv:isExercisedAt": notice.rights_url,
        },
        "dpv:hasConsentStatus": {
            "@type": ["dpv:ConsentGiven", "dpv:ExpressedConsent"],
            "dpv:isIndicatedBy": f"urn:uuid:{consent.recipient_reference}",
            "dpv:hasIndicationMethod": "Yes button, page of the territory",
            "dpv:isIndicatedAtTime": write_moment(consent.given_at),
        },
    }


def _write_process(
    notice: ConsentNotice, consent: GivenConsent, origin: str
) -> dict[str, Any]:
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@type": PURPOSES[notice.purpose],
            "dct:description": notice.reason,
        },
        "dpv:hasPersonalData": {
            "@type": "dpv:PersonalData",
            "dct:description": notice.data,
        },
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Use"],
        "dpv:hasDataSource": {
            "@id": f"{origin}/data/{notice.dataset}",
            "dct:publisher": notice.holder.name,
        },
        "udi:fields": list(notice.fields),
        "dpv:hasRecipient": {"@id": f"urn:uuid:{notice.recipient.id}"},
        "dpv:hasDuration": {
            "@type": "dpv:UntilTimeDuration",
            "dct:valid": write_moment(consent.expires_at),
        },
    }

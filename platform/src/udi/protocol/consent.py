"""Consent to lend data to a project: its states, its notice, its receipt, and what a node is told of it.

`docs/reference/consents.md` shows the same table. Portal and node share it; the node sees neither person nor notice.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from msgspec import Struct, to_builtins

from udi.kit.credentials import SignedDocumentKind
from udi.kit.transitions import Transitions
from udi.protocol import fault_kinds, validators
from udi.protocol.agreement import SHA256, write_moment
from udi.protocol.faults import InvalidDocument, without_repeats
from udi.protocol.scan import LARGEST_WHOLE, scan
from udi.protocol.terms import Purpose

LONGEST_CONSENT = 24
"""Months that a yes lasts at most."""
CONSENT_STATUS_TYPE = SignedDocumentKind(typ="udi-consent-status+jws")
CONSENT_RECEIPT_TYPE = SignedDocumentKind(typ="udi-consent-receipt+jws")
CONSENT_FRESHNESS_TYPE = SignedDocumentKind(typ="udi-consent-freshness+jws")
CONSENTS_FRESH = timedelta(hours=24)
"""How long a node relies on the consents that it has without hearing the portal."""


class ConsentState(StrEnum):
    """Where a consent stands."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REVOKED = "revoked"
    INVALIDATED = "invalidated"
    REPLACED = "replaced"


class ConsentEvent(StrEnum):
    """What is done with it."""

    GIVE = "give"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    REVOKE = "revoke"
    INVALIDATE = "invalidate"
    RENEW = "renew"
    """A yes to a later version of the notice."""


class ConsentActor(StrEnum):
    """Who does it: the person, the project or the producer by ending their agreement, the territory's team, or time."""

    PERSON = "person"
    PROJECT = "project"
    PRODUCER = "producer"
    TEAM = "team"
    CLOCK = "clock"


CONSENT_CHANGED = "This consent has ended, or is not yours to change."
SEE_CONSENTS = "See the list of what you lend for its current state."
STATES = ConsentState
EVENTS = ConsentEvent
CONSENT = Transitions[ConsentState, ConsentEvent](
    {
        (STATES.REQUESTED, EVENTS.GIVE): STATES.GIVEN,
        (STATES.REQUESTED, EVENTS.REFUSE): STATES.REFUSED,
        (STATES.GIVEN, EVENTS.WITHDRAW): STATES.WITHDRAWN,
        (STATES.GIVEN, EVENTS.EXPIRE): STATES.EXPIRED,
        (STATES.GIVEN, EVENTS.REVOKE): STATES.REVOKED,
        (STATES.GIVEN, EVENTS.INVALIDATE): STATES.INVALIDATED,
        (STATES.GIVEN, EVENTS.RENEW): STATES.REPLACED,
    },
    reason=CONSENT_CHANGED,
    remedy=SEE_CONSENTS,
    actors={
        ConsentActor.PERSON: (
            EVENTS.GIVE,
            EVENTS.REFUSE,
            EVENTS.WITHDRAW,
            EVENTS.RENEW,
        ),
        ConsentActor.PROJECT: (EVENTS.REVOKE,),
        ConsentActor.PRODUCER: (EVENTS.REVOKE,),
        ConsentActor.TEAM: (EVENTS.INVALIDATE,),
        ConsentActor.CLOCK: (EVENTS.EXPIRE,),
    },
)


class NoticeParty(Struct, frozen=True, kw_only=True):
    """An organisation that a notice names, and where it is reached."""

    id: UUID
    name: str
    contact: str = ""


class ConsentNotice(Struct, frozen=True, kw_only=True):
    """What a person reads before they answer; a version never changes."""

    id: UUID
    version: int
    agreement: UUID
    agreement_ends_at: datetime
    project: UUID
    project_title: str
    recipient: NoticeParty
    holder: NoticeParty
    dataset: UUID
    dataset_title: str
    fields: tuple[str, ...]
    """The columns that the agreement opens; none: all."""
    purpose: Purpose
    language: str
    question: str
    """The project's own words, as `data` and `reason`."""
    data: str
    reason: str
    months: int
    stop_url: str
    rights_url: str
    effect_of_refusing: str = "none"


class ConsentStatus(Struct, frozen=True, kw_only=True):
    """How a consent stands: claims of a JWS for the node of the holder."""

    consent: UUID
    agreement: UUID
    dataset: UUID
    notice_sha256: str
    state: ConsentState
    revision: int
    """Of the same sequence as those of agreements."""
    given_at: datetime
    expires_at: datetime


class InvalidConsentStatus(InvalidDocument):
    """What was sent does not say how a consent stands."""

    title = "The status of this consent cannot be read"


SENT_STATES = [
    state for state in STATES if state not in {STATES.REQUESTED, STATES.REFUSED}
]
"""Those that a node hears of."""
_STATUS = validators.group(
    {
        "sub": validators.uuid,
        "consent": validators.uuid,
        "agreement": validators.uuid,
        "dataset": validators.uuid,
        "notice_sha256": validators.matching_text(
            SHA256.fullmatch, fault_kinds.BAD_DIGEST
        ),
        "state": validators.choice(SENT_STATES),
        "revision": validators.integer(1, LARGEST_WHOLE),
        "given_at": validators.moment,
        "expires_at": validators.moment,
    }
)
_FRESHNESS = validators.group({"fresh_until": validators.moment})


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """The JSON of a document in the one form of RFC 8785; it has texts, whole numbers, lists and names in ASCII only."""
    text = json.dumps(
        document,
        ensure_ascii=False,
        allow_nan=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return text.encode()


def write_notice(notice: ConsentNotice) -> dict[str, Any]:
    """A notice as JSON; moments are cut to the second."""
    document = cast("dict[str, Any]", to_builtins(notice))
    return document | {
        "agreement_ends_at": write_moment(notice.agreement_ends_at),
        "fields": list(notice.fields),
    }


def notice_digest(notice: ConsentNotice) -> str:
    """The SHA-256 of a notice, in hexadecimal digits."""
    return hashlib.sha256(canonical_json(write_notice(notice))).hexdigest()


def write_consent_status(status: ConsentStatus) -> dict[str, Any]:
    """The claims of its JWS, to which signing adds `iss`, `aud` and `iat`."""
    return {
        "sub": str(status.consent),
        "consent": str(status.consent),
        "agreement": str(status.agreement),
        "dataset": str(status.dataset),
        "notice_sha256": status.notice_sha256,
        "state": status.state.value,
        "revision": status.revision,
        "given_at": write_moment(status.given_at),
        "expires_at": write_moment(status.expires_at),
    }


def read_consent_status(claims: object) -> ConsentStatus:
    """The status in the claims of its JWS.

    Raises:
        InvalidConsentStatus: with all its faults.
    """
    faults = list(_STATUS(claims, ""))
    document = cast("dict[str, Any]", claims)
    if not faults and UUID(document["sub"]) != UUID(document["consent"]):
        faults.append(fault_kinds.OTHER_SUBJECT.at("sub"))
    faults = without_repeats([*faults, *scan(claims)])
    if faults:
        raise InvalidConsentStatus(faults)
    return ConsentStatus(
        consent=UUID(document["consent"]),
        agreement=UUID(document["agreement"]),
        dataset=UUID(document["dataset"]),
        notice_sha256=document["notice_sha256"],
        state=ConsentState(document["state"]),
        revision=document["revision"],
        given_at=_read_moment(document["given_at"]),
        expires_at=_read_moment(document["expires_at"]),
    )


def write_freshness(fresh_until: datetime) -> dict[str, Any]:
    """The claims of the JWS by which a node knows that it has every consent, and until when it may rely on that."""
    return {"fresh_until": write_moment(fresh_until)}


def read_freshness(claims: object) -> datetime:
    """Until when a node may rely on the consents that it has.

    Raises:
        InvalidConsentStatus: it does not say so.
    """
    faults = [*_FRESHNESS(claims, ""), *scan(claims)]
    if faults:
        raise InvalidConsentStatus(without_repeats(faults))
    return _read_moment(cast("dict[str, Any]", claims)["fresh_until"])


def _read_moment(value: str) -> datetime:
    return cast("datetime", validators.read_moment(value))

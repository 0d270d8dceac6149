"""Whether a reading of restricted data is let through: a pure answer, from the agreement and how it stands.

Nobody else is asked: neither the portal nor the identity service. `docs/reference/agreements.md` has the same table.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from udi.protocol.agreement import (
    Agreement,
    AgreementCredential,
    AgreementStatus,
    AgreementValidity,
)
from udi.protocol.faults import Gettext, in_english, shorten
from udi.protocol.terms import Purpose, RowFilter

UNAUTHENTICATED = 401
FORBIDDEN = 403
TOO_MANY = 429
UNAVAILABLE = 503


class RefusalReason(StrEnum):
    """Why a reading is refused: the code for programs."""

    NO_CREDENTIAL = "no_credential"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    UNCONFIRMED = "unconfirmed"
    OTHER_DATASET = "other_dataset"
    GIVEN_UP = "given_up"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    CREDENTIAL_EXPIRED = "credential_expired"
    OTHER_PURPOSE = "other_purpose"
    OTHER_COLUMNS = "other_columns"
    ONLY_IN_PART = "only_in_part"
    VOLUME_SPENT = "volume_spent"
    TOO_OFTEN = "too_often"
    NO_CONSENT = "no_consent"
    CONSENTS_STALE = "consents_stale"


@dataclass(frozen=True)
class RefusalResponse:
    """The answer of a refusal: its HTTP status, what is wrong, what to do (msgids with `%(name)s` places)."""

    status: int
    message: str
    remedy: str


DENIALS = {
    RefusalReason.NO_CREDENTIAL: RefusalResponse(
        UNAUTHENTICATED,
        "These data are restricted: they are opened to one project at a time.",
        "Ask for access for your project on the dataset's page, then show its credential.",
    ),
    RefusalReason.UNKNOWN_CREDENTIAL: RefusalResponse(
        UNAUTHENTICATED,
        "This credential is not known here, or was replaced.",
        "Show the one that the project's page gave for this node, or make a new one there.",
    ),
    RefusalReason.UNCONFIRMED: RefusalResponse(
        FORBIDDEN,
        "The portal has not said yet how this agreement stands.",
        "Try again in a minute.",
    ),
    RefusalReason.OTHER_DATASET: RefusalResponse(
        FORBIDDEN,
        "This agreement is about another dataset.",
        "Ask for access to this one on its page.",
    ),
    RefusalReason.GIVEN_UP: RefusalResponse(
        FORBIDDEN,
        "The project gave up this agreement.",
        "Ask again on the dataset's page if the project needs the data after all.",
    ),
    RefusalReason.REVOKED: RefusalResponse(
        FORBIDDEN,
        "The producer put an end to this agreement.",
        "Its page says why, and whom to write to.",
    ),
    RefusalReason.SUSPENDED: RefusalResponse(
        FORBIDDEN,
        "The producer suspended this agreement.",
        "Its page says why; reading opens again when the producer says so.",
    ),
    RefusalReason.NOT_STARTED: RefusalResponse(
        FORBIDDEN,
        "This agreement begins on %(moment)s.",
        "Come back then.",
    ),
    RefusalReason.ENDED: RefusalResponse(
        FORBIDDEN,
        "This agreement ended on %(moment)s.",
        "Ask for its renewal on its page.",
    ),
    RefusalReason.CREDENTIAL_EXPIRED: RefusalResponse(
        FORBIDDEN,
        "This credential ended on %(moment)s.",
        "Make a new one on the project's page.",
    ),
    RefusalReason.OTHER_PURPOSE: RefusalResponse(
        FORBIDDEN,
        "The agreement is for “%(agreed)s”, not for “%(stated)s”.",
        "Read for that purpose, or ask for access for the other one.",
    ),
    RefusalReason.OTHER_COLUMNS: RefusalResponse(
        FORBIDDEN,
        "The agreement opens other columns than these: %(columns)s.",
        "Use the columns it opens, to filter, sort and compute as well; or ask for more on the dataset's page.",
    ),
    RefusalReason.ONLY_IN_PART: RefusalResponse(
        FORBIDDEN,
        "The agreement opens a part of this table, and the file as it is holds the whole.",
        "Read the table instead, or its export, which hold that part.",
    ),
    RefusalReason.VOLUME_SPENT: RefusalResponse(
        FORBIDDEN,
        "This would pass the volume agreed for a month; %(remaining)s bytes of it remain.",
        "Ask for less, or wait for %(moment)s.",
    ),
    RefusalReason.TOO_OFTEN: RefusalResponse(
        TOO_MANY,
        "The agreement opens %(limit)s readings a minute, and they are spent.",
        "Wait for %(moment)s.",
    ),
    RefusalReason.NO_CONSENT: RefusalResponse(
        FORBIDDEN,
        "These rows are about people, and nobody lends them to the project at this moment.",
        "Put the project’s question to people: its page says how many lend.",
    ),
    RefusalReason.CONSENTS_STALE: RefusalResponse(
        UNAVAILABLE,
        "The portal was not heard for a day: this node cannot know who still lends these rows.",
        "Try again in a few minutes. If it lasts, write to the producer: its node does not reach the portal.",
    ),
}


class ReadingRequest(Struct, frozen=True, kw_only=True):
    """What is asked of a node at one moment, and what was read before."""

    dataset: UUID
    columns: tuple[str, ...] | None = None
    """Every one that is used: shown, filtered, sorted, grouped, computed. None: all that may be read."""
    as_file: bool = False
    """The producer's file as it is, of which no part can be taken."""
    size: int = 0
    """Bytes that will be given, where they are known beforehand."""
    purpose: Purpose | None = None
    """The one that is stated, if any."""
    credential: str = ""
    """SHA-256 of the secret shown; empty where the portal vouches for a person."""
    bytes_this_month: int = 0
    """Given before under this agreement, since the month began in universal time."""
    readings_this_minute: int = 0
    """The same, since the minute began."""


class PersonRows(Struct, frozen=True, kw_only=True):
    """The rows of people who lend them: those whose cell in a column is one of these numbers."""

    column: str
    codes: tuple[str, ...]


class View(Struct, frozen=True, kw_only=True):
    """What there is of a table for whoever reads under an agreement: everything else does not exist for them."""

    columns: tuple[str, ...]
    """Empty: all."""
    rows: tuple[RowFilter, ...]
    persons: PersonRows | None = None
    """Of whom, where rows are about people."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole table."""
        return not self.columns and not self.rows and self.persons is None

    def still_lent(self, persons: PersonRows | None) -> bool:
        """Whether all of it may be given where now these people lend; None: rows are about nobody."""
        if persons is None:
            return True
        if self.persons is None or self.persons.column != persons.column:
            return False
        return set(self.persons.codes) <= set(persons.codes)


@dataclass(frozen=True)
class ReadingDecision:
    """The answer: `view` when the reading is let through, else why not."""

    view: View | None = None
    refused: RefusalReason | None = None
    values: dict[str, str | int] = field(default_factory=dict)
    reason: str = ""
    """What the producer, or the project, said of a suspension or an end."""
    remaining_bytes: int | None = None
    """What may still be given this month, this reading not counted; None: no limit."""
    again_at: datetime | None = None
    """When the same reading could be let through, where time alone changes that."""

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        if self.refused:
            return DENIALS[self.refused].status
        return 200

    def translate(self, gettext: Gettext = in_english) -> tuple[str, str]:
        """What is wrong and what to do, in the language of `gettext`; both empty when nothing is."""
        if self.refused is None:
            return "", ""
        denial = DENIALS[self.refused]
        message = gettext(denial.message) % self.values
        remedy = gettext(denial.remedy) % self.values
        return f"{message} {self.reason}".strip(), remedy


def refuse(refused: RefusalReason) -> ReadingDecision:
    """The refusal of who shows nothing, or nothing that is known, before any agreement is looked at."""
    return ReadingDecision(refused=refused)


def decide_reading(
    agreement: Agreement,
    agreement_status: AgreementStatus | None,
    reading: ReadingRequest,
    moment: datetime,
) -> ReadingDecision:
    """Whether the reading is let through at this moment; the first thing that is wrong is said."""
    return (
        _check_credential(agreement, agreement_status, reading)
        or _check_validity(agreement, agreement_status, reading, moment)
        or _check_agreed_use(agreement, reading)
        or _check_limits(agreement, reading, moment)
        or ReadingDecision(
            view=View(columns=agreement.terms.columns, rows=agreement.terms.rows),
            remaining_bytes=_remaining_bytes(agreement, reading),
        )
    )


def state_at(agreement_status: AgreementStatus, moment: datetime) -> AgreementValidity:
    """How an agreement stands at a moment: a revocation with notice begins by itself."""
    if (
        agreement_status.state is AgreementValidity.GIVEN_UP
        or agreement_status.closes_at is None
        or moment < agreement_status.closes_at
    ):
        return agreement_status.state
    return AgreementValidity.REVOKED


def _find_credential(
    agreement_status: AgreementStatus | None, reading: ReadingRequest
) -> AgreementCredential | None:
    credentials = agreement_status.credentials if agreement_status else ()
    return next(
        (
            credential
            for credential in credentials
            if credential.sha256 == reading.credential
        ),
        None,
    )


def _check_credential(
    agreement: Agreement,
    agreement_status: AgreementStatus | None,
    reading: ReadingRequest,
) -> ReadingDecision | None:
    if agreement_status is None or agreement_status.agreement != agreement.id:
        return refuse(RefusalReason.UNCONFIRMED)
    if reading.credential and _find_credential(agreement_status, reading) is None:
        return refuse(RefusalReason.UNKNOWN_CREDENTIAL)
    return None


_STATES = {
    AgreementValidity.GIVEN_UP: RefusalReason.GIVEN_UP,
    AgreementValidity.REVOKED: RefusalReason.REVOKED,
    AgreementValidity.SUSPENDED: RefusalReason.SUSPENDED,
}


def _check_validity(
    agreement: Agreement,
    agreement_status: AgreementStatus | None,
    reading: ReadingRequest,
    moment: datetime,
) -> ReadingDecision | None:
    if agreement_status is None or reading.dataset != agreement.dataset:
        return refuse(RefusalReason.OTHER_DATASET)
    if stopped := _STATES.get(state_at(agreement_status, moment)):
        return ReadingDecision(refused=stopped, reason=agreement_status.reason)
    if moment < agreement.starts_at:
        return _refuse_with_date(
            RefusalReason.NOT_STARTED, agreement.starts_at, again=True
        )
    if moment > agreement.ends_at:
        return _refuse_with_date(RefusalReason.ENDED, agreement.ends_at)
    credential = _find_credential(agreement_status, reading)
    if credential is not None and moment > credential.expires_at:
        return _refuse_with_date(
            RefusalReason.CREDENTIAL_EXPIRED, credential.expires_at
        )
    return None


def _check_agreed_use(
    agreement: Agreement, reading: ReadingRequest
) -> ReadingDecision | None:
    if reading.purpose not in {None, agreement.purpose}:
        values: dict[str, str | int] = {
            "agreed": agreement.purpose.value,
            "stated": str(reading.purpose),
        }
        return ReadingDecision(refused=RefusalReason.OTHER_PURPOSE, values=values)
    opened = agreement.terms.columns
    others = [name for name in reading.columns or () if opened and name not in opened]
    if others:
        return ReadingDecision(
            refused=RefusalReason.OTHER_COLUMNS,
            values={"columns": ", ".join(map(shorten, others[:5]))},
        )
    if reading.as_file and (opened or agreement.terms.rows):
        return refuse(RefusalReason.ONLY_IN_PART)
    return None


def _check_limits(
    agreement: Agreement, reading: ReadingRequest, moment: datetime
) -> ReadingDecision | None:
    remaining = _remaining_bytes(agreement, reading)
    if remaining is not None and remaining < max(reading.size, 1):
        month = (moment.astimezone(UTC).replace(day=1) + timedelta(days=32)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        return ReadingDecision(
            refused=RefusalReason.VOLUME_SPENT,
            values={"remaining": remaining, "moment": _format_moment(month)},
            remaining_bytes=remaining,
            again_at=month
            if reading.size <= (agreement.terms.bytes_a_month or 0)
            else None,
        )
    limit = agreement.terms.requests_a_minute
    if limit is not None and reading.readings_this_minute >= limit:
        minute = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        values: dict[str, str | int] = {
            "limit": limit,
            "moment": _format_moment(minute),
        }
        return ReadingDecision(
            refused=RefusalReason.TOO_OFTEN,
            values=values,
            remaining_bytes=remaining,
            again_at=minute,
        )
    return None


def _remaining_bytes(agreement: Agreement, reading: ReadingRequest) -> int | None:
    limit = agreement.terms.bytes_a_month
    if limit is None:
        return None
    return max(limit - reading.bytes_this_month, 0)


def _refuse_with_date(
    refused: RefusalReason, moment: datetime, *, again: bool = False
) -> ReadingDecision:
    return ReadingDecision(
        refused=refused,
        values={"moment": _format_moment(moment)},
        again_at=moment if again else None,
    )


def _format_moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

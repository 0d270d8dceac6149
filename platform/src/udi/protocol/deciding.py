"""Whether a reading of restricted data is let through: a pure answer, from the agreement and how it stands.

Nobody else is asked: neither the portal nor the identity service. `docs/reference/agreements.md` has the same table.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from udi.protocol.agreement import Agreement, Credential, Standing, State
from udi.protocol.faults import Gettext, in_english, shorten
from udi.protocol.terms import Purpose, RowFilter

UNAUTHENTICATED, FORBIDDEN, TOO_MANY = 401, 403, 429


class Refused(StrEnum):
    """Why a reading is refused: the word that machines are told."""

    NOTHING_SHOWN = "nothing_shown"
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


@dataclass(frozen=True)
class Denial:
    """The answer of a refusal: its HTTP status, what is wrong, what to do (msgids with `%(name)s` places)."""

    status: int
    message: str
    remedy: str


DENIALS = {
    Refused.NOTHING_SHOWN: Denial(
        UNAUTHENTICATED,
        "These data are restricted: they are opened to one project at a time.",
        "Ask for access for your project on the dataset's page, then show its credential.",
    ),
    Refused.UNKNOWN_CREDENTIAL: Denial(
        UNAUTHENTICATED,
        "This credential is not known here, or was replaced.",
        "Show the one that the project's page gave for this node, or make a new one there.",
    ),
    Refused.UNCONFIRMED: Denial(
        FORBIDDEN,
        "The portal has not said yet how this agreement stands.",
        "Try again in a minute.",
    ),
    Refused.OTHER_DATASET: Denial(
        FORBIDDEN,
        "This agreement is about another dataset.",
        "Ask for access to this one on its page.",
    ),
    Refused.GIVEN_UP: Denial(
        FORBIDDEN,
        "The project gave up this agreement.",
        "Ask again on the dataset's page if the project needs the data after all.",
    ),
    Refused.REVOKED: Denial(
        FORBIDDEN,
        "The producer put an end to this agreement.",
        "Its page says why, and whom to write to.",
    ),
    Refused.SUSPENDED: Denial(
        FORBIDDEN,
        "The producer suspended this agreement.",
        "Its page says why; reading opens again when the producer says so.",
    ),
    Refused.NOT_STARTED: Denial(
        FORBIDDEN,
        "This agreement begins on %(moment)s.",
        "Come back then.",
    ),
    Refused.ENDED: Denial(
        FORBIDDEN,
        "This agreement ended on %(moment)s.",
        "Ask for its renewal on its page.",
    ),
    Refused.CREDENTIAL_EXPIRED: Denial(
        FORBIDDEN,
        "This credential ended on %(moment)s.",
        "Make a new one on the project's page.",
    ),
    Refused.OTHER_PURPOSE: Denial(
        FORBIDDEN,
        "The agreement is for “%(agreed)s”, not for “%(stated)s”.",
        "Read for that purpose, or ask for access for the other one.",
    ),
    Refused.OTHER_COLUMNS: Denial(
        FORBIDDEN,
        "The agreement opens other columns than these: %(columns)s.",
        "Use the columns it opens, to filter, sort and compute as well; or ask for more on the dataset's page.",
    ),
    Refused.ONLY_IN_PART: Denial(
        FORBIDDEN,
        "The agreement opens a part of this table, and the file as it is holds the whole.",
        "Read the table instead, or its export, which hold that part.",
    ),
    Refused.VOLUME_SPENT: Denial(
        FORBIDDEN,
        "This would pass the volume agreed for a month; %(remaining)s bytes of it remain.",
        "Ask for less, or wait for %(moment)s.",
    ),
    Refused.TOO_OFTEN: Denial(
        TOO_MANY,
        "The agreement opens %(limit)s readings a minute, and they are spent.",
        "Wait for %(moment)s.",
    ),
}


class Reading(Struct, frozen=True, kw_only=True):
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


class View(Struct, frozen=True, kw_only=True):
    """What there is of a table for whoever reads under an agreement: everything else does not exist for them."""

    columns: tuple[str, ...]
    """Empty: all."""
    rows: tuple[RowFilter, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole table."""
        return not self.columns and not self.rows


@dataclass(frozen=True)
class Verdict:
    """The answer: `view` when the reading is let through, else why not."""

    view: View | None = None
    refused: Refused | None = None
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
        return DENIALS[self.refused].status if self.refused else 200

    def say(self, gettext: Gettext = in_english) -> tuple[str, str]:
        """What is wrong and what to do, in the language of `gettext`; both empty when nothing is."""
        if self.refused is None:
            return "", ""
        denial = DENIALS[self.refused]
        message, remedy = gettext(denial.message) % self.values, gettext(denial.remedy) % self.values
        return f"{message} {self.reason}".strip(), remedy


def refuse(refused: Refused) -> Verdict:
    """The refusal of who shows nothing, or nothing that is known, before any agreement is looked at."""
    return Verdict(refused=refused)


def decide(agreement: Agreement, standing: Standing | None, reading: Reading, moment: datetime) -> Verdict:
    """Whether the reading is let through at this moment; the first thing that is wrong is said."""
    return (
        _credential_is_known(agreement, standing, reading)
        or _is_in_force(agreement, standing, reading, moment)
        or _is_agreed(agreement, reading)
        or _is_within_limits(agreement, reading, moment)
        or Verdict(
            view=View(columns=agreement.terms.columns, rows=agreement.terms.rows),
            remaining_bytes=_remaining(agreement, reading),
        )
    )


def state_at(standing: Standing, moment: datetime) -> State:
    """How an agreement stands at a moment: a revocation with notice begins by itself."""
    if standing.state is State.GIVEN_UP or standing.closes_at is None or moment < standing.closes_at:
        return standing.state
    return State.REVOKED


def _shown(standing: Standing | None, reading: Reading) -> Credential | None:
    known = standing.credentials if standing else ()
    return next((each for each in known if each.sha256 == reading.credential), None)


def _credential_is_known(agreement: Agreement, standing: Standing | None, reading: Reading) -> Verdict | None:
    if standing is None or standing.agreement != agreement.id:
        return refuse(Refused.UNCONFIRMED)
    if reading.credential and _shown(standing, reading) is None:
        return refuse(Refused.UNKNOWN_CREDENTIAL)
    return None


_STATES = {
    State.GIVEN_UP: Refused.GIVEN_UP,
    State.REVOKED: Refused.REVOKED,
    State.SUSPENDED: Refused.SUSPENDED,
}


def _is_in_force(agreement: Agreement, standing: Standing | None, reading: Reading, moment: datetime) -> Verdict | None:
    if standing is None or reading.dataset != agreement.dataset:
        return refuse(Refused.OTHER_DATASET)
    if stopped := _STATES.get(state_at(standing, moment)):
        return Verdict(refused=stopped, reason=standing.reason)
    if moment < agreement.starts_at:
        return _dated(Refused.NOT_STARTED, agreement.starts_at, again=True)
    if moment > agreement.ends_at:
        return _dated(Refused.ENDED, agreement.ends_at)
    shown = _shown(standing, reading)
    if shown is not None and moment > shown.expires_at:
        return _dated(Refused.CREDENTIAL_EXPIRED, shown.expires_at)
    return None


def _is_agreed(agreement: Agreement, reading: Reading) -> Verdict | None:
    if reading.purpose not in {None, agreement.purpose}:
        values: dict[str, str | int] = {"agreed": agreement.purpose.value, "stated": str(reading.purpose)}
        return Verdict(refused=Refused.OTHER_PURPOSE, values=values)
    opened = agreement.terms.columns
    others = [name for name in reading.columns or () if opened and name not in opened]
    if others:
        return Verdict(refused=Refused.OTHER_COLUMNS, values={"columns": ", ".join(map(shorten, others[:5]))})
    if reading.as_file and (opened or agreement.terms.rows):
        return refuse(Refused.ONLY_IN_PART)
    return None


def _is_within_limits(agreement: Agreement, reading: Reading, moment: datetime) -> Verdict | None:
    remaining = _remaining(agreement, reading)
    if remaining is not None and remaining < max(reading.size, 1):
        month = (moment.astimezone(UTC).replace(day=1) + timedelta(days=32)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        return Verdict(
            refused=Refused.VOLUME_SPENT,
            values={"remaining": remaining, "moment": _said(month)},
            remaining_bytes=remaining,
            again_at=month if reading.size <= (agreement.terms.bytes_a_month or 0) else None,
        )
    limit = agreement.terms.requests_a_minute
    if limit is not None and reading.readings_this_minute >= limit:
        minute = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        values: dict[str, str | int] = {"limit": limit, "moment": _said(minute)}
        return Verdict(refused=Refused.TOO_OFTEN, values=values, remaining_bytes=remaining, again_at=minute)
    return None


def _remaining(agreement: Agreement, reading: Reading) -> int | None:
    limit = agreement.terms.bytes_a_month
    return None if limit is None else max(limit - reading.bytes_this_month, 0)


def _dated(refused: Refused, moment: datetime, *, again: bool = False) -> Verdict:
    return Verdict(refused=refused, values={"moment": _said(moment)}, again_at=moment if again else None)


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

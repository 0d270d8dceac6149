"""Faults of a document: RUDI's error codes, where the fault is, and words that say why and what to do."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from udi.kit.errors import InvalidError, Refusal
from udi.protocol.userinfo import without_credentials

MOST_FAULTS = 100
LONGEST_VALUE = 60
LONGEST_FIELD = 200
SMALL_WHOLE = 64


Gettext = Callable[[str], str]


class FaultCode(StrEnum):
    """RUDI's codes of an integration report; `explanations.py` says what each means."""

    BAD_DOCUMENT = "ERR-101"
    UNKNOWN_FIELD = "ERR-102"
    MISSING_PARAMETER = "ERR-103"
    UNKNOWN_DATASET = "ERR-104"
    UNKNOWN = "ERR-105"
    UNSUPPORTED_VERSION = "ERR-106"
    NOT_SELF_DATA = "ERR-107"
    NOT_ALLOWED = "ERR-108"
    TARGET_ABSENT = "ERR-109"
    NODE_WITHOUT_PROVIDER = "ERR-110"
    OTHER_PROVIDER = "ERR-111"
    PRODUCER_NOT_LINKED = "ERR-112"
    UNKNOWN_PRODUCER = "ERR-113"
    WRONG_TYPE = "ERR-201"
    MISSING = "ERR-202"
    TOO_LONG = "ERR-203"
    ILLEGAL_CHARACTERS = "ERR-301"
    NOT_IN_VOCABULARY = "ERR-302"
    MISMATCH = "ERR-303"
    ALREADY_USED = "ERR-304"
    SELF_DATA_SERVICES = "ERR-305"
    CONDITION = "ERR-306"
    BAD_FORMAT = "ERR-307"
    EMPTY = "ERR-308"
    NOT_CREATOR = "ERR-403"
    CONNECTOR_PARAMETERS = "ERR-405"
    INTERNAL = "ERR-500"


def in_english(message: str) -> str:
    """The words of a msgid as they are."""
    return message


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong at `field`, a JSON path (`available_formats[0].connector.url`, empty for the whole).

    `message` and `remedy` are gettext msgids in English with `%(name)s` places for `values`.
    """

    code: FaultCode
    field: str
    message: str
    remedy: str
    values: dict[str, str | int] = dataclasses.field(default_factory=dict, hash=False)

    def translate(self, gettext: Gettext = in_english) -> tuple[str, str]:
        """Message and remedy in the language of `gettext`, English without it."""
        return gettext(self.message) % self.values, gettext(self.remedy) % self.values

    def as_refusal(self, gettext: Gettext = in_english) -> Refusal:
        """The same for a page or a problem+json answer, already translated and filled."""
        reason, remedy = self.translate(gettext)
        return Refusal(self.field, reason, remedy, self.code)


@dataclass(frozen=True)
class FaultTemplate:
    """A fault before anyone knows where: `at` places it and fills its words."""

    code: FaultCode
    message: str
    remedy: str

    def at(
        self, path: str, *, allowed: Collection[str] = (), **values: object
    ) -> Fault:
        printable_values = {
            name: value if _is_small(value) else shorten(value)
            for name, value in values.items()
        }
        if allowed:
            printable_values["allowed"] = ", ".join(allowed)
        return Fault(
            self.code,
            shorten(path, LONGEST_FIELD),
            self.message,
            self.remedy,
            printable_values,
        )


class InvalidDocument(InvalidError):
    """A document that cannot be accepted, with all its faults."""

    title = "This document cannot be accepted"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(refusals=[fault.as_refusal() for fault in faults])
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "; ".join(
            f"{fault.code} {fault.field}: {fault.translate()[0]}"
            for fault in self.faults
        )


class InvalidRecord(InvalidDocument):
    """A dataset record that cannot be accepted."""

    title = "This dataset description cannot be accepted"


def shorten(value: object, limit: int = LONGEST_VALUE) -> str:
    """The beginning of a value that was sent, fit for a page, a report and PostgreSQL."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, float):
        text = str(value)
    else:
        text = _describe_value(value)
    beginning = without_credentials(text[: 4 * limit])
    safe = "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for char in beginning[: limit + 1]
    )
    if len(safe) > limit:
        return f"{safe[: limit - 1]}…"
    return safe


def _is_small(value: object) -> TypeGuard[int]:
    # Python refuses to print numbers of thousands of digits.
    return type(value) is int and value.bit_length() <= SMALL_WHOLE


def _describe_value(value: object) -> str:
    if _is_small(value) or value is None:
        return str(value)
    return type(value).__name__


def without_repeats(faults: Iterable[Fault]) -> list[Fault]:
    """At most a hundred faults, one for each code and field; the first said wins."""
    distinct_faults: dict[tuple[FaultCode, str], Fault] = {}
    for fault in faults:
        distinct_faults.setdefault((fault.code, fault.field), fault)
        if len(distinct_faults) == MOST_FAULTS:
            break
    return list(distinct_faults.values())

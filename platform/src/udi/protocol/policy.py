"""The access policy of a restricted dataset: who may ask, what is asked of them, under which terms, answered when."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, cast

from msgspec import Struct

from udi.protocol import fault_kinds, terms, validators
from udi.protocol.faults import Fault, InvalidDocument, without_repeats
from udi.protocol.scan import join_path, scan
from udi.protocol.terms import Terms

LONGEST_LINE = 200
LONGEST_WHY = 5_000
MOST_FIELDS = 30
MOST_CHOICES = 50
LONGEST_ANSWER = 90
MOST_RENEWALS = 20
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class Requester(StrEnum):
    """Who a project's leader is."""

    PUBLIC_BODY = "public_body"
    RESEARCH = "research"
    ASSOCIATION = "association"
    COMPANY = "company"
    PERSON = "person"


class FieldKind(StrEnum):
    """What a field of the form takes; a document is a file of 5 MB at most."""

    LINE = "line"
    WORDS = "words"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"
    DOCUMENT = "document"


class FormField(Struct, frozen=True, kw_only=True):
    """Something that is asked of whoever asks for the data; texts by language."""

    name: str
    """Small letters, digits and underscores; unique in the form."""
    kind: FieldKind
    label: dict[str, str]
    hint: dict[str, str] = {}
    required: bool = True
    choices: tuple[str, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """What a producer says once for everybody who will ask."""

    requesters: tuple[Requester, ...]
    terms: Terms
    why: dict[str, str] = {}
    """Why the data are not open."""
    fields: tuple[FormField, ...] = ()
    answer_days: int = 30
    """Within how many days the producer promises to answer, questions not counted: 1 to 90."""
    renewals: int = 1
    """How many times an agreement may be renewed."""


class InvalidPolicy(InvalidDocument):
    """A policy that cannot be promised, or is none."""

    title = "This access policy cannot be accepted"


_FIELD = validators.closed_group(
    {
        "name": validators.matching_text(
            FIELD_NAME.fullmatch, fault_kinds.BAD_FIELD_NAME
        ),
        "kind": validators.choice(list(FieldKind)),
        "label": validators.by_language(LONGEST_LINE, least=1),
    },
    {
        "hint": validators.by_language(LONGEST_LINE),
        "required": validators.boolean,
        "choices": validators.distinct_list(
            validators.list_of(validators.line(LONGEST_LINE), MOST_CHOICES)
        ),
    },
)


def _check_field(value: object, path: str) -> Iterator[Fault]:
    faults = list(_FIELD(value, path))
    yield from faults
    if faults:
        return
    field = cast("dict[str, Any]", value)
    choices = len(field.get("choices") or ())
    where = join_path(path, "choices")
    if field["kind"] == FieldKind.CHOICE and choices < 2:  # noqa: PLR2004 - one answer is no choice
        yield fault_kinds.NO_CHOICES.at(where)
    elif field["kind"] != FieldKind.CHOICE and choices:
        yield fault_kinds.CHOICES_UNASKED.at(where)


_POLICY = validators.closed_group(
    {
        "requesters": validators.distinct_list(
            validators.list_of(
                validators.choice(list(Requester)), len(Requester), least=1
            )
        ),
        "terms": terms.check_terms,
    },
    {
        "why": validators.by_language(LONGEST_WHY),
        "fields": validators.distinct_list(
            validators.list_of(_check_field, MOST_FIELDS), "name"
        ),
        "answer_days": validators.integer(1, LONGEST_ANSWER),
        "renewals": validators.integer(0, MOST_RENEWALS),
    },
)


def read_policy(data: object) -> Policy:
    """The policy in a JSON object; a field that is not known is a fault.

    Raises:
        InvalidPolicy: with all its faults.
    """
    faults = without_repeats([*_POLICY(data, ""), *scan(data)])
    if faults:
        raise InvalidPolicy(faults)
    document = cast("dict[str, Any]", data)
    days = document.get("answer_days")
    renewals = document.get("renewals")
    return Policy(
        requesters=tuple(map(Requester, document["requesters"])),
        terms=terms.make_terms(document["terms"]),
        why=dict(document.get("why") or {}),
        fields=tuple(map(_make_field, document.get("fields") or ())),
        answer_days=30 if days is None else days,
        renewals=1 if renewals is None else renewals,
    )


def _make_field(field: dict[str, Any]) -> FormField:
    required = field.get("required")
    return FormField(
        name=field["name"],
        kind=FieldKind(field["kind"]),
        label=dict(field["label"]),
        hint=dict(field.get("hint") or {}),
        required=True if required is None else required,
        choices=tuple(field.get("choices") or ()),
    )


def write_policy(policy: Policy) -> dict[str, Any]:
    """The JSON that `read_policy` reads."""
    return {
        "requesters": [requester.value for requester in policy.requesters],
        "terms": terms.write_terms(policy.terms),
        "why": dict(policy.why),
        "fields": [
            {
                "name": field.name,
                "kind": field.kind.value,
                "label": dict(field.label),
                "hint": dict(field.hint),
                "required": field.required,
                "choices": list(field.choices),
            }
            for field in policy.fields
        ],
        "answer_days": policy.answer_days,
        "renewals": policy.renewals,
    }

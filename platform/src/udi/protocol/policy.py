"""The access policy of a restricted dataset: who may ask, what is asked of them, under which terms, answered when."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, cast

from msgspec import Struct

from udi.protocol import kinds, shapes, terms
from udi.protocol.faults import Fault, InvalidDocument, without_repeats
from udi.protocol.scan import join, scan
from udi.protocol.terms import Terms

LONGEST_LINE, LONGEST_WHY, MOST_FIELDS, MOST_CHOICES = 200, 5_000, 30, 50
LONGEST_ANSWER, MOST_RENEWALS = 90, 20
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


class Field(Struct, frozen=True, kw_only=True):
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
    fields: tuple[Field, ...] = ()
    answer_days: int = 30
    """Within how many days the producer promises to answer, questions not counted: 1 to 90."""
    renewals: int = 1
    """How many times an agreement may be renewed."""


class InvalidPolicy(InvalidDocument):
    """A policy that cannot be promised, or is none."""

    title = "This access policy cannot be accepted"


_FIELD = shapes.closed(
    {
        "name": shapes.form(FIELD_NAME.fullmatch, kinds.BAD_FIELD_NAME),
        "kind": shapes.choice(list(FieldKind)),
        "label": shapes.by_language(LONGEST_LINE, least=1),
    },
    {
        "hint": shapes.by_language(LONGEST_LINE),
        "required": shapes.flag,
        "choices": shapes.distinct(shapes.listed(shapes.line(LONGEST_LINE), MOST_CHOICES)),
    },
)


def _field(value: object, path: str) -> Iterator[Fault]:
    faults = list(_FIELD(value, path))
    yield from faults
    if faults:
        return
    said = cast("dict[str, Any]", value)
    choices, where = len(said.get("choices") or ()), join(path, "choices")
    if said["kind"] == FieldKind.CHOICE and choices < 2:  # noqa: PLR2004 - one answer is no choice
        yield kinds.NO_CHOICES.at(where)
    elif said["kind"] != FieldKind.CHOICE and choices:
        yield kinds.CHOICES_UNASKED.at(where)


_POLICY = shapes.closed(
    {
        "requesters": shapes.distinct(shapes.listed(shapes.choice(list(Requester)), len(Requester), least=1)),
        "terms": terms.check,
    },
    {
        "why": shapes.by_language(LONGEST_WHY),
        "fields": shapes.distinct(shapes.listed(_field, MOST_FIELDS), "name"),
        "answer_days": shapes.whole(1, LONGEST_ANSWER),
        "renewals": shapes.whole(0, MOST_RENEWALS),
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
    said = cast("dict[str, Any]", data)
    days, renewals = said.get("answer_days"), said.get("renewals")
    return Policy(
        requesters=tuple(map(Requester, said["requesters"])),
        terms=terms.make_terms(said["terms"]),
        why=dict(said.get("why") or {}),
        fields=tuple(map(_make_field, said.get("fields") or ())),
        answer_days=30 if days is None else days,
        renewals=1 if renewals is None else renewals,
    )


def _make_field(said: dict[str, Any]) -> Field:
    required = said.get("required")
    return Field(
        name=said["name"],
        kind=FieldKind(said["kind"]),
        label=dict(said["label"]),
        hint=dict(said.get("hint") or {}),
        required=True if required is None else required,
        choices=tuple(said.get("choices") or ()),
    )


def write_policy(policy: Policy) -> dict[str, Any]:
    """The JSON that `read_policy` reads."""
    return {
        "requesters": [each.value for each in policy.requesters],
        "terms": terms.write_terms(policy.terms),
        "why": dict(policy.why),
        "fields": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "label": dict(each.label),
                "hint": dict(each.hint),
                "required": each.required,
                "choices": list(each.choices),
            }
            for each in policy.fields
        ],
        "answer_days": policy.answer_days,
        "renewals": policy.renewals,
    }

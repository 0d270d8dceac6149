"""The access policy of a restricted dataset: who may ask, what is asked of them, under which terms, answered when."""

from enum import StrEnum

from msgspec import Struct

from udi.protocol.terms import Terms


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

"""Under which terms restricted data are read: one object, from which the words, the ODRL and what a node lets through come."""

from enum import StrEnum

from msgspec import Struct


class Purpose(StrEnum):
    """What data are read for (dpv:Purpose)."""

    RESEARCH = "research"
    PUBLIC_SERVICE = "public_service"
    EDUCATION = "education"
    INFORMATION = "information"
    """Of the public: the press, an association that tells."""
    CIVIC = "civic"
    """An activity without profit, of inhabitants or associations."""
    COMMERCIAL = "commercial"


class Prohibition(StrEnum):
    """What nobody may do with the data, whatever they read them for."""

    DISTRIBUTE = "distribute"
    """Give or show the rows to others (odrl:distribute)."""
    REIDENTIFY = "reidentify"
    """Look for who is behind a row."""
    COMBINE_WITH_PERSONS = "combine_with_persons"
    """Join the rows with a file about people."""
    PROSPECT = "prospect"
    """Write to people to sell them something (dpv:DirectMarketing)."""
    TRAIN = "train"
    """Train models that are given to others."""


class Measure(StrEnum):
    """How whoever reads keeps the data (dpv:TechnicalOrganisationalMeasure)."""

    ENCRYPTED = "encrypted"
    NAMED_READERS = "named_readers"
    IN_EUROPE = "in_europe"
    DELETED_AT_END = "deleted_at_end"
    LOGGED = "logged"


class Operator(StrEnum):
    """How a row's value stands to the values of a filter (ODRL's operators)."""

    EQ = "eq"
    NEQ = "neq"
    LT = "lt"
    LTEQ = "lteq"
    GT = "gt"
    GTEQ = "gteq"
    IS_ANY_OF = "isAnyOf"
    IS_NONE_OF = "isNoneOf"


class RowFilter(Struct, frozen=True, kw_only=True, order=True):
    """The rows whose `column` stands so to `values`: one value, but for the two operators about several.

    A value is the text that the table's API shows: `2026-05-01`, `12.5`, `true`, `PA-0412`. Empty cells never pass.
    """

    column: str
    operator: Operator
    values: tuple[str, ...]


class Terms(Struct, frozen=True, kw_only=True):
    """What may be read, what for, how much, for how long.

    Of a policy they are the most that may be asked; of an agreement, what both accepted.
    """

    purposes: tuple[Purpose, ...]
    """At least one."""
    prohibitions: tuple[Prohibition, ...] = ()
    measures: tuple[Measure, ...] = ()
    attribution: str = ""
    """The words to show beside what is made of the data."""
    general_interest: bool = False
    """The project must serve the general interest, and say how."""
    months: int = 12
    """How long it lasts: 1 to 120."""
    columns: tuple[str, ...] = ()
    """Those that may be read, in the order of the table; empty: all."""
    rows: tuple[RowFilter, ...] = ()
    """All of them hold for each row that is given."""
    bytes_a_month: int | None = None
    requests_a_minute: int | None = None

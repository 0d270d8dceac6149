"""Under which terms restricted data are read: one object, from which the words, the ODRL and what a node lets through come."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, cast

from msgspec import Struct

from udi.protocol import fault_kinds, validators
from udi.protocol.faults import Fault, InvalidDocument, without_repeats
from udi.protocol.scan import LARGEST_WHOLE, join_path, scan

LONGEST_NAME = 200
LONGEST_ATTRIBUTION = 300
MOST_COLUMNS = 500
MOST_FILTERS = 20
MOST_VALUES = 100
MOST_TEXT = 20_000
"""Characters of the names of columns, and of the values of filters: they all stand in the agreement's words."""
LONGEST_MONTHS = 120
MOST_REQUESTS = 100_000


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


SEVERAL = frozenset({Operator.IS_ANY_OF, Operator.IS_NONE_OF})
"""The operators about several values."""


class InvalidTerms(InvalidDocument):
    """Terms that cannot be kept, or are none."""

    title = "These terms cannot be accepted"


_FILTER = validators.closed_group(
    {
        "column": validators.line(LONGEST_NAME),
        "operator": validators.choice(list(Operator)),
        "values": validators.distinct_list(
            validators.list_of(validators.line(LONGEST_NAME), MOST_VALUES, least=1)
        ),
    }
)
_TERMS = validators.closed_group(
    {
        "purposes": validators.distinct_list(
            validators.list_of(validators.choice(list(Purpose)), len(Purpose), least=1)
        )
    },
    {
        "prohibitions": validators.distinct_list(
            validators.list_of(validators.choice(list(Prohibition)), len(Prohibition))
        ),
        "measures": validators.distinct_list(
            validators.list_of(validators.choice(list(Measure)), len(Measure))
        ),
        "attribution": validators.line(LONGEST_ATTRIBUTION, blank=True),
        "general_interest": validators.boolean,
        "months": validators.integer(1, LONGEST_MONTHS),
        "columns": validators.distinct_list(
            validators.list_of(validators.line(LONGEST_NAME), MOST_COLUMNS)
        ),
        "rows": validators.distinct_list(validators.list_of(_FILTER, MOST_FILTERS)),
        "bytes_a_month": validators.integer(1, LARGEST_WHOLE),
        "requests_a_minute": validators.integer(1, MOST_REQUESTS),
    },
)


def check_terms(value: object, path: str) -> Iterator[Fault]:
    """The faults of terms inside another document: a shape."""
    faults = list(_TERMS(value, path))
    yield from faults
    if faults:
        return
    document = cast("dict[str, Any]", value)
    for place, row_filter in enumerate(document.get("rows") or ()):
        if len(row_filter["values"]) > 1 and row_filter["operator"] not in SEVERAL:
            where = join_path(path, f"rows[{place}].values")
            yield fault_kinds.ONE_VALUE.at(
                where, operator=row_filter["operator"], length=len(row_filter["values"])
            )
    columns = sum(map(len, document.get("columns") or ()))
    rows = sum(
        len(text)
        for row_filter in document.get("rows") or ()
        for text in (row_filter["column"], *row_filter["values"])
    )
    for name, length in {"columns": columns, "rows": rows}.items():
        if length > MOST_TEXT:
            yield fault_kinds.TOO_MUCH_TEXT.at(
                join_path(path, name), length=length, limit=MOST_TEXT
            )


def read_terms(data: object) -> Terms:
    """The terms in a JSON object. A field that is not known is a fault: it may forbid what would then be allowed.

    Raises:
        InvalidTerms: with all their faults.
    """
    faults = without_repeats([*check_terms(data, ""), *scan(data)])
    if faults:
        raise InvalidTerms(faults)
    return make_terms(cast("dict[str, Any]", data))


def make_terms(document: dict[str, Any]) -> Terms:
    """The terms of an object that has no fault."""
    months = document.get("months")
    return Terms(
        purposes=tuple(map(Purpose, document["purposes"])),
        prohibitions=tuple(map(Prohibition, document.get("prohibitions") or ())),
        measures=tuple(map(Measure, document.get("measures") or ())),
        attribution=(document.get("attribution") or "").strip(),
        general_interest=bool(document.get("general_interest")),
        months=12 if months is None else months,
        columns=tuple(document.get("columns") or ()),
        rows=tuple(
            RowFilter(
                column=row_filter["column"],
                operator=Operator(row_filter["operator"]),
                values=tuple(row_filter["values"]),
            )
            for row_filter in document.get("rows") or ()
        ),
        bytes_a_month=document.get("bytes_a_month"),
        requests_a_minute=document.get("requests_a_minute"),
    )


def write_terms(terms: Terms) -> dict[str, Any]:
    """The JSON that `read_terms` reads; limits that are not set are left out."""
    document: dict[str, Any] = {
        "purposes": [purpose.value for purpose in terms.purposes],
        "prohibitions": [prohibition.value for prohibition in terms.prohibitions],
        "measures": [measure.value for measure in terms.measures],
        "attribution": terms.attribution,
        "general_interest": terms.general_interest,
        "months": terms.months,
        "columns": list(terms.columns),
        "rows": [
            {
                "column": row_filter.column,
                "operator": row_filter.operator.value,
                "values": list(row_filter.values),
            }
            for row_filter in terms.rows
        ],
        "bytes_a_month": terms.bytes_a_month,
        "requests_a_minute": terms.requests_a_minute,
    }
    return {name: value for name, value in document.items() if value is not None}

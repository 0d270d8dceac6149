"""What a script expects of the file that it sends: where it is not met, nothing is published by itself.

Names, types and numbers of rows are compared; no cell is read or quoted.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from msgspec import DecodeError, Meta, Struct, convert, field, json, to_builtins

from udi.kit.errors import InvalidError, Refusal
from udi.node.datasets.models import Dataset, PreparationState, Version
from udi.node.datasets.versions.findings import (
    is_being_read,
    personal_findings_of,
)
from udi.tabular.columns.column import ColumnType
from udi.tabular.profiles.profile import Profile

EXPECT = "expect"
STOP = "expectation"
LONGEST = 10_000
"""Characters of an expectation."""
ANY_TYPE = ""
REMEDY = "Correct the file and send it again, or change what you expect."


UNREADABLE = Refusal(
    EXPECT,
    "This expectation cannot be read.",
    "Write a JSON object of 10,000 characters at most, with the names that the documentation gives.",
)


class Expectation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must hold of a version before it is published; what is left out is not looked at."""

    least_rows: Annotated[int, Meta(ge=0)] | None = None
    most_lost_percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    """Rows that may be lost of those of the published version, in a hundred."""
    columns: Annotated[dict[str, str], Meta(max_length=1000)] = field(
        default_factory=dict
    )
    """Names that must be there, each with its type, or empty for any."""
    format: Annotated[str, Meta(max_length=40)] = ""
    """A label such as `CSV`."""
    new_personal_data: bool = True
    """False: no kind of personal data may be found that the published version has not."""


def read_expectation(text: str) -> Expectation | None:
    """The expectation that a request carries as JSON; None where it carries none.

    Raises:
        InvalidError: it cannot be read, has a name that no file can have, or a type that no column has.
    """
    if not text:
        return None
    if len(text) > LONGEST:
        raise InvalidError(refusals=[UNREADABLE])
    try:
        expectation = json.decode(text, type=Expectation)
    except DecodeError as error:
        raise InvalidError(refusals=[UNREADABLE]) from error
    if any("\0" in name for name in (*expectation.columns, expectation.format)):
        raise InvalidError(refusals=[UNREADABLE])
    types = {ANY_TYPE, *ColumnType}
    if unknown := [kind for kind in expectation.columns.values() if kind not in types]:
        raise InvalidError(
            refusals=[
                Refusal(
                    f"{EXPECT}.columns",
                    "No column has the type “%(type)s”.",
                    "Use the types that the answer gives for the columns of a version.",
                    values={"type": unknown[0][:40]},
                )
            ]
        )
    return expectation


def store_expectation(expectation: Expectation | None) -> dict[str, Any] | None:
    """The JSON of a column."""
    return None if expectation is None else to_builtins(expectation)


def list_differences(dataset: Dataset, version: Version) -> list[Refusal]:
    """What a version that was looked at does not meet of what its script expects, item by item; empty once published."""
    preparation = version.preparation
    if preparation is None or not preparation.expectation:
        return []
    if version.published_at is not None or is_being_read(version):
        return []
    expectation = convert(preparation.expectation, Expectation)
    if preparation.state == PreparationState.FAILED:
        return [
            _refuse("file", "The file could not be checked against what you expect.")
        ]
    before = dataset.find_published_before(version)
    former = Profile.from_json(before.profile) if before else None
    profile = Profile.from_json(version.profile)
    return [
        *_compare_format(expectation, profile),
        *_compare_rows(expectation, former, profile),
        *_compare_columns(expectation, profile),
        *_compare_personal_data(expectation, before, version),
    ]


def explain_differences(
    dataset: Dataset, version: Version, say: Callable[[str], str]
) -> str:
    """The same as sentences on one line."""
    return " ".join(
        say(refusal.reason) % refusal.values
        for refusal in list_differences(dataset, version)
    )


def _refuse(item: str, reason: str, **values: object) -> Refusal:
    return Refusal(f"{EXPECT}.{item}", reason, REMEDY, values=values)


def _compare_format(expectation: Expectation, profile: Profile) -> Iterator[Refusal]:
    expected = expectation.format
    if expected and expected.casefold() != profile.label.casefold():
        yield _refuse(
            "format",
            "You expect the format %(expected)s, the file has %(label)s.",
            expected=expected,
            label=profile.label,
        )


def _compare_rows(
    expectation: Expectation, former: Profile | None, profile: Profile
) -> Iterator[Refusal]:
    rows = profile.rows or 0
    least = expectation.least_rows
    if least is not None and rows < least:
        yield _refuse(
            "least_rows",
            "You expect %(least)s rows at least, the file has %(rows)s.",
            least=least,
            rows=rows,
        )
    most = expectation.most_lost_percent
    if most is None or former is None or not former.rows:
        return
    lost = former.rows - rows
    if 100 * lost > most * former.rows:
        yield _refuse(
            "most_lost_percent",
            "You expect a loss of %(most)s percent at most: the published version has %(before)s rows, the file %(rows)s.",
            most=f"{most:g}",
            before=former.rows,
            rows=rows,
        )


def _compare_columns(expectation: Expectation, profile: Profile) -> Iterator[Refusal]:
    types = {column.name: column.type for column in profile.columns}
    for name, expected in sorted(expectation.columns.items()):
        if name not in types:
            yield _refuse("columns", "The column “%(column)s” is missing.", column=name)
        elif expected not in {ANY_TYPE, types[name]}:
            yield _refuse(
                "columns",
                "You expect the type %(expected)s of the column “%(column)s”, it has %(type)s.",
                expected=expected,
                column=name,
                type=types[name].value,
            )


def _compare_personal_data(
    expectation: Expectation, before: Version | None, version: Version
) -> Iterator[Refusal]:
    if expectation.new_personal_data:
        return
    known = _personal_kinds(before) if before else set()
    if columns := sorted({name for _, name in _personal_kinds(version) - known}):
        yield _refuse(
            "new_personal_data",
            "Personal data are newly found: %(columns)s.",
            columns=", ".join(filter(None, columns)) or "–",
        )


def _personal_kinds(version: Version) -> set[tuple[str, str]]:
    """Kinds of personal data with the columns where they are, or the place outside columns."""
    return {
        (finding.what, column)
        for finding in personal_findings_of(version)
        for column in finding.columns or (finding.place,)
    }

"""Whatever is sent, a list of faults comes back; and what is accepted can be written and read again."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.depth import examples
from tests.protocol.examples import IDENTIFIER, a_full_record
from udi.protocol import fault_kinds
from udi.protocol.faults import Fault, InvalidDocument
from udi.protocol.languages import TAGS
from udi.protocol.record import read_record, write_record
from udi.protocol.report import (
    IntegrationReport,
    ReportStatus,
    describe_faults,
    read_report,
    write_report,
)
from udi.protocol.scan import read_json
from udi.protocol.texts import sanitise_html, strip_html
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validation import validate
from udi.protocol.vocabulary import VERSIONS

patient = settings(
    database=None,
    max_examples=examples(40, 600),
    suppress_health_check=[HealthCheck.too_slow],
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**70)])
    | st.just(4400).map(lambda digits: 10**digits)
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(
        [
            "\x00",
            "\ud800",
            "x" * 60_000,
            "<b>",
            "javascript:x",
            "https://[",
            "0001-01-01T00:00:00+14:00",
        ]
    )
    | st.binary(max_size=3)
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [
        *([path] if path else []),
        *(place for name, item in inner for place in places(item, (*path, name))),
    ]


PLACES = places(a_full_record())
line = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=40)
moments = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - the zone is added
    datetime(2100, 1, 1),  # noqa: DTZ001 - the zone is added
    timezones=st.just(UTC),
)
reports = st.builds(
    IntegrationReport,
    id=st.uuids(),
    method=st.sampled_from(["POST", "PUT", "DELETE"]),
    submitted=moments,
    treated=moments,
    status=st.sampled_from(ReportStatus),
    resource_id=st.none() | st.uuids(),
    resource_title=line,
    version=st.sampled_from(VERSIONS),
    harvested=st.booleans(),
    comment=line,
    by_team=st.booleans(),
)
REPORT = write_report(
    IntegrationReport(
        id=IDENTIFIER, method="POST", submitted=datetime(2026, 1, 1, tzinfo=UTC),
        treated=datetime(2026, 1, 1, tzinfo=UTC), status=ReportStatus.KO, resource_id=IDENTIFIER, resource_title="x",
        version="1.4.1", errors=describe_faults([fault_kinds.MISSING.at("theme")]),
    )
)  # fmt: skip
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


def replaced(
    path: tuple[Any, ...], value: object, whole: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A document, the full record if none is given, with another value at one of its places."""
    record = deepcopy(whole or a_full_record())
    holder: Any = record
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return record


def refusals(read: Callable[[Any], object], data: object) -> list[Fault]:
    try:
        read(data)
    except InvalidDocument as refusal:
        return list(refusal.faults)
    return []


REFUSED = object()
"""What stands for a document that is refused."""


def read_ours(body: bytes) -> object:
    """What the reader makes of bytes; a refusal has one fault of one code."""
    try:
        return read_json(body)
    except InvalidDocument as refusal:
        codes = [fault.code.value for fault in refusal.faults]
        if codes == ["ERR-101"]:
            return REFUSED
        return codes


def read_theirs(body: bytes) -> object:
    """The same by the standard library, as strict as RFC 8259."""

    def refuse(name: str) -> object:
        raise ValueError(name)

    try:
        return json.loads(body.decode(), parse_constant=refuse)
    except ValueError:
        return REFUSED


def check_outcome(data: object) -> None:
    """Either faults with words, or a record that stands a round trip and can be stored."""
    faults = validate(data)
    assert len(faults) <= 100
    for fault in faults:
        json.dumps(
            [fault.code, fault.field, *fault.translate()], ensure_ascii=False
        ).encode()
        assert all(fault.translate())
    assert refusals(read_record, data) == faults
    if faults:
        return
    record = read_record(data)
    document = write_record(record)
    assert validate(document) == []
    assert read_record(document) == record
    assert (
        "\x00"
        not in json.dumps(document, ensure_ascii=False, allow_nan=False)
        .encode()
        .decode()
    )


@patient
@given(anything)
def test_anything_gets_faults_or_is_read(data: object) -> None:
    check_outcome(data)


@patient
@given(st.sampled_from(PLACES), anything)
def test_a_good_record_with_anything_somewhere_gets_faults_or_is_read(
    path: tuple[Any, ...], value: object
) -> None:
    check_outcome(replaced(path, value))


@patient
@given(st.sampled_from(PLACES), anything)
def test_the_upgrade_of_anything_ends(path: tuple[Any, ...], value: object) -> None:
    data = replaced(path, value)
    unfit = refusals(upgrade_record, data)

    assert {fault.code.value for fault in unfit} <= {"ERR-101"}


@patient
@given(st.sampled_from(PLACES), anything)
def test_what_is_upgraded_gets_faults_or_is_read(
    path: tuple[Any, ...], value: object
) -> None:
    data = replaced(path, value)
    assume(not refusals(upgrade_record, data))

    check_outcome(upgrade_record(data))


@patient
@given(anything)
def test_read_report_refuses_what_is_no_report(data: object) -> None:
    faults = refusals(read_report, data)

    assert len(faults) > 0
    assert [fault for fault in faults if not all(fault.translate())] == []


@patient
@given(reports)
def test_read_report_reads_what_write_report_wrote(report: IntegrationReport) -> None:
    sent = json.loads(json.dumps(write_report(report)))

    assert read_report(sent) == report


@patient
@given(
    st.sampled_from(places(REPORT)),
    st.sampled_from([{}, [[]], 10**400, "\x00", "\ud800", float("nan")]),
)
def test_read_report_refuses_what_no_field_can_hold(
    path: tuple[Any, ...], value: object
) -> None:
    """Whatever the field, also one that is read by nobody."""
    assert refusals(read_report, replaced(path, value, REPORT)) != []


@patient
@given(documents)
def test_read_json_reads_what_another_wrote(document: object) -> None:
    assert read_json(json.dumps(document).encode()) == document
    assert (
        read_json(json.dumps(document, ensure_ascii=False, indent=1).encode())
        == document
    )


@patient
@given(
    documents,
    st.integers(0, 10**6),
    st.sampled_from([b"", b"\xff", b"\x00", b"]", b"'", b"NaN", b"//"]),
)
def test_read_json_refuses_what_another_refuses(
    document: object, place: int, between: bytes
) -> None:
    """A document that lost its end, or was given something in the middle."""
    whole = json.dumps(document, ensure_ascii=False).encode()
    offset = place % (len(whole) + 1)
    body = whole[:offset] + between + (whole[offset:] if between else b"")

    assert read_ours(body) == read_theirs(body)


def test_json_nested_beyond_reason_is_refused() -> None:
    for body in (b"[" * 100_000, b'{"a":' + b"[" * 500 + b"]" * 500 + b"}"):
        faults = refusals(lambda sent: read_record(read_json(sent)), body)

        assert [fault.code.value for fault in faults] == ["ERR-101"]


pieces = st.sampled_from(
    ["<b>", "</b>", "<p", ">", "<", "&lt;", "&amp;", "&", "<script>", "</script>", "<a href='javascript:x'>", "</a>",
     "<!--", "-->", "<img src=x onerror=y>", "3 < 4", " x ", "é", "&#60;", "<br/>"]
)  # fmt: skip
writable = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20)
markup = st.lists(pieces | writable, max_size=12).map("".join)


@patient
@given(markup)
def test_making_plain_or_harmless_twice_changes_nothing_more(words: str) -> None:
    assert strip_html(strip_html(words)) == strip_html(words)
    assert sanitise_html(sanitise_html(words)) == sanitise_html(words)
    assert "<script" not in strip_html(words).lower() + sanitise_html(words).lower()
    assert "javascript:" not in sanitise_html(words)


@patient
@given(
    st.lists(st.tuples(st.sampled_from(TAGS), markup, markup), min_size=1, max_size=4),
    st.lists(writable, min_size=1, max_size=5),
    st.sampled_from(VERSIONS),
)
def test_a_record_with_any_words_is_read_and_written_without_loss(
    summary: list[tuple[str, str, str]], words: list[str], version: str
) -> None:
    data = a_full_record()
    data["summary"] = [
        {"lang": lang, "text": f"Oui {text}", "html": html}
        for lang, text, html in summary
    ]
    data["keywords"] = [f"k{word}" for word in words]
    data["metadata_info"]["api_version"] = version

    assert validate(data) == []
    check_outcome(data)

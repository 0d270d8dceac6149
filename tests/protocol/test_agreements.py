"""Terms, policies, agreements and standings as JSON: read as written, each fault at its place."""

import json
from typing import Any

import pytest

from tests.protocol.agreed import (
    AGREEMENT_ID,
    PROJECT_ID,
    said_agreement,
    said_policy,
    said_standing,
    said_terms,
)
from udi.protocol.agreement import (
    read_agreement,
    read_agreement_status,
    write_agreement,
    write_agreement_status,
)
from udi.protocol.faults import FaultCode, InvalidDocument
from udi.protocol.policy import read_policy, write_policy
from udi.protocol.terms import Purpose, Terms, read_terms, write_terms

FILTER = {"column": "âge", "operator": "lt", "values": ["18"]}
WRONG_TERMS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"purposes": []}, [("ERR-202", "purposes")]),
    ({"purposes": None}, [("ERR-202", "purposes")]),
    ({"purposes": ["research", "war"]}, [("ERR-302", "purposes[1]")]),
    ({"purposes": ["research", "research"]}, [("ERR-304", "purposes[1]")]),
    ({"purposes": "research"}, [("ERR-201", "purposes")]),
    ({"prohibitions": ["print"]}, [("ERR-302", "prohibitions[0]")]),
    ({"measures": ["logged", "logged"]}, [("ERR-304", "measures[1]")]),
    ({"attribution": "x" * 301}, [("ERR-203", "attribution")]),
    ({"attribution": "a\nArticle 9"}, [("ERR-301", "attribution")]),
    ({"attribution": "a\u202eb"}, [("ERR-301", "attribution")]),
    ({"attribution": 3}, [("ERR-201", "attribution")]),
    ({"general_interest": "yes"}, [("ERR-201", "general_interest")]),
    ({"months": 0}, [("ERR-303", "months")]),
    ({"months": 121}, [("ERR-303", "months")]),
    ({"months": 12.0}, [("ERR-201", "months")]),
    ({"months": True}, [("ERR-201", "months")]),
    ({"columns": ["a", ""]}, [("ERR-308", "columns[1]")]),
    ({"columns": ["a", "a"]}, [("ERR-304", "columns[1]")]),
    ({"columns": ["a\u2028b"]}, [("ERR-301", "columns[0]")]),
    ({"columns": ["a" * 201]}, [("ERR-203", "columns[0]")]),
    ({"columns": [f"c{n}" for n in range(501)]}, [("ERR-203", "columns")]),
    ({"columns": [f"{n:0200}" for n in range(101)]}, [("ERR-203", "columns")]),
    ({"rows": [FILTER | {"operator": "like"}]}, [("ERR-302", "rows[0].operator")]),
    ({"rows": [FILTER | {"values": ["1", "2"]}]}, [("ERR-303", "rows[0].values")]),
    ({"rows": [FILTER | {"values": []}]}, [("ERR-202", "rows[0].values")]),
    ({"rows": [FILTER | {"values": [" "]}]}, [("ERR-308", "rows[0].values[0]")]),
    ({"rows": [FILTER | {"values": [18]}]}, [("ERR-201", "rows[0].values[0]")]),
    ({"rows": [FILTER | {"values": ["x\x07"]}]}, [("ERR-301", "rows[0].values[0]")]),
    (
        {"rows": [FILTER | {"operator": "isAnyOf", "values": ["1", "1"]}]},
        [("ERR-304", "rows[0].values[1]")],
    ),
    ({"rows": [FILTER | {"or": []}]}, [("ERR-102", "rows[0].or")]),
    ({"rows": [FILTER, FILTER]}, [("ERR-304", "rows[1]")]),
    (
        {
            "rows": [
                {"column": "a", "operator": "eq", "values": [str(n)]} for n in range(21)
            ]
        },
        [("ERR-203", "rows")],
    ),
    ({"bytes_a_month": 0}, [("ERR-303", "bytes_a_month")]),
    ({"requests_a_minute": -1}, [("ERR-303", "requests_a_minute")]),
    ({"requests_a_minute": 10**30}, [("ERR-303", "requests_a_minute")]),
    ({"only_sums": True}, [("ERR-102", "only_sums")]),
    (
        {"months": 0, "purposes": ["war"]},
        [("ERR-302", "purposes[0]"), ("ERR-303", "months")],
    ),
]
FIELD: dict[str, Any] = {"name": "why", "kind": "words", "label": {"en": "Why"}}
WRONG_POLICIES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"requesters": []}, [("ERR-202", "requesters")]),
    ({"requesters": ["army"]}, [("ERR-302", "requesters[0]")]),
    ({"terms": None}, [("ERR-202", "terms")]),
    ({"terms": said_terms(months=500)}, [("ERR-303", "terms.months")]),
    (
        {"terms": said_terms(rows=[FILTER | {"values": ["1", "2"]}])},
        [("ERR-303", "terms.rows[0].values")],
    ),
    ({"why": {"tlh": "x"}}, [("ERR-302", "why.tlh")]),
    ({"why": {"fr": "x" * 5001}}, [("ERR-203", "why.fr")]),
    ({"why": "x"}, [("ERR-201", "why")]),
    ({"answer_days": 0}, [("ERR-303", "answer_days")]),
    ({"answer_days": 91}, [("ERR-303", "answer_days")]),
    ({"renewals": -1}, [("ERR-303", "renewals")]),
    ({"price": 3}, [("ERR-102", "price")]),
    ({"fields": [FIELD, FIELD]}, [("ERR-304", "fields[1].name")]),
    ({"fields": [FIELD | {"name": "Why?"}]}, [("ERR-307", "fields[0].name")]),
    ({"fields": [FIELD | {"label": {}}]}, [("ERR-202", "fields[0].label")]),
    ({"fields": [FIELD | {"kind": "colour"}]}, [("ERR-302", "fields[0].kind")]),
    ({"fields": [FIELD | {"kind": "choice"}]}, [("ERR-202", "fields[0].choices")]),
    ({"fields": [FIELD | {"choices": ["a", "b"]}]}, [("ERR-306", "fields[0].choices")]),
    (
        {"fields": [FIELD | {"name": f"f{n}"} for n in range(31)]},
        [("ERR-203", "fields")],
    ),
]
WRONG_AGREEMENTS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"id": "7"}, [("ERR-307", "id")]),
    ({"sub": PROJECT_ID}, [("ERR-303", "sub")]),
    ({"purpose": "commercial"}, [("ERR-303", "purpose")]),
    ({"ends_at": "2026-12-01T00:00:00Z"}, [("ERR-303", "ends_at")]),
    ({"starts_at": "2026-12-01"}, [("ERR-307", "starts_at")]),
    (
        {"requester": {"kind": "ghost", "id": PROJECT_ID}},
        [("ERR-302", "requester.kind")],
    ),
    (
        {"provider": {"kind": "company", "id": PROJECT_ID, "name": " "}},
        [("ERR-202", "provider.name")],
    ),
    ({"text": {}}, [("ERR-202", "text")]),
    ({"page": "javascript:alert(1)"}, [("ERR-307", "page")]),
    ({"terms": said_terms(only_sums=True)}, [("ERR-102", "terms.only_sums")]),
    ({"dataset_title": "a\x00"}, [("ERR-301", "dataset_title")]),
]
WRONG_STANDINGS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"sub": PROJECT_ID}, [("ERR-303", "sub")]),
    ({"state": "asleep"}, [("ERR-302", "state")]),
    ({"revision": 0}, [("ERR-303", "revision")]),
    ({"agreement_sha256": "AB" * 32}, [("ERR-307", "agreement_sha256")]),
    ({"closes_at": "soon"}, [("ERR-307", "closes_at")]),
    (
        {"credentials": [said_standing()["credentials"][0]] * 2},
        [("ERR-304", "credentials[1].id")],
    ),
]
READERS = {
    "terms": (read_terms, said_terms, write_terms),
    "policy": (read_policy, said_policy, write_policy),
    "agreement": (read_agreement, said_agreement, write_agreement),
    "standing": (read_agreement_status, said_standing, write_agreement_status),
}
CASES = [
    (name, changes, faults)
    for name, cases in {
        "terms": WRONG_TERMS,
        "policy": WRONG_POLICIES,
        "agreement": WRONG_AGREEMENTS,
        "standing": WRONG_STANDINGS,
    }.items()
    for changes, faults in cases
]


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_is_written_the_same(name: str) -> None:
    read, make_document, write = READERS[name]

    assert write(read(make_document())) == make_document()
    assert write(read(json.loads(json.dumps(make_document())))) == make_document()


def test_a_standing_says_why_it_is_so_and_when_it_closes() -> None:
    document = said_standing(
        reason="The project ended.", closes_at="2027-01-31T12:00:00Z"
    )

    standing = read_agreement_status(document)

    assert (standing.reason, write_agreement_status(standing)["closes_at"]) == (
        document["reason"],
        document["closes_at"],
    )


@pytest.mark.parametrize(
    ("name", "changes", "faults"),
    CASES,
    ids=[f"{n}: {str(c)[:50]}" for n, c, _ in CASES],
)
def test_each_fault_is_said_at_its_place(
    name: str, changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    read, make_document, _ = READERS[name]

    with pytest.raises(InvalidDocument) as refused:
        read(make_document(**changes))

    assert [(fault.code.value, fault.field) for fault in refused.value.faults] == faults


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("data", [None, [], "x", 3, {}, {1: 2}, {"terms": []}])
def test_what_is_no_such_document_is_refused_without_breaking(
    name: str, data: object
) -> None:
    with pytest.raises(InvalidDocument):
        READERS[name][0](data)


def test_terms_have_one_purpose_at_least_and_nothing_else_is_needed() -> None:
    assert read_terms({"purposes": ["civic"]}) == Terms(purposes=(Purpose.CIVIC,))
    assert (
        read_terms({"purposes": ["civic"], "columns": None, "months": None}).months
        == 12
    )


def test_a_field_that_is_not_known_says_which_are() -> None:
    with pytest.raises(InvalidDocument) as refused:
        read_terms(said_terms(only_sums=True))

    assert refused.value.faults[0].code is FaultCode.UNKNOWN_FIELD
    assert "columns" in refused.value.refusals[0].remedy


def test_an_agreement_leaves_aside_what_a_later_release_adds_beside_the_terms() -> None:
    assert (
        str(
            read_agreement(
                said_agreement(colour="blue", iss="https://portal.example.org")
            ).id
        )
        == AGREEMENT_ID
    )


def test_moments_are_in_universal_time_to_the_second() -> None:
    agreement = read_agreement(said_agreement(starts_at="2026-12-01T01:30:00.9+01:00"))

    assert write_agreement(agreement)["starts_at"] == "2026-12-01T00:30:00Z"

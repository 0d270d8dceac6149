"""The table of identity across sources: what is listed beside a dataset, and what takes it over."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.nodes.harvest.record import (
    HarvestedRecord,
    IdentityBasis,
    OriginalRecord,
)
from udi.portal.nodes.sources.origin_decisions import (
    MatchedDataset,
    Nearness,
    OriginDecision,
    decide_origin,
    global_names,
)

LISTED, TAKES_OVER = OriginDecision.LISTED, OriginDecision.TAKES_OVER
PRODUCER, PAGE, ELSEWHERE = Nearness
TABLE = [
    ("push and source", MatchedDataset(is_pushed=True), PRODUCER, LISTED),
    ("two sources, as near", MatchedDataset(nearness=PAGE), PAGE, LISTED),
    ("two sources, nearer", MatchedDataset(nearness=ELSEWHERE), PRODUCER, TAKES_OVER),
    ("two sources, farther", MatchedDataset(nearness=PRODUCER), PAGE, LISTED),
    ("of another producer", MatchedDataset(same_producer=False), PRODUCER, LISTED),
    ("the same source", MatchedDataset(is_own=True), PRODUCER, OriginDecision.REPEATED),
    (
        "the same source, withdrawn",
        MatchedDataset(is_own=True, is_published=False),
        PRODUCER,
        TAKES_OVER,
    ),
    (
        "its source is closed",
        MatchedDataset(is_closed=True, same_producer=False),
        ELSEWHERE,
        TAKES_OVER,
    ),
    ("its source left", MatchedDataset(is_published=False), ELSEWHERE, TAKES_OVER),
    (
        "its node withdrew it",
        MatchedDataset(is_pushed=True, is_published=False),
        ELSEWHERE,
        TAKES_OVER,
    ),
    (
        "the team withdrew it",
        MatchedDataset(is_published=False, by_team=True),
        PRODUCER,
        LISTED,
    ),
    *(
        (f"of an organisation that joined, {name}", replace(match, is_of_joined=True, same_organisation=same), PRODUCER, decision)
        for name, match, same, decision in [
            ("nearer", MatchedDataset(), False, LISTED),
            ("its source is closed", MatchedDataset(is_closed=True), False, LISTED),
            ("its source left", MatchedDataset(is_published=False), False, LISTED),
            ("the same source, withdrawn", MatchedDataset(is_own=True, is_published=False), False, TAKES_OVER),
            ("nearer, and the record too", MatchedDataset(), True, TAKES_OVER),
            ("closed, and the record too", MatchedDataset(is_closed=True), True, TAKES_OVER),
        ]
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("match", "nearness", "decision"),
    [line[1:] for line in TABLE],
    ids=[line[0] for line in TABLE],
)
def test_decide_origin_by_the_table(
    match: MatchedDataset, nearness: Nearness, decision: OriginDecision
) -> None:
    assert decide_origin(match, nearness) is decision


@given(st.sampled_from(Nearness), st.sampled_from(Nearness))
def test_two_sources_never_take_a_dataset_from_each_other_in_turn(
    one: Nearness, other: Nearness
) -> None:
    forwards = decide_origin(MatchedDataset(nearness=one), other)
    back = decide_origin(MatchedDataset(nearness=other), one)

    assert [forwards, back].count(TAKES_OVER) < 2


NAMES = [
    ("https://data.example.org/id/7/", "http://data.example.org/id/7", True),
    ("10.1234/abcd", "https://doi.org/10.1234/abcd", True),
    ("urn:uuid:7d0c6a52-3c1f-4a39-9a0e-0f6f4d6c2b11", None, True),
    ("7d0c6a52-3c1f-4a39-9a0e-0f6f4d6c2b11", None, True),
    ("arbres", None, False),
    ("12", None, False),
]


@pytest.mark.parametrize(("identifier", "same", "is_global"), NAMES)
def test_global_names_are_those_that_mean_the_same_everywhere(
    identifier: str,
    same: str | None,
    *,
    is_global: bool,
) -> None:
    names = global_names(record(identifier))

    assert (identifier in names) is is_global
    assert {same or identifier} - names == (set() if is_global else {identifier})


def test_aliases_are_names_and_what_stands_for_an_identifier_is_none() -> None:
    alias = "https://data.example.org/id/7"

    assert alias in global_names(record("arbres", alias))
    made = record("file:https://files.example.org/a.csv a", basis=IdentityBasis.FILE)
    assert global_names(made) == set()


def record(
    identifier: str, *aliases: str, basis: IdentityBasis = IdentityBasis.IDENTIFIER
) -> HarvestedRecord:
    return HarvestedRecord(
        identifier=identifier,
        identified_by=basis,
        aliases=aliases,
        title={"fr": "Arbres"},
        source_record=OriginalRecord("application/json", b"{}"),
    )

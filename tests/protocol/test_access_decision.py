"""What a node lets through: every refusal beside what passes, the first that is wrong said first."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.protocol.agreed import DATASET_ID, PROJECT_ID, said_agreement, said_standing
from tests.protocol.test_words import french
from udi.protocol.access_decision import (
    DENIALS,
    ReadingDecision,
    ReadingRequest,
    RefusalReason,
    decide_reading,
    refuse,
    state_at,
)
from udi.protocol.agreement import (
    Agreement,
    AgreementStatus,
    AgreementValidity,
    read_agreement,
    read_agreement_status,
)
from udi.protocol.terms import Purpose

REFERENCE = Path(__file__).parents[2] / "docs/reference/agreements.md"
AGREEMENT = read_agreement(said_agreement())
STANDING = read_agreement_status(said_standing())
CREDENTIAL = STANDING.credentials[0]
NOON = datetime(2027, 2, 14, 12, 30, 20, tzinfo=UTC)
READING = ReadingRequest(dataset=UUID(DATASET_ID), credential=CREDENTIAL.sha256)
COLUMNS = ("îlot", "énergie (kWh)")


def changed(thing: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(thing, **changes)


def decide(
    *,
    agreement: dict[str, Any] | None = None,
    standing: dict[str, Any] | None = None,
    moment: datetime = NOON,
    **reading: Any,
) -> ReadingDecision:
    agreed: Agreement = changed(AGREEMENT, **(agreement or {}))
    stands: AgreementStatus = changed(STANDING, **(standing or {}))
    return decide_reading(agreed, stands, changed(READING, **reading), moment)


WHOLE = {"terms": changed(AGREEMENT.terms, columns=(), rows=())}
PASSED: list[dict[str, Any]] = [
    {},
    {"credential": ""},
    {"purpose": Purpose.RESEARCH},
    {"columns": COLUMNS},
    {"columns": ("îlot",)},
    {"columns": ()},
    {"agreement": WHOLE, "columns": ("anything",)},
    {"agreement": WHOLE, "as_file": True, "size": 5_000_000_000},
    {"bytes_this_month": 4_999_999_999},
    {"readings_this_minute": 59},
    {"moment": AGREEMENT.starts_at},
    {"moment": AGREEMENT.ends_at},
    {"standing": {"closes_at": NOON + timedelta(seconds=1)}},
]
REFUSED: list[tuple[RefusalReason, dict[str, Any]]] = [
    (RefusalReason.UNKNOWN_CREDENTIAL, {"credential": "ef" * 32}),
    (
        RefusalReason.UNKNOWN_CREDENTIAL,
        {"credential": "ef" * 32, "standing": {"state": AgreementValidity.REVOKED}},
    ),
    (RefusalReason.UNKNOWN_CREDENTIAL, {"standing": {"credentials": ()}}),
    (RefusalReason.UNCONFIRMED, {"standing": {"agreement": UUID(PROJECT_ID)}}),
    (RefusalReason.OTHER_DATASET, {"dataset": UUID(PROJECT_ID)}),
    (RefusalReason.GIVEN_UP, {"standing": {"state": AgreementValidity.GIVEN_UP}}),
    (
        RefusalReason.GIVEN_UP,
        {"standing": {"state": AgreementValidity.GIVEN_UP, "closes_at": NOON}},
    ),
    (RefusalReason.REVOKED, {"standing": {"state": AgreementValidity.REVOKED}}),
    (RefusalReason.REVOKED, {"standing": {"closes_at": NOON}}),
    (
        RefusalReason.REVOKED,
        {"standing": {"state": AgreementValidity.SUSPENDED, "closes_at": NOON}},
    ),
    (RefusalReason.SUSPENDED, {"standing": {"state": AgreementValidity.SUSPENDED}}),
    (
        RefusalReason.SUSPENDED,
        {
            "standing": {
                "state": AgreementValidity.SUSPENDED,
                "closes_at": NOON + timedelta(days=9),
            }
        },
    ),
    (
        RefusalReason.NOT_STARTED,
        {"moment": AGREEMENT.starts_at - timedelta(microseconds=1)},
    ),
    (RefusalReason.ENDED, {"moment": AGREEMENT.ends_at + timedelta(microseconds=1)}),
    (
        RefusalReason.CREDENTIAL_EXPIRED,
        {
            "standing": {
                "credentials": (
                    changed(CREDENTIAL, expires_at=NOON - timedelta(seconds=1)),
                )
            }
        },
    ),
    (RefusalReason.OTHER_PURPOSE, {"purpose": Purpose.PUBLIC_SERVICE}),
    (RefusalReason.OTHER_COLUMNS, {"columns": (*COLUMNS, "logements")}),
    (RefusalReason.OTHER_COLUMNS, {"columns": ("Îlot",)}),
    (RefusalReason.OTHER_COLUMNS, {"columns": ("début",)}),
    (RefusalReason.ONLY_IN_PART, {"as_file": True}),
    (
        RefusalReason.ONLY_IN_PART,
        {"as_file": True, "agreement": {"terms": changed(AGREEMENT.terms, columns=())}},
    ),
    (
        RefusalReason.ONLY_IN_PART,
        {"as_file": True, "agreement": {"terms": changed(AGREEMENT.terms, rows=())}},
    ),
    (RefusalReason.VOLUME_SPENT, {"bytes_this_month": 5_000_000_000}),
    (RefusalReason.VOLUME_SPENT, {"bytes_this_month": 6_000_000_000}),
    (RefusalReason.VOLUME_SPENT, {"bytes_this_month": 1, "size": 5_000_000_000}),
    (RefusalReason.TOO_OFTEN, {"readings_this_minute": 60}),
]


@pytest.mark.parametrize("arguments", PASSED, ids=lambda arguments: str(arguments)[:50])
def test_what_was_agreed_is_let_through_with_the_view_agreed(
    arguments: dict[str, Any],
) -> None:
    answer = decide(**arguments)

    assert (answer.refused, answer.status, answer.translate()) == (None, 200, ("", ""))
    assert answer.view is not None
    terms = changed(AGREEMENT, **arguments.get("agreement", {})).terms
    assert (answer.view.columns, answer.view.rows) == (terms.columns, terms.rows)


@pytest.mark.parametrize(
    ("why", "arguments"),
    REFUSED,
    ids=[f"{why} {str(arguments)[:50]}" for why, arguments in REFUSED],
)
def test_what_was_not_agreed_is_refused_and_said_in_both_languages(
    why: RefusalReason, arguments: dict[str, Any]
) -> None:
    answer = decide(**arguments)

    assert (answer.refused, answer.view) == (why, None)
    assert answer.status == DENIALS[why].status
    for message, remedy in (answer.translate(), answer.translate(french)):
        assert message.replace("\u00a0", " ").isprintable()
        assert message.strip()
        assert remedy.strip()
    assert answer.translate() != answer.translate(french)


def test_every_refusal_has_its_answer_and_its_test() -> None:
    before_any_agreement = {RefusalReason.NO_CREDENTIAL}
    by_consents = {RefusalReason.NO_CONSENT, RefusalReason.CONSENTS_STALE}
    elsewhere = before_any_agreement | by_consents

    assert list(DENIALS) == list(RefusalReason)
    assert {why for why, _ in REFUSED} | elsewhere == set(RefusalReason)
    assert refuse(RefusalReason.NO_CREDENTIAL).status == 401
    assert {denial.status for denial in DENIALS.values()} == {401, 403, 429, 503}


def test_nothing_is_let_through_while_the_portal_said_nothing() -> None:
    assert (
        decide_reading(AGREEMENT, None, READING, NOON).refused
        is RefusalReason.UNCONFIRMED
    )


def test_the_reason_that_the_producer_gave_is_reported() -> None:
    answer = decide(
        standing={
            "state": AgreementValidity.REVOKED,
            "reason": "100 % of the meters were replaced.",
        }
    )

    assert (
        answer.translate()[0]
        == "The producer put an end to this agreement. 100 % of the meters were replaced."
    )


def test_a_refusal_that_time_ends_says_when() -> None:
    spent = decide(bytes_this_month=5_000_000_000)
    often = decide(readings_this_minute=60)

    assert spent.again_at == datetime(2027, 3, 1, tzinfo=UTC)
    assert spent.translate()[1] == "Ask for less, or wait for 2027-03-01 00:00 UTC."
    assert often.again_at == datetime(2027, 2, 14, 12, 31, tzinfo=UTC)
    assert (
        decide(moment=datetime(2026, 1, 1, tzinfo=UTC)).again_at == AGREEMENT.starts_at
    )
    assert decide(moment=datetime(2029, 1, 1, tzinfo=UTC)).again_at is None
    assert decide(size=5_000_000_001).again_at is None
    assert decide(size=5_000_000_000, bytes_this_month=1).again_at == datetime(
        2027, 3, 1, tzinfo=UTC
    )


def test_what_remains_of_the_month_is_reported() -> None:
    assert decide(bytes_this_month=1_000).remaining_bytes == 4_999_999_000
    assert (
        decide(
            agreement={"terms": changed(AGREEMENT.terms, bytes_a_month=None)}
        ).remaining_bytes
        is None
    )
    assert decide(bytes_this_month=9_000_000_000).remaining_bytes == 0


def test_december_is_followed_by_january() -> None:
    december = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)

    assert decide(moment=december, bytes_this_month=5_000_000_000).again_at == datetime(
        2027, 1, 1, tzinfo=UTC
    )


def test_columns_of_others_are_named_short() -> None:
    answer = decide(columns=("x" * 500, "\x07", *map(str, range(50))))

    assert len(answer.translate()[0]) < 200
    assert answer.translate()[0].isprintable()


def test_a_revocation_with_notice_begins_by_itself() -> None:
    standing = changed(STANDING, closes_at=NOON)

    assert (
        state_at(standing, NOON - timedelta(microseconds=1)) is AgreementValidity.ACTIVE
    )
    assert state_at(standing, NOON) is AgreementValidity.REVOKED


def test_a_verdict_without_limits_has_a_whole_view() -> None:
    answer = decide(agreement=WHOLE)

    assert answer.view is not None
    assert answer.view.is_whole


def test_the_documentation_has_each_refusal_with_its_status_in_the_order_of_the_answers() -> (
    None
):
    rows = re.findall(
        r"^\| `([a-z_]+)` \| (\d{3}) \|", REFERENCE.read_text(), re.MULTILINE
    )

    assert rows == [(why.value, str(denial.status)) for why, denial in DENIALS.items()]

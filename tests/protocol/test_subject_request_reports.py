"""What portal and node say to each other about requests about one's own data: tickets and reports."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.kit.credentials import InvalidSignatureError
from udi.kit.keys import Signer, new_secret, verify
from udi.protocol.credentials import CONFIRMATION, SUBJECT_TICKET
from udi.protocol.subject_request_reports import (
    PaperRequestReport,
    SubjectRequestReport,
    SubjectRequestReports,
)
from udi.protocol.subject_requests import SubjectRequestState, SubjectRight
from udi.protocol.subject_tickets import (
    SubjectTicket,
    read_ticket_claims,
    return_address,
    write_ticket_claims,
)

PORTAL = "https://kerlevan.example"
NODE = "https://data.kerlevan.example"
ID = "6f0e4a3c-5f53-4a0e-8d5e-0d6a3f0c1b2a"
TICKET = SubjectTicket(
    producer="mairie",
    right=SubjectRight.ACCESS,
    number="7F3K-2M",
    country="FR",
    time_zone="Europe/Paris",
    language="fr",
    officer=True,
)
STATUS = {
    "id": ID,
    "sequence": 3,
    "state": "answered",
    "received_on": "2026-12-01",
    "due_on": "2027-01-04",
    "extended": False,
    "was_late": False,
    "decided_on": "2026-12-09",
}
REPORT: dict[str, Any] = STATUS | {
    "confirmation": CONFIRMATION.generate(),
    "news": True,
    "escalated": False,
}
PAPER: dict[str, Any] = STATUS | {"producer": "mairie", "right": "erasure"}


def sign(signer: Signer, **further: Any) -> str:
    return signer.sign(
        SUBJECT_TICKET,
        subject=ID,
        issuer=PORTAL,
        audience=NODE,
        further_claims={**write_ticket_claims(TICKET), **further},
    )


def read(signer: Signer, token: str) -> SubjectTicket:
    keys = signer.public_keys()
    signed = verify(token, keys, kind=SUBJECT_TICKET, issuer=PORTAL, audience=NODE)
    assert signed.subject == ID
    return read_ticket_claims(signed.claims)


def test_a_ticket_says_what_was_written() -> None:
    signer = Signer.from_secret(new_secret())

    assert read(signer, sign(signer)) == TICKET


def test_a_ticket_says_nothing_of_a_person() -> None:
    assert set(write_ticket_claims(TICKET)) == {
        "producer",
        "right",
        "number",
        "country",
        "time_zone",
        "language",
        "officer",
    }


def test_further_claims_do_not_replace_those_of_the_kind() -> None:
    signer = Signer.from_secret(new_secret())

    token = sign(signer, sub="another", aud="https://elsewhere.example", scope="read")

    assert read(signer, token) == TICKET


@pytest.mark.parametrize(
    ("name", "value"),
    [("right", "everything"), ("producer", ""), ("officer", "yes"), ("number", 7)],
)
def test_a_ticket_of_another_form_is_refused(name: str, value: object) -> None:
    claims = {**write_ticket_claims(TICKET), name: value}

    with pytest.raises(InvalidSignatureError):
        read_ticket_claims(claims)


@pytest.mark.parametrize("name", write_ticket_claims(TICKET))
def test_a_ticket_says_everything(name: str) -> None:
    claims = dict(write_ticket_claims(TICKET))
    del claims[name]

    with pytest.raises(InvalidSignatureError, match=name):
        read_ticket_claims(claims)


def test_the_way_back_carries_the_confirmation_alone() -> None:
    secret = CONFIRMATION.generate()

    assert return_address(PORTAL, ID, secret) == (
        f"{PORTAL}/my-data/requests/{ID}/return?confirmation={secret}"
    )


def test_reports_of_a_node() -> None:
    body = {"requests": [REPORT], "paper": [PAPER]}

    reports = msgspec.convert(body, SubjectRequestReports, strict=False)

    assert reports.requests[0].state is SubjectRequestState.ANSWERED
    assert reports.requests[0].ended_on is None
    assert reports.paper[0].right is SubjectRight.ERASURE
    assert msgspec.to_builtins(reports)["requests"] == [REPORT | {"ended_on": None}]


@pytest.mark.parametrize(
    ("kind", "body", "name", "value"),
    [
        (SubjectRequestReport, REPORT, "state", "nothing_held"),
        (SubjectRequestReport, REPORT, "confirmation", "short"),
        (SubjectRequestReport, REPORT, "sequence", 0),
        (SubjectRequestReport, REPORT, "received_on", "yesterday"),
        (PaperRequestReport, PAPER, "producer", ""),
        (PaperRequestReport, PAPER, "right", "everything"),
    ],
)
def test_a_report_of_another_form_is_refused(
    kind: Any, body: dict[str, Any], name: str, value: object
) -> None:
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert(body | {name: value}, kind, strict=False)


def test_no_field_of_a_report_can_hold_words() -> None:
    words = {
        field.name
        for kind in (SubjectRequestReport, PaperRequestReport)
        for field in msgspec.structs.fields(kind)
        if "str" in re.findall(r"\w+", str(field.type))
    }

    assert words == {"confirmation", "producer"}


@given(st.dictionaries(st.text(max_size=12), st.integers() | st.text(max_size=9)))
@settings(max_examples=examples(50, 1_000))
def test_claims_of_any_form_are_read_or_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignatureError):
        read_ticket_claims(claims)

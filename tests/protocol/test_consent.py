"""Consents: the table of the reference as oracle, the notice's digest, the receipt's terms, and the signed status."""

import hashlib
import json
import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from pyoxigraph import QuerySolutions, RdfFormat, Store

from udi.kit.errors import ConflictError
from udi.protocol.consent import (
    CONSENT,
    ConsentActor,
    ConsentEvent,
    ConsentNotice,
    ConsentState,
    ConsentStatus,
    InvalidConsentStatus,
    NoticeParty,
    canonical_json,
    notice_digest,
    read_consent_status,
    write_consent_status,
    write_notice,
)
from udi.protocol.consent_receipt import GivenConsent, write_receipt
from udi.protocol.plain_words import check_plain_words
from udi.protocol.terms import Purpose

PAGE = Path(__file__).parents[2] / "docs/reference/consents.md"
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| ([\w, ]+) \| `(\w+)` \|$", re.MULTILINE)
TABLE = {
    (state, event): (frozenset(re.findall(r"\w+", actors)), target)
    for state, event, actors, target in ROW.findall(PAGE.read_text())
}
TRIALS = list(product(ConsentState, ConsentEvent, ConsentActor))
MOMENT = datetime(2026, 11, 30, 10, 12, 3, tzinfo=UTC)
LATER = datetime(2027, 11, 30, 10, 12, 3, tzinfo=UTC)
NOTICE = ConsentNotice(
    id=UUID(int=1),
    version=3,
    agreement=UUID(int=2),
    agreement_ends_at=LATER,
    project=UUID(int=3),
    project_title="Le bus quand il pleut",
    recipient=NoticeParty(
        id=UUID(int=4), name="Laboratoire Estran", contact="dpo@estran.example"
    ),
    holder=NoticeParty(id=UUID(int=5), name="Réseau Goéland"),
    dataset=UUID(int=6),
    dataset_title="Trajets",
    fields=("ligne", "heure"),
    purpose=Purpose.RESEARCH,
    language="fr",
    question="Prêter vos trajets en bus ?",
    data="Ligne, heure, arrêt",
    reason="Trouver où les bus prennent du retard.",
    months=12,
    stop_url="https://demo.example/my-data/consents",
    rights_url="https://demo.example/my-data/rights",
)
GIVEN = GivenConsent(UUID(int=7), UUID(int=8), MOMENT, LATER)
STATUS = ConsentStatus(
    consent=UUID(int=7),
    agreement=UUID(int=2),
    dataset=UUID(int=6),
    notice_sha256="0" * 64,
    state=ConsentState.GIVEN,
    revision=4,
    given_at=MOMENT,
    expires_at=LATER,
)
KNOWN_TERMS = {
    "dpv": {
        "CommercialPurpose", "Collect", "ConsentGiven", "ConsentNotice", "ConsentReceipt", "ConsentRecord",
        "DataController", "DataSubjectRight", "ExpressedConsent", "ImprovePublicServices", "PersonalData", "Process",
        "ScientificResearch", "UntilTimeDuration", "Use", "WithdrawConsent", "hasApplicableLaw", "hasConsentControl",
        "hasConsentStatus", "hasDataController", "hasDataSource", "hasDataSubject", "hasDuration", "hasIdentifier",
        "hasIndicationMethod", "hasLegalBasis", "hasName", "hasNotice", "hasPersonalData", "hasProcess",
        "hasProcessing", "hasPurpose", "hasRecipient", "hasRecordOfActivity", "hasRight", "isExercisedAt",
        "isIndicatedAtTime", "isIndicatedBy",
    },
    "eu-gdpr": {"A6-1-a", "A7-3"},
    "legal-eu": {"law-GDPR"},
}  # fmt: skip
"""Terms of DPV 2.3 and of its extensions, by the prefix under which a receipt writes them."""


def test_the_reference_has_the_whole_table() -> None:
    assert len(TABLE) == 7
    assert {event for _, event in TABLE} == set(ConsentEvent)
    assert {target for _, target in TABLE.values()} | {"requested"} == set(ConsentState)


def reach(state: ConsentState, event: ConsentEvent, actor: ConsentActor) -> str:
    """The state that a move leads to, or the status of its refusal."""
    try:
        return str(CONSENT.next_state(state, event, actor))
    except ConflictError as error:
        return str(error.status)


@pytest.mark.parametrize(("state", "event", "actor"), TRIALS)
def test_every_move_is_that_of_the_reference(
    state: ConsentState, event: ConsentEvent, actor: ConsentActor
) -> None:
    actors, target = TABLE.get((state, event), (frozenset[str](), ""))

    assert reach(state, event, actor) == (target if actor in actors else "409")


def test_the_clock_or_the_person_ends_each_yes() -> None:
    assert CONSENT.events(ConsentState.GIVEN, ConsentActor.CLOCK) == ["expire"]
    assert "withdraw" in CONSENT.events(ConsentState.GIVEN, ConsentActor.PERSON)


def test_the_digest_is_that_of_the_canonical_form() -> None:
    written = canonical_json(write_notice(NOTICE))

    assert written.startswith(b'{"agreement":"00000000-')
    assert "Réseau Goéland".encode() in written
    assert notice_digest(NOTICE) == hashlib.sha256(written).hexdigest()
    assert canonical_json({"b": [1, "\u20ac\n"], "a": {"z": "", "y": 2}}) == (
        '{"a":{"y":2,"z":""},"b":[1,"\u20ac\\n"]}'.encode()
    )


@pytest.mark.parametrize("name", ConsentNotice.__struct_fields__)
def test_every_field_changes_the_digest(name: str) -> None:
    others: dict[type, Any] = {
        UUID: UUID(int=99),
        int: 99,
        str: "autre",
        tuple: ("autre",),
        datetime: MOMENT,
        Purpose: Purpose.CIVIC,
        NoticeParty: NoticeParty(id=UUID(int=99), name="Autre"),
    }
    changed = msgspec.structs.replace(
        NOTICE, **{name: others[type(getattr(NOTICE, name))]}
    )

    assert notice_digest(changed) != notice_digest(NOTICE)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_receipt_has_terms_of_the_vocabulary_only(purpose: Purpose) -> None:
    notice = msgspec.structs.replace(NOTICE, purpose=purpose)
    receipt = write_receipt(notice, GIVEN, "https://demo.example")
    body = json.dumps({**receipt, "@context": {}})
    terms = re.findall(r'"(dpv|eu-gdpr|legal-eu):([\w-]+)"', body)

    assert terms
    for prefix, term in terms:
        assert term in KNOWN_TERMS[prefix]


def test_a_receipt_is_read_as_linked_data() -> None:
    receipt = write_receipt(NOTICE, GIVEN, "https://demo.example")
    store = Store()
    store.load(json.dumps(receipt).encode(), format=RdfFormat.JSON_LD)
    solutions = store.query(
        "PREFIX dpv: <https://w3id.org/dpv#> PREFIX spdx: <http://spdx.org/rdf/terms#> "
        "SELECT ?basis ?person ?sum ?stop WHERE { ?record dpv:hasLegalBasis ?basis; dpv:hasDataSubject ?person; "
        "dpv:hasNotice/spdx:checksumValue ?sum; dpv:hasConsentControl/dpv:isExercisedAt ?stop }"
    )
    assert isinstance(solutions, QuerySolutions)
    rows = [
        [row[name].value for name in ("basis", "person", "sum", "stop")]
        for row in solutions
    ]

    assert rows == [
        [
            "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
            f"urn:uuid:{GIVEN.recipient_reference}",
            f"sha256:{notice_digest(NOTICE)}",
            NOTICE.stop_url,
        ]
    ]


def test_a_status_is_read_as_it_was_written() -> None:
    assert read_consent_status(write_consent_status(STATUS)) == STATUS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "requested"),
        ("state", "refused"),
        ("state", "sold"),
        ("revision", 0),
        ("revision", "4"),
        ("notice_sha256", "abc"),
        ("expires_at", "demain"),
        ("sub", str(UUID(int=9))),
        ("agreement", None),
    ],
)
def test_a_status_of_another_shape_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidConsentStatus) as caught:
        read_consent_status(write_consent_status(STATUS) | {name: value})

    assert [fault.field for fault in caught.value.faults] == [name]


@pytest.mark.parametrize("claims", [None, [], "text", {}])
def test_what_is_no_status_is_refused(claims: object) -> None:
    with pytest.raises(InvalidConsentStatus):
        read_consent_status(claims)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Trouver où les bus prennent du retard quand il pleut.", 0),
        ("", 0),
        (" ".join(["mot"] * 25) + ". Fin.", 0),
        (" ".join(["mot"] * 26) + ".", 1),
        ("Vos données d’intercommunalisationnels.", 1),
        ("Aujourd’hui, c’est-à-dire peut-être.", 0),
        ("PRÊTEZ VOS DONNÉES", 1),
        ("RGPD", 0),
    ],
)
def test_hard_words_are_found(text: str, count: int) -> None:
    faults = check_plain_words(text)

    assert len(faults) == count
    assert all(fault.reason % fault.values and fault.remedy for fault in faults)

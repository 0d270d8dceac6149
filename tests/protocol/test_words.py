"""Faults speak French and English, and say what to do."""

import re
from pathlib import Path

import pytest

import udi.protocol
from udi.protocol import fault_kinds
from udi.protocol.access_decision import DENIALS
from udi.protocol.agreement import InvalidAgreement, InvalidAgreementStatus
from udi.protocol.consent import CONSENT_CHANGED, SEE_CONSENTS, InvalidConsentStatus
from udi.protocol.explanations import EXPLANATIONS, UNKNOWN, explain_code
from udi.protocol.faults import FaultCode, FaultTemplate, InvalidDocument, InvalidRecord
from udi.protocol.odrl_reader import InvalidOdrl
from udi.protocol.plain_words import check_plain_words
from udi.protocol.policy import InvalidPolicy
from udi.protocol.report import InvalidReport
from udi.protocol.subject_requests import NOT_NOW, SEE_REQUEST, STATE_CHANGED
from udi.protocol.terms import InvalidTerms
from udi.ui.locale import load_translations

LOCALE = Path(udi.protocol.__file__).parent / "locale"
KINDS = {
    name: kind
    for name, kind in vars(fault_kinds).items()
    if isinstance(kind, FaultTemplate)
}
ERRORS = (
    InvalidDocument, InvalidRecord, InvalidReport, InvalidTerms, InvalidPolicy, InvalidAgreement, InvalidAgreementStatus,
    InvalidConsentStatus, InvalidOdrl,
)  # fmt: skip
HARD = check_plain_words(f"{'mot ' * 60}. {'a' * 60}. CRIONS TOUS TRES FORT ENSEMBLE.")
"""A sentence that is too long, a word that is, and one in capital letters."""
MESSAGES = {
    *(words for kind in KINDS.values() for words in (kind.message, kind.remedy)),
    *(
        words
        for entry in (*EXPLANATIONS.values(), UNKNOWN)
        for words in (entry.meaning, entry.remedy)
    ),
    *(
        words
        for denial in DENIALS.values()
        for words in (denial.message, denial.remedy)
    ),
    *(error.title for error in ERRORS),
    *(STATE_CHANGED, NOT_NOW, SEE_REQUEST),
    *(CONSENT_CHANGED, SEE_CONSENTS),
    *(words for fault in HARD for words in (fault.reason, fault.remedy)),
}


def french(message: str) -> str:
    return load_translations([LOCALE])["fr"].gettext(message)


def test_every_message_is_translated_with_the_same_places_for_values() -> None:
    catalogue = load_translations([LOCALE])["fr"]
    for message in MESSAGES:
        translation = catalogue.gettext(message)
        assert translation != message
        assert sorted(re.findall(r"%\(\w+\)s", translation)) == sorted(
            re.findall(r"%\(\w+\)s", message)
        )


def test_no_translation_is_left_of_a_message_that_is_gone() -> None:
    lines = (LOCALE / "fr.po").read_text().splitlines()
    message_ids = {
        line.removeprefix('msgid "').removesuffix('"')
        for line in lines
        if line.startswith("msgid ")
    } - {""}

    assert message_ids == MESSAGES


def test_every_rudi_code_is_explained() -> None:
    assert set(EXPLANATIONS) == {code.value for code in FaultCode}
    assert explain_code("ERR-106") is EXPLANATIONS["ERR-106"]
    assert explain_code("ERR-999") is UNKNOWN


def test_a_fault_is_said_in_the_language_of_who_reads_it() -> None:
    fault = fault_kinds.TOO_LONG.at("resource_title", length=200, limit=150)

    assert fault.translate() == (
        "This text has 200 characters, and at most 150 are accepted.",
        "Shorten it to 150 characters.",
    )
    assert fault.translate(french)[1] == "Raccourcissez-le à 150 caractères."
    assert fault.as_refusal(french).code == "ERR-203"


@pytest.mark.parametrize(
    "value", ["x" * 1_000_000, "a\x00b", "\ud800", "100 %s %(x)s", {"a": 1}, None, ""]
)
def test_a_value_that_was_sent_is_shown_short_and_storable(value: object) -> None:
    message, _ = fault_kinds.UNKNOWN_THEME.at(
        "theme", value=value, allowed=["culture", "health"]
    ).translate()

    assert len(message) < 120
    assert message.isprintable()
    assert message.encode()


def test_a_number_of_thousands_of_digits_is_not_printed() -> None:
    assert fault_kinds.UNKNOWN_THEME.at("theme", value=10**5000).values == {
        "value": "int"
    }

"""What a form, a file or a program says of a register, and what is checked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from udi.kit.errors import Refusal, Refusals
from udi.kit.mail_addresses import is_mail_address
from udi.portal.projects.translated_texts import (
    check_translations,
    tidy_line,
    tidy_translations,
    tidy_words,
)
from udi.portal.selfdata.models import LifeMoment, ProcessingEntry, ProcessingState
from udi.protocol.subject_rights import LegalBasis
from udi.ui.translated_texts import Translations

LONGEST: Mapping[str, int] = {
    "service": 120,
    "people": 300,
    "data": 600,
    "purpose": 600,
    "retention": 300,
    "recipients": 600,
    "transfers": 600,
}
"""The texts of an entry, each in the languages of the territory, and their characters at most."""
TEXTS = tuple(LONGEST)
NEEDED = ("people", "data", "purpose", "legal_basis", "retention")
"""What a published entry says besides the name of its service."""
LONGEST_ADDRESS = 300
MOST_ENTRIES = 200
"""Entries of one organisation."""


@dataclass(frozen=True, kw_only=True)
class StatementInput:
    """What an organisation says of itself."""

    holds_data: bool | None = None
    """None: it did not choose."""
    officer_email: str = ""
    officer_address: str = ""

    def tidy(self) -> "StatementInput":
        """The same without what a keyboard or a copy adds."""
        return replace(
            self,
            officer_email=tidy_line(self.officer_email),
            officer_address=tidy_words(self.officer_address),
        )


@dataclass(frozen=True, kw_only=True)
class EntryInput:
    """What is said of one service that holds personal data."""

    service: str = ""
    people: str = ""
    data: str = ""
    purpose: str = ""
    legal_basis: str = ""
    special_data: bool = False
    retention: str = ""
    recipients: str = ""
    transfers: str = ""
    moments: tuple[str, ...] = ()
    language: str = ""
    translations: Translations = field(default_factory=dict)
    state: str = ProcessingState.DRAFT

    def tidy(self) -> "EntryInput":
        """The same without what a keyboard or a copy adds."""
        texts = {name: tidy_words(getattr(self, name)) for name in TEXTS}
        texts["service"] = tidy_line(self.service)
        return replace(
            self,
            **texts,  # type: ignore[arg-type]  # the names are those of texts
            legal_basis=self.legal_basis.strip(),
            moments=tuple(dict.fromkeys(self.moments)),
            translations=tidy_translations(self.translations),
        )


def entry_input_of(entry: ProcessingEntry) -> EntryInput:
    """What is said of a service now."""
    return EntryInput(
        **{name: getattr(entry, name) for name in TEXTS},
        legal_basis=entry.legal_basis,
        special_data=entry.special_data,
        moments=tuple(entry.moments),
        language=entry.language,
        translations=entry.translations or {},
        state=entry.state,
    )


def check_statement(statement: StatementInput) -> Refusals:
    """What is wrong with what an organisation says of itself."""
    refusals = Refusals()
    if statement.holds_data is None:
        refusals.refuse(
            "holds_data",
            "Say whether your organisation holds personal data.",
            code="missing",
        )
    if statement.officer_email and not is_mail_address(statement.officer_email):
        refusals.refuse(
            "officer_email",
            "This is not a mail address.",
            "Write it as name@example.org.",
            "no-mail-address",
        )
    if len(statement.officer_address) > LONGEST_ADDRESS:
        refusals.refuse(
            "officer_address",
            "This text is too long.",
            "Write %(most)s characters at most.",
            "too-long",
            {"most": LONGEST_ADDRESS},
        )
    return refusals


def check_entry(entry: EntryInput) -> list[Refusal]:
    """What is wrong with an entry that was tidied; a published one says more than a draft."""
    refusals = Refusals()
    if not entry.service:
        refusals.refuse(
            "service", "Name the service, as people call it.", code="missing"
        )
    for name, most in LONGEST.items():
        if len(getattr(entry, name)) > most:
            refusals.refuse(
                name,
                "This text is too long.",
                "Write %(most)s characters at most.",
                "too-long",
                {"most": most},
            )
    _check_codes(entry, refusals)
    if entry.state == ProcessingState.PUBLISHED:
        _check_complete(entry, refusals)
    return [*refusals, *check_translations(entry.translations, LONGEST)]


def _check_codes(entry: EntryInput, refusals: Refusals) -> None:
    if entry.legal_basis and entry.legal_basis not in set(LegalBasis):
        refusals.refuse(
            "legal_basis",
            "This is no legal basis of the GDPR.",
            "Use %(names)s.",
            "unknown-value",
            {"names": ", ".join(LegalBasis)},
        )
    if not set(entry.moments) <= set(LifeMoment):
        refusals.refuse(
            "moments",
            "There is no such moment of life.",
            "Use %(names)s.",
            "unknown-value",
            {"names": ", ".join(LifeMoment)},
        )
    if entry.state not in set(ProcessingState):
        refusals.refuse(
            "state",
            "There is no such state.",
            "Use %(names)s.",
            "unknown-value",
            {"names": ", ".join(ProcessingState)},
        )


def _check_complete(entry: EntryInput, refusals: Refusals) -> None:
    for name in NEEDED:
        if not getattr(entry, name):
            refusals.refuse(
                name,
                "Say this before everybody reads it.",
                "Fill it in, or keep the service as a draft.",
                "missing",
            )

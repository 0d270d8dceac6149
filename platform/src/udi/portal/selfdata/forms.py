"""What forms say of registers, and the choices that they offer."""

from collections.abc import Collection
from typing import Any

from udi.portal.projects.translated_texts import (
    offered_languages,
    read_texts_by_language,
)
from udi.portal.selfdata.models import LifeMoment, ProcessingState
from udi.portal.selfdata.register_input import TEXTS, EntryInput, StatementInput
from udi.protocol.subject_requests import SubjectRight
from udi.protocol.subject_rights import LegalBasis
from udi.ui.translated_texts import Translations, swap_main_texts

MOMENT_NAMES = {
    LifeMoment.CHILDHOOD: "School, children",
    LifeMoment.IDENTITY: "Papers, family",
    LifeMoment.HOUSING: "Housing",
    LifeMoment.UTILITIES: "Water, energy",
    LifeMoment.MOBILITY: "Getting about",
    LifeMoment.CARE: "Help, health",
    LifeMoment.LEISURE: "Culture, sport",
    LifeMoment.WORK: "Work",
    LifeMoment.CIVIC: "Voting, taking part",
}
"""Moments of life, in English: messages of the catalogues."""
BASIS_NAMES = {
    LegalBasis.CONSENT: "You gave your consent",
    LegalBasis.CONTRACT: "You have a contract with the organisation, or asked for one",
    LegalBasis.LEGAL_OBLIGATION: "The law requires it",
    LegalBasis.VITAL_INTERESTS: "It protects a life",
    LegalBasis.PUBLIC_TASK: "It is a task in the public interest",
    LegalBasis.LEGITIMATE_INTERESTS: "The organisation has a legitimate interest, and respects your rights",
}
"""Legal bases in words for the people concerned, in English."""
RIGHT_NAMES = {
    SubjectRight.ACCESS: "Access the data",
    SubjectRight.RECTIFICATION: "Correct",
    SubjectRight.ERASURE: "Erase",
    SubjectRight.RESTRICTION: "Stop the use",
    SubjectRight.OBJECTION: "Object",
    SubjectRight.PORTABILITY: "Get the data back",
}
"""Rights in words, in English: messages of the catalogues."""
RIGHT_HINTS = {
    SubjectRight.ACCESS: "Which data it holds about me, and a copy of them.",
    SubjectRight.RECTIFICATION: "My address is wrong, my name is misspelt.",
    SubjectRight.ERASURE: "I left, it no longer needs them.",
    SubjectRight.RESTRICTION: "Until it has checked something that I dispute.",
    SubjectRight.OBJECTION: "I do not want it to use them for this.",
    SubjectRight.PORTABILITY: "A file with what I gave it, to give it to another.",
}


def read_statement_input(form: Any) -> StatementInput:
    """What was chosen and typed of an organisation."""
    choices = {"yes": True, "no": False}
    return StatementInput(
        holds_data=choices.get(str(form.get("holds_data") or "")),
        officer_email=str(form.get("officer_email") or ""),
        officer_address=str(form.get("officer_address") or ""),
    )


def read_entry_input(
    form: Any,
    languages: Collection[str],
    written: str,
    existing: Translations,
    state: str = ProcessingState.DRAFT,
) -> EntryInput:
    """What was typed of a service; `written` is the language in which its texts are, or begin."""
    form = swap_main_texts(form, TEXTS, written, offered_languages(languages))
    main_language, translations = read_texts_by_language(
        form, TEXTS, languages, written, existing
    )
    texts: dict[str, Any] = {name: str(form.get(name) or "") for name in TEXTS}
    return EntryInput(
        **texts,
        legal_basis=str(form.get("legal_basis") or ""),
        special_data=bool(form.get("special_data")),
        moments=tuple(str(moment) for moment in form.getall("moments", [])),
        language=main_language,
        translations=translations,
        state=state,
    )

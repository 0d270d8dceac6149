"""The producer's answers about a dataset, as typed, and what is still wrong with them."""

import re
from collections.abc import Collection, Mapping
from datetime import date

from udi.kit.errors import Refusal
from udi.kit.mail_addresses import is_mail_address
from udi.protocol.access import AccessRights
from udi.protocol.languages import LANGUAGES
from udi.protocol.licences import LICENCES
from udi.protocol.themes import THEMES
from udi.ui.locale import LANGUAGES as INTERFACE_LANGUAGES
from udi.ui.translated_texts import read_translations as read_form_translations
from udi.ui.translated_texts import translated_name

Answers = dict[str, str]
FIELDS = (
    "title",
    "summary",
    "theme",
    "keywords",
    "first_day",
    "last_day",
    "frequency",
    "language",
    "licence",
    "contact",
    "access",
    "area",
)
LOCALE = "locale"
"""Language in which the texts are written, kept beside the answers."""
TRANSLATED_FIELDS = ("title", "summary")
"""What may be answered in several languages: the main one has the field's name, each other one a name with its code."""
LONGEST = {"title": 150, "summary": 10_000, "keywords": 2_000}
LONGEST_WORD = 60
MOST_KEYWORDS = 30
LONGEST_REASON = 500
OTHER_LICENCE = "other"
"""The answer that a licence is meant which the form has in a list of its own, `other_licence`."""
FREQUENCIES = (
    "never",
    "continuous",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "yearly",
    "irregular",
)
AREAS = ("file", "territory", "none")
"""Which area the data are declared to cover: the one that the file shows, the territory's, or none.

Without an answer it is the file's.
"""
INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def clean_text(value: str) -> str:
    """What a person typed, without what no one sees and PostgreSQL refuses."""
    value = (
        value.encode("utf-8", "ignore")
        .decode()
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )
    return INVISIBLE.sub("", value).strip()


def find_translations(answers: Mapping[str, str], field: str) -> dict[str, str]:
    """The answers to a question in the languages that are not the main one, by language."""
    return {
        code: answers[translated_name(field, code)]
        for code in LANGUAGES
        if code != answers.get(LOCALE) and answers.get(translated_name(field, code))
    }


def texts_of(answers: Mapping[str, str], field: str) -> dict[str, str]:
    """The answers to a question by language, the main one first."""
    main_language = answers.get(LOCALE) or "fr"
    return {main_language: answers[field], **find_translations(answers, field)}


def titles_of(answers: Mapping[str, str]) -> dict[str, str]:
    """The title by language, where it has several; empty where it has one."""
    if find_translations(answers, "title"):
        return texts_of(answers, "title")
    return {}


def read_translations(
    form: Mapping[str, object], languages: Collection[str], main_language: str
) -> Answers:
    """What a posted form says in other languages than the main one; what is empty is left out."""
    answers: Answers = {}
    translations = read_form_translations(
        form, TRANSLATED_FIELDS, languages, main_language
    )
    for field, texts in translations.items():
        for code, value in texts.items():
            text = clean_text(value)
            if field == "title":
                text = " ".join(text.split())
            if text:
                answers[translated_name(field, code)] = text[: LONGEST[field] * 2]
    return answers


def read_answers(form: Mapping[str, object], locale: str) -> Answers:
    """The answers of a posted form, whatever they are worth; fields that are no text count as empty."""
    values = {name: form.get(name) for name in FIELDS}
    answers = {
        name: clean_text(value) if isinstance(value, str) else ""
        for name, value in values.items()
    }
    other_licence = form.get("other_licence")
    if answers["licence"] == OTHER_LICENCE and isinstance(other_licence, str):
        answers["licence"] = clean_text(other_licence) or OTHER_LICENCE
    for name in ("title", "keywords", "contact"):
        answers[name] = " ".join(answers[name].split())
    return {
        **{
            name: value[: LONGEST.get(name, 300) * 2] for name, value in answers.items()
        },
        LOCALE: locale,
    }


def is_restricted(answers: Mapping[str, str]) -> bool:
    """Whether the producer opens the data to one project at a time; without an answer they are open."""
    return answers.get("access") == AccessRights.RESTRICTED


def clear_licence(answers: Answers) -> Answers:
    """The same answers without a licence where the data are restricted: the terms of each agreement are in its place."""
    if is_restricted(answers):
        return {**answers, "licence": ""}
    return answers


def split_keywords(answers: Answers) -> list[str]:
    """The keywords, each once."""
    words = (
        word.strip(" .") for word in re.split(r"[,;\n]", answers.get("keywords", ""))
    )
    unique: dict[str, str] = {}
    for word in words:
        if word:
            unique.setdefault(word.casefold(), word)
    return list(unique.values())


def read_day(value: str) -> date | None:
    """A date of a form, or None when it is empty or no date."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def check_answers(answers: Answers, *, has_file: bool) -> list[Refusal]:
    """Everything that keeps these answers from being published, in the order of the form.

    `has_file`: whether the dataset has a main file; what it leads to elsewhere is not the node's to protect.
    """
    completed_answers = {name: answers.get(name, "") for name in FIELDS}
    return [
        *_check_required(completed_answers),
        *_check_lengths(completed_answers),
        *_check_translations(answers),
        *_check_keywords(completed_answers),
        *_check_choices(completed_answers),
        *_check_access(completed_answers, has_file=has_file),
        *_check_period(completed_answers),
        *_check_contact(completed_answers),
    ]


def _check_required(answers: Answers) -> list[Refusal]:
    free = {"licence"} if is_restricted(answers) else set()
    missing = {
        "title": Refusal("title", "Give the dataset a title."),
        "summary": Refusal("summary", "Describe the data in a sentence or two."),
        "theme": Refusal(
            "theme", "Choose the theme under which people will look for it."
        ),
        "keywords": Refusal("keywords", "Give at least one keyword."),
        "language": Refusal("language", "Choose the language of the data."),
        "licence": Refusal("licence", "Choose what people may do with the data."),
        "contact": Refusal("contact", "Give an address for questions."),
    }
    return [
        refusal
        for name, refusal in missing.items()
        if not answers[name] and name not in free
    ]


def _check_lengths(answers: Answers) -> list[Refusal]:
    messages = {
        "title": "The title is too long: 150 characters at most.",
        "summary": "The description is too long: 10,000 characters at most.",
        "keywords": "The keywords are too long: 2,000 characters at most.",
    }
    return [
        Refusal(name, message)
        for name, message in messages.items()
        if len(answers[name]) > LONGEST[name]
    ]


def _check_translations(answers: Answers) -> list[Refusal]:
    messages = {
        "title": "The title in this language is too long (%(language)s): 150 characters at most.",
        "summary": "The description in this language is too long (%(language)s): 10,000 characters at most.",
    }
    return [
        Refusal(
            translated_name(field, code),
            messages[field],
            values={"language": INTERFACE_LANGUAGES.get(code, code)},
        )
        for field in TRANSLATED_FIELDS
        for code, text in find_translations(answers, field).items()
        if len(text) > LONGEST[field]
    ]


def _check_keywords(answers: Answers) -> list[Refusal]:
    words = split_keywords(answers)
    if answers["keywords"] and not words:
        return [Refusal("keywords", "Give at least one keyword.")]
    if any(len(word) > LONGEST_WORD for word in words):
        return [
            Refusal("keywords", "A keyword is too long. Separate keywords with commas.")
        ]
    if len(words) > MOST_KEYWORDS:
        return [Refusal("keywords", "Keep the 30 best keywords.")]
    return []


def _check_choices(answers: Answers) -> list[Refusal]:
    offered: dict[str, Collection[str]] = {
        "theme": THEMES,
        "language": LANGUAGES,
        "licence": LICENCES,
        "frequency": FREQUENCIES,
        "access": [str(access_right) for access_right in AccessRights],
        "area": AREAS,
    }
    return [
        Refusal(name, "Choose one of the proposed answers.")
        for name, choices in offered.items()
        if answers[name] and answers[name] not in choices
    ]


def _check_access(answers: Answers, *, has_file: bool) -> list[Refusal]:
    if has_file or not is_restricted(answers):
        return []
    return [
        Refusal(
            "access",
            "A dataset of links cannot be restricted: the node only protects files that it keeps.",
            "Open it, or start a dataset with the file itself.",
        )
    ]


def _check_period(answers: Answers) -> list[Refusal]:
    days = {name: read_day(answers[name]) for name in ("first_day", "last_day")}
    refusals = [
        Refusal(name, "This is not a date. Write it as year-month-day: 2026-01-31.")
        for name, day in days.items()
        if answers[name] and day is None
    ]
    first = days["first_day"]
    last = days["last_day"]
    if not refusals and last and not first:
        return [
            Refusal(
                "first_day",
                "Give the start of the period too, or leave both dates empty.",
            )
        ]
    if first and last and last < first:
        return [Refusal("last_day", "The period ends before it begins.")]
    return refusals


def _check_contact(answers: Answers) -> list[Refusal]:
    contact = answers["contact"]
    if contact and not is_mail_address(contact):
        return [
            Refusal(
                "contact",
                "This is not an e-mail address. Write it as: service@example.org.",
            )
        ]
    return []

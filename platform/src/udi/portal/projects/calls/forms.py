"""What forms say of calls, and calls as forms show them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.projects.calls.models import Call, CallCriterion
from udi.portal.projects.calls.organiser_actions import TRANSLATED, CallInput
from udi.portal.projects.translated_texts import read_texts_by_language, tidy_words
from udi.ui.translated_texts import (
    flatten_translations,
    read_translations,
    translated_name,
)

IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CRITERION = re.compile(r"(.*?)[\s,:;–-]*(\d{1,3})\s*(?:points?)?\s*")
LONGEST = 20_000
TRANSLATED_NAMES = tuple(f"{name}_" for name in (*TRANSLATED, "criteria"))
"""How the names of texts in other languages begin."""


def read_text(form: Any, name: str) -> str:
    """A text of a form."""
    return str(form.get(name) or "")[:LONGEST]


def read_moment(form: Any, name: str, zone: tzinfo) -> datetime | None:
    """A day and an hour in the territory's time; None where there is none."""
    try:
        moment = datetime.fromisoformat(read_text(form, name))
        if moment.tzinfo is None:
            return moment.replace(tzinfo=zone).astimezone(zone)
        return None
    except (ValueError, OverflowError):
        return None


def read_call_input(
    form: Any, territory: Territory, written: str, call: Call | None = None
) -> CallInput:
    """What was typed; `written` is the language in which the texts are, or begin."""
    main_language, translations = read_texts_by_language(
        form,
        TRANSLATED,
        territory.languages,
        written,
        call.translations if call else {},
    )
    lines = [
        line.strip()
        for line in read_text(form, "criteria").splitlines()
        if line.strip()
    ]
    matches = [CRITERION.fullmatch(line) for line in lines]
    criteria = tuple(
        (match[1].strip(), int(match[2])) if match else ("", 0) for match in matches
    )
    datasets = IDENTIFIER.findall(read_text(form, "datasets").lower())
    return CallInput(
        title=read_text(form, "title"),
        summary=read_text(form, "summary"),
        words=read_text(form, "words"),
        closes_at=read_moment(form, "closes_at", territory.zone),
        results_at=read_moment(form, "results_at", territory.zone),
        criteria=criteria,
        criteria_by_language=_read_criteria_by_language(
            form,
            territory.languages,
            main_language,
            [points for _, points in criteria],
        ),
        datasets=tuple(dict.fromkeys(UUID(identifier) for identifier in datasets)),
        language=main_language,
        translations=translations,
    )


def _read_criteria_by_language(
    form: Any,
    languages: Sequence[str],
    main_language: str,
    points: Sequence[int],
) -> dict[str, tuple[str, ...]]:
    """The labels of the criteria in other languages, one a line; their points are left out where somebody repeats them."""
    texts = read_translations(form, ["criteria"], languages, main_language)
    points_by_position = dict(enumerate(points))
    labels_by_language = {}
    for code, text in texts.get("criteria", {}).items():
        words = tidy_words(text[:LONGEST])
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        labels_by_language[code] = tuple(
            _remove_points(line, points_by_position.get(position))
            for position, line in enumerate(lines)
        )
    return labels_by_language


def _remove_points(line: str, points: int | None) -> str:
    match = CRITERION.fullmatch(line)
    if match and match[1] and int(match[2]) == points:
        return match[1].strip()
    return line


def format_moment(moment: datetime | None, zone: tzinfo) -> str:
    """As a field of a form writes it."""
    if moment:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    return ""


def read_form_values(form: Any) -> dict[str, str]:
    """What was typed, to show it again."""
    names = (
        "title",
        "summary",
        "words",
        "closes_at",
        "results_at",
        "criteria",
        "datasets",
        "organisation",
        "main_language",
    )
    return {name: read_text(form, name) for name in (*names, *list_translated(form))}


def list_translated(form: Iterable[str]) -> list[str]:
    """The names of a form that are of texts in other languages."""
    return [name for name in form if name.startswith(TRANSLATED_NAMES)]


def call_form_values(
    call: Call,
    criteria: Sequence[CallCriterion],
    datasets: Sequence[Dataset],
    zone: tzinfo,
    origin: str,
) -> dict[str, str]:
    """A call as its form shows it."""
    return {
        "title": call.title,
        "summary": call.summary,
        "words": call.words,
        "closes_at": format_moment(call.closes_at, zone),
        "results_at": format_moment(call.results_at, zone),
        "criteria": "\n".join(
            f"{criterion.label}, {criterion.points}" for criterion in criteria
        ),
        "datasets": "\n".join(f"{origin}/data/{dataset.id}" for dataset in datasets),
        "organisation": "",
        "main_language": call.language,
        **flatten_translations(call.translations),
        **_write_criteria_by_language(criteria),
    }


def _write_criteria_by_language(criteria: Sequence[CallCriterion]) -> dict[str, str]:
    codes = {code for criterion in criteria for code in criterion.labels}
    return {
        translated_name("criteria", code): "\n".join(
            criterion.labels.get(code, "") for criterion in criteria
        )
        for code in codes
    }

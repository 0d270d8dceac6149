"""What forms say of calls, and calls as forms show them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import zip_longest
from typing import Any
from uuid import UUID

from litestar.datastructures import FormMultiDict

from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.projects.calls.models import Call, CallCriterion
from udi.portal.projects.calls.organiser_actions import TRANSLATED, CallInput
from udi.portal.projects.translated_texts import (
    offered_languages,
    read_texts_by_language,
    tidy_words,
)
from udi.ui.translated_texts import (
    flatten_translations,
    read_translations,
    swap_main_texts,
    translated_name,
)

IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CRITERION = re.compile(r"(.*?)[\s,:;–-]*(\d{1,3})\s*(?:points?)?\s*")
LONGEST = 20_000
MOST_DIGITS = 3
"""Of the points of a criterion."""
TRANSLATED_NAMES = tuple(f"{name}_" for name in (*TRANSLATED, "criteria"))
"""How the names of texts in other languages begin."""


def read_text(form: Any, name: str) -> str:
    """A text of a form."""
    return str(form.get(name) or "")[:LONGEST]


def read_points(text: str) -> int | None:
    """A whole number of points; None where there is none, or something else."""
    digits = text.strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS:
        return int(digits)
    return None


def read_moment(form: Any, name: str, zone: tzinfo) -> datetime | None:
    """A day and an hour in the territory's time; None where there is none."""
    try:
        moment = datetime.fromisoformat(read_text(form, name))
        if moment.tzinfo is None:
            return moment.replace(tzinfo=zone).astimezone(zone)
        return None
    except (ValueError, OverflowError):
        return None


def swap_call_texts(
    form: FormMultiDict, territory: Territory, written: str
) -> FormMultiDict:
    """The form of a call, its texts swapped where its main language was changed; points stay beside the main criteria."""
    offered = offered_languages(territory.languages)
    swapped = swap_main_texts(form, (*TRANSLATED, "criteria"), written, offered)
    if swapped is form:
        return form
    values = swapped.mutable_copy()
    values["criteria"] = _add_points(
        read_text(swapped, "criteria"), read_text(form, "criteria")
    )
    return FormMultiDict(values)


def read_call_input(
    form: Any,
    territory: Territory,
    written: str,
    call: Call | None = None,
    *,
    criteria: Sequence[CallCriterion] = (),
) -> CallInput:
    """What was typed; `written` is the language in which the texts are, or begin; `criteria` are those of the call."""
    main_language, translations = read_texts_by_language(
        form,
        TRANSLATED,
        territory.languages,
        written,
        call.translations if call else {},
    )
    lines = _split_lines(read_text(form, "criteria"))
    matches = [CRITERION.fullmatch(line) for line in lines]
    written_criteria = tuple(
        (match[1].strip(), int(match[2])) if match else ("", 0) for match in matches
    )
    readable = [*dict.fromkeys([*offered_languages(territory.languages), written])]
    if len(criteria) == len(written_criteria):
        unoffered_labels = _list_labels_outside(criteria, [*readable, main_language])
    else:
        unoffered_labels = {}
    datasets = IDENTIFIER.findall(read_text(form, "datasets").lower())
    return CallInput(
        title=read_text(form, "title"),
        summary=read_text(form, "summary"),
        words=read_text(form, "words"),
        closes_at=read_moment(form, "closes_at", territory.zone),
        results_at=read_moment(form, "results_at", territory.zone),
        criteria=written_criteria,
        criteria_by_language={
            **unoffered_labels,
            **_read_criteria_by_language(
                form,
                readable,
                main_language,
                [points for _, points in written_criteria],
            ),
        },
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
        lines = _split_lines(text[:LONGEST])
        labels_by_language[code] = tuple(
            _remove_points(line, points_by_position.get(position))
            for position, line in enumerate(lines)
        )
    return labels_by_language


def _list_labels_outside(
    criteria: Sequence[CallCriterion], languages: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The labels of all criteria in each language that is none of these."""
    codes = {code for criterion in criteria for code in criterion.labels}
    return {
        code: tuple(criterion.labels[code] for criterion in criteria)
        for code in codes.difference(languages)
        if all(criterion.labels.get(code) for criterion in criteria)
    }


def _split_lines(text: str) -> list[str]:
    """The lines of a text that hold something, tidied."""
    return [line.strip() for line in tidy_words(text).splitlines() if line.strip()]


def _add_points(labels: str, criteria: str) -> str:
    """Labels of criteria, one a line, each with the points of the criterion at its place."""
    matches = [CRITERION.fullmatch(line) for line in _split_lines(criteria)]
    points = [int(match[2]) if match else None for match in matches]
    lines = []
    for label, most in zip_longest(_split_lines(labels), points):
        if most is None:
            lines.append(label or "")
        else:
            lines.append(f"{_remove_points(label or '', most)}, {most}")
    return "\n".join(lines)


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

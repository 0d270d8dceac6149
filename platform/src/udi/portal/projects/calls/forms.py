"""What forms say of calls, and calls as forms show them."""

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from udi.portal.catalogue.models import Dataset
from udi.portal.projects.calls.models import Call, CallCriterion
from udi.portal.projects.calls.organiser_actions import CallInput

IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CRITERION = re.compile(r"(.*?)[\s,:;–-]*(\d{1,3})\s*(?:points?)?\s*")
LONGEST = 20_000


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


def read_call_input(form: Any, zone: tzinfo) -> CallInput:
    """What was typed."""
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
        closes_at=read_moment(form, "closes_at", zone),
        results_at=read_moment(form, "results_at", zone),
        criteria=criteria,
        datasets=tuple(dict.fromkeys(UUID(identifier) for identifier in datasets)),
    )


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
    )
    return {name: read_text(form, name) for name in names}


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
    }

"""The journal on a page and as CSV, for the territory's team."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from litestar import Response, get

from udi.kit.csv_writer import write_csv
from udi.kit.errors import InvalidError, field_error
from udi.kit.paging import page_number
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.organisations.team.queries import require_team_member
from udi.portal.territory.journal.queries import (
    MOST_EXPORTED,
    JournalEntry,
    JournalFilters,
    list_entries,
    list_newest_entries,
)
from udi.portal.territory.journal.sentences import EVENT_SENTENCES, KIND_NAMES
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.downloads import csv_response
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

PATH = "/territory/journal"
CSV_PATH = "/territory/journal.csv"
LONGEST_NAME = 100


@get(PATH)
async def show_journal(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[str]:
    """What happened, the newest first; `kind`, `person`, `from` and `to` narrow it."""
    await require_team_member(session, member)
    values = dict(read_pairs(request))
    try:
        filters = read_filters(values)
        errors: Mapping[str, str] = {}
    except InvalidError as error:
        filters = JournalFilters()
        errors = form_errors(request, error)
    number = page_number(values.get("page"))
    zone = ZoneInfo(territory.time_zone)
    page = await list_entries(session, filters, zone, number)
    say = site_of(request).pages.translator(request)
    return render(
        request,
        "territory/journal.html",
        status=422 if errors else 200,
        page=page,
        filters=filters,
        form_values={name: values.get(name, "") for name in ("from", "to")},
        errors=errors,
        kinds=list_kinds(filters, say),
        most=MOST_EXPORTED,
        sentences={entry.name: describe_event(entry.name, say) for entry in page.items},
        page_url=lambda page_: filters.address(PATH, page_),
        csv_url=filters.address(CSV_PATH),
    )


@get(CSV_PATH)
async def export_journal(
    request: AnyRequest, session: Session, member: Member, territory: CurrentTerritory
) -> Response[bytes]:
    """The same filter as a table, without pages."""
    await require_team_member(session, member)
    filters = read_filters(dict(read_pairs(request)))
    zone = ZoneInfo(territory.time_zone)
    entries = await list_newest_entries(session, filters, zone)
    say = site_of(request).pages.translator(request)
    header = [
        say("When (UTC)"),
        say("Event"),
        say("What happened"),
        say("Who"),
        say("About"),
    ]
    rows = [_row(entry, say) for entry in entries]
    locale: str = request.scope["state"]["locale"]
    return csv_response(write_csv(header, rows, locale), "journal.csv")


def _row(entry: JournalEntry, say: Callable[[str], str]) -> Sequence[str]:
    return (
        entry.at.isoformat(timespec="seconds"),
        entry.name,
        describe_event(entry.name, say),
        describe_person(entry.person, say),
        entry.subject.title if entry.subject else "",
    )


def list_kinds(
    filters: JournalFilters, say: Callable[[str], str]
) -> list[tuple[str, str]]:
    """Kinds of events to choose from, by name; the one of the filter is among them, whatever it is."""
    kinds = sorted(
        ((kind, say(name)) for kind, name in KIND_NAMES.items()),
        key=lambda option: option[1].casefold(),
    )
    if filters.kind and filters.kind not in KIND_NAMES:
        kinds.append((filters.kind, filters.kind))
    return kinds


def describe_event(name: str, say: Callable[[str], str]) -> str:
    """An event in words; its name where there are none for it."""
    sentence = EVENT_SENTENCES.get(name)
    if sentence is None:
        return name
    return say(sentence)


def describe_person(person: str | None, say: Callable[[str], str]) -> str:
    """Who acted, in words where it is no person with a name."""
    if person is None:
        return say("Automatically")
    return person or say("A former member")


def read_filters(values: Mapping[str, str]) -> JournalFilters:
    """The filters of an address; a kind that is not known keeps nothing.

    Raises:
        InvalidError: a day is no day.
    """
    return JournalFilters(
        kind=values.get("kind", "").strip(),
        person=values.get("person", "").strip()[:LONGEST_NAME],
        first=_read_day("from", values.get("from", "")),
        last=_read_day("to", values.get("to", "")),
    )


def _read_day(field: str, value: str) -> date | None:
    if not value.strip():
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise field_error(
            field, "This is no day.", "Write it as 2026-11-29."
        ) from error


routes: Routes = [show_journal, export_journal]

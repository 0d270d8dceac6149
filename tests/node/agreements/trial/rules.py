"""The table «How rows leave» of `docs/reference/agreements.md`: what each way answers to a reading, written by hand."""

from dataclasses import dataclass, field
from datetime import datetime

from tests.node.agreements.trial import model
from tests.node.agreements.trial.addresses import PLACES, Address
from tests.node.agreements.trial.model import (
    ALLOWED,
    Question,
    Reader,
    Situation,
    Table,
)

TABLE_FORMS = {"page", "export", *PLACES}
"""The ways that know tables only: a file that is none is not found there."""
PERSONS = {"list for a person", "export for a person"}
UNKNOWN = {"no_credential", "unknown_credential", "other_dataset"}
"""The refusals of which no agreement knows."""
PARTIAL_KINDS = {"parquet", "pmtiles"}
"""Exports of which a part of the bytes may be asked."""


@dataclass(frozen=True)
class Request:
    """One reading: where, by whom, how, of what, when."""

    address: Address
    reader: Reader
    method: str
    question: Question
    byte_range: tuple[int, int] | None
    moment: datetime


@dataclass(frozen=True)
class Expected:
    """What must be answered, and what must be noted of it."""

    status: int
    code: str = ""
    what: str = ""
    """How it was read, for the log; empty: nothing is noted."""
    table: Table | None = None
    form: str = ""
    """Of the answer, where it shows rows."""
    content: bytes | None = None
    """The answer, byte for byte, where it is the file itself."""
    never_fits: bool = False
    """The answer is more than the agreement gives in a month: no waiting helps."""
    facts: dict[str, object] = field(default_factory=dict)
    """What else is said: names of columns, a rectangle, links."""

    @property
    def outcome(self) -> str:
        """What the log says of it."""
        return self.code or ALLOWED

    @property
    def is_given(self) -> bool:
        """Whether bytes of the data are given."""
        return self.status in {200, 206}

    def size_of(self, request: Request, content: bytes) -> int:
        """The bytes that count: those of the data, not of the page and the log that a person is shown."""
        is_counted = (
            self.is_given and request.method != "HEAD" and self.what not in {"", "page"}
        )
        if is_counted:
            return len(content)
        return 0


def expect(situation: Situation, request: Request) -> Expected:
    """What the node must answer, if it is not more than the volume that is left."""
    address = request.address
    if address.form == "frame":
        return Expected(401)
    if address.form in TABLE_FORMS and not situation.source.columns:
        return Expected(404)
    if address.form == "export for a person" and address.kind == "uses":
        return Expected(200)
    code = model.refusal(situation, request.reader, request.moment)
    if code:
        what = "" if code in UNKNOWN else _what(address)
        return Expected(model.STATUS[code], code, what)
    return _begun(situation, request)


def read_named_table(situation: Situation, request: Request) -> Expected:
    """What is noted where a table is asked for that is not there: only who is let through learns that it is not."""
    code = model.refusal(situation, request.reader, request.moment)
    if not code and not model.is_whole(situation.terms):
        code = "only_in_part"
    status = model.STATUS[code] if code else 404
    what = "" if code in UNKNOWN else _what_of_named_table(request.address)
    return Expected(status, code, what)


def _what_of_named_table(address: Address) -> str:
    if address.route.startswith("/ogc"):
        return "places"
    if address.route.startswith("/datasets"):
        return address.path.rpartition(".")[2]
    return address.kind or "rows"


def _what(address: Address) -> str:
    if address.form in PLACES:
        return "places"
    names = {"page": "rows", "file": "file", "list for a person": "page"}
    return names.get(address.form, address.kind)


def _begun(situation: Situation, request: Request) -> Expected:
    """What a reading that the agreement lets begin is given."""
    address = request.address
    what = _what(request.address)
    if address.form == "list for a person":
        return Expected(200, what=what, facts={"links": _links(situation)})
    is_file = address.form == "file" or address.kind == "file"
    if is_file and model.is_whole(situation.terms):
        return _part_of_file(situation, request)
    if not situation.source.columns:
        code = "" if model.is_whole(situation.terms) else "only_in_part"
        return Expected(model.STATUS[code] if code else 404, code, what)
    table = model.visible_table(situation.source, situation.terms)
    if table is None:
        return Expected(403, "other_columns", what)
    if is_file:
        return Expected(200, what=what, table=table, form="csv")
    return _table_answer(situation, request, table)


def _part_of_file(situation: Situation, request: Request) -> Expected:
    content = situation.source.content
    if request.byte_range is None or request.method == "HEAD":
        return Expected(200, what=_what(request.address), content=content)
    first, last = request.byte_range
    return Expected(206, what=_what(request.address), content=content[first : last + 1])


def _links(situation: Situation) -> set[str]:
    """The files that the page of a person offers."""
    source = situation.source
    terms = situation.terms
    offered = {"uses"}
    if model.is_whole(terms):
        offered.add("file")
    if source.columns:
        offered |= {"csv", "xlsx", "parquet", "arrow", "json"}
    if source.places and (not terms.columns or model.GEOMETRY in terms.columns):
        offered.add("geojson")
    return offered


def _table_answer(situation: Situation, request: Request, table: Table) -> Expected:
    address = request.address
    question = request.question
    what = _what(address)
    if address.needs_places and not table.has_places:
        return _without_places(situation, what)
    if not question.used <= set(table.columns):
        return Expected(403, "other_columns", what)
    if address.form in PLACES:
        return _places_answer(request, table)
    form = address.kind or address.form
    left = table if question.total else model.select(table, question)
    is_whole_export = address.form == "export" and question == type(question)()
    is_partial = form in PARTIAL_KINDS or is_whole_export
    if request.byte_range and is_partial and _takes_ranges(request):
        status = 206
    else:
        status = 200
    return Expected(status, what=what, table=left, form=form)


def _without_places(situation: Situation, what: str) -> Expected:
    """Where no row has a place that may be seen: the terms open none, or there is none."""
    columns = situation.terms.columns
    if situation.source.places and columns and model.GEOMETRY not in columns:
        return Expected(403, "other_columns", what)
    return Expected(404, what=what)


def _takes_ranges(request: Request) -> bool:
    return request.method == "GET" and request.address.form == "export"


def _places_answer(request: Request, table: Table) -> Expected:
    address = request.address
    left = model.select(table, request.question)
    if address.form == "items":
        return Expected(200, what="places", table=left, form="items")
    if address.form == "item":
        same = tuple(record for record in table.records if record.line == address.line)
        only = Table(table.columns, same)
        if same:
            return Expected(200, what="places", table=only, form="item")
        return Expected(404, what="places")
    facts: dict[str, object] = {}
    if address.form == "description":
        facts["columns"] = list(table.columns)
    if address.form in {"collection", "collections"}:
        facts["box"] = box(table)
    return Expected(200, what="places", facts=facts)


def box(table: Table) -> list[float]:
    """The rectangle of the places that are shown: west, south, east, north."""
    places = [record.place for record in table.records if record.place is not None]
    east = [place[0] for place in places]
    north = [place[1] for place in places]
    return [min(east), min(north), max(east), max(north)]

"""Requests as bars on one axis of months: the month of the law, what was added, lateness, and how long an answer is readable.

Widths are shares of the page, heights are pixels; words beside each bar say the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from udi.portal.selfdata.requests.queries import OwnRequest
from udi.protocol.deadlines import add_months
from udi.ui.formats import find_locale

MONTHS = 4
"""Shown at least."""
MOST_MONTHS = 9
TOP = 6
BAR = 18
AXIS = 30
HEIGHT = 50
HEAD = 20
EXTENSION = "extension"
"""Drawn with the pattern that the page has, since a sheet cannot name it."""
CLOSEST = 12
"""Shares of the width between two dates that are both written."""


@dataclass(frozen=True)
class TimeAxis:
    """The months that a drawing shows, and the day that it is."""

    start: date
    end: date
    today: date

    def place(self, day: date) -> float:
        """Where a day is, in shares of the width; what lies outside is at the edge."""
        share = (day - self.start).days / (self.end - self.start).days * 100
        return min(max(share, 0.0), 100.0)

    @property
    def months(self) -> list[date]:
        """The first days of its months."""
        months = [self.start]
        while (following := add_months(months[-1], 1)) < self.end:
            months.append(following)
        return months


def span_axis(requests: Sequence[OwnRequest], today: date) -> TimeAxis:
    """The axis that shows all of these, and today; of old ones, the last months."""
    days = [today]
    for own_request in requests:
        days += list_days(own_request)
    last = max(days).replace(day=1)
    first = max(min(days).replace(day=1), add_months(last, 1 - MOST_MONTHS))
    end = max(add_months(last, 1), add_months(first, MONTHS))
    return TimeAxis(first, end, today)


def list_days(own_request: OwnRequest) -> list[date]:
    """The days of a request that a bar shows."""
    request = own_request.request
    days = [request.received_on, request.due_on, request.decided_on]
    days += [request.ended_on or own_request.readable_until]
    return [day for day in days if day is not None]


def draw_months(axis: TimeAxis, language: str) -> str:
    """The names of the months; the inside of an `<svg>` of `HEAD` pixels, safe as it is."""
    months = axis.months
    every = 1 + (len(months) - 1) // MONTHS
    named_months = months[::every]
    return "".join(
        f'<text x="{axis.place(month):.1f}%" y="14">{_name_month(month, language)}</text>'
        for month in named_months
    )


def draw_bar(own_request: OwnRequest, axis: TimeAxis, language: str) -> str:
    """The bar of a request; the inside of an `<svg>` of `HEIGHT` pixels, safe as it is."""
    return "".join([*_grid(axis), *_bars(own_request, axis, language), *_now(axis)])


def _grid(axis: TimeAxis) -> Iterator[str]:
    for month in axis.months:
        place = axis.place(month)
        yield f'<line class="axis" x1="{place:.1f}%" x2="{place:.1f}%" y1="0" y2="{AXIS}"/>'
    yield f'<line class="axis" x1="0" x2="100%" y1="{AXIS}" y2="{AXIS}"/>'


def _bars(own_request: OwnRequest, axis: TimeAxis, language: str) -> Iterator[str]:
    request = own_request.request
    if request.received_on is None or request.due_on is None:
        return
    end = request.decided_on or request.ended_on
    first_due = request.due_on
    if request.extended:
        first_due = min(add_months(request.received_on, 1), request.due_on)
    labels = [end or request.due_on]
    if end is None:
        yield _bar(axis, "bar", request.received_on, first_due)
        yield _bar(axis, EXTENSION, first_due, request.due_on)
        yield _bar(axis, "late", request.due_on, axis.today)
    else:
        in_time = min(end, request.due_on)
        yield _bar(axis, "done", request.received_on, in_time)
        yield _bar(axis, "late", request.due_on, end)
    readable = request.ended_on or own_request.readable_until
    if request.decided_on is not None and readable is not None:
        yield _bar(axis, "alt", request.decided_on, readable)
        labels.append(readable)
    yield from _write_days(labels, axis, language)


def _bar(axis: TimeAxis, name: str, start: date, end: date) -> str:
    """A piece of a bar; nothing where it has no length."""
    left = axis.place(start)
    width = axis.place(end) - left
    if width <= 0:
        return ""
    look = f'class="{name}"'
    if name == EXTENSION:
        look = 'fill="url(#hatch)"'
    return (
        f'<rect {look} x="{left:.1f}%" width="{width:.1f}%" y="{TOP}" height="{BAR}"/>'
    )


def _write_days(days: Sequence[date], axis: TimeAxis, language: str) -> Iterator[str]:
    """Days under the axis; of two that are too close, the first."""
    written: list[float] = []
    for day in days:
        place = axis.place(day)
        if any(abs(place - other) < CLOSEST for other in written):
            continue
        written.append(place)
        anchor = "middle"
        if place < CLOSEST / 2:
            anchor = "start"
        elif place > 100 - CLOSEST / 2:
            anchor = "end"
        name = format_date(day, "d MMM", locale=find_locale(language))
        yield f'<text x="{place:.1f}%" y="46" text-anchor="{anchor}">{name}</text>'


def _now(axis: TimeAxis) -> Iterator[str]:
    place = axis.place(axis.today)
    yield f'<line class="now" x1="{place:.1f}%" x2="{place:.1f}%" y1="0" y2="{AXIS + 2}"/>'


def _name_month(month: date, language: str) -> str:
    return str(format_date(month, "LLLL", locale=find_locale(language)))

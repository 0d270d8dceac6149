"""The last day of an answer as an entry of a calendar."""

from datetime import date

from udi.kit.calendar_entries import DayEntry, write_days
from udi.kit.clock import now
from udi.portal.access.models import AccessRequest


def write_deadline(
    request: AccessRequest, title: str, day: date, address: str
) -> bytes:
    """The whole day; the same entry each time, so that a calendar moves it when the day moves."""
    moment = now()
    entry = DayEntry(
        uid=f"access-request-{request.id}",
        sequence=int((moment - request.submitted_at).total_seconds()),
        day=day,
        title=title,
        url=address,
    )
    return write_days([entry], program="access", written_at=moment)

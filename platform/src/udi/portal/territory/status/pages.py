"""The public page of the state of the service, and the same for programs; read from the disk, not from the database."""

from typing import Any

from litestar import Response, get
from sqlalchemy import text

from udi.kit.clock import now
from udi.portal.territory.status.record import (
    PartState,
    ServicePart,
    StatusRecord,
    read_record,
)
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.site import render, site_of

PATH = "/status"
JSON_PATH = "/status.json"
STATUS_PATHS = frozenset({PATH, JSON_PATH})
HEADERS = {"Cache-Control": "public, max-age=30"}


@get(PATH)
async def show_status(request: AnyRequest) -> Response[str]:
    """How each part stands now, and how it was on the last ninety days."""
    record = read_record(site_of(request).settings)
    moment = now()
    return render(
        request,
        "territory/status.html",
        record=record,
        parts=list(ServicePart),
        states={part: record.state_of(part, moment) for part in ServicePart},
        days=record.list_days(),
        is_database_away=not await _is_database_there(request),
    )


@get(JSON_PATH)
async def show_status_document(request: AnyRequest) -> Response[dict[str, Any]]:
    """The same for programs."""
    record = read_record(site_of(request).settings)
    is_database_there = await _is_database_there(request)
    document = describe_status(record, is_database_there=is_database_there)
    return Response(document, media_type="application/json", headers=HEADERS)


def describe_status(record: StatusRecord, *, is_database_there: bool) -> dict[str, Any]:
    """The record as a document: shares are from 0 to 1, minutes are of the day in UTC."""
    moment = now()
    parts = [
        {
            "part": part.value,
            "state": record.state_of(part, moment).value,
            "share": record.share_of(part),
            "days": [
                {"day": day.isoformat(), "measured": count.measured, "well": count.well}
                for day, count in sorted(record.days.get(part, {}).items())
            ],
        }
        for part in ServicePart
    ]
    return {
        "measured_at": record.measured_at and record.measured_at.isoformat(),
        "writing": (PartState.UP if is_database_there else PartState.DOWN).value,
        "parts": parts,
        "restore_drill": record.drilled_at and record.drilled_at.isoformat(),
    }


async def _is_database_there(request: AnyRequest) -> bool:
    """Whether something can be saved at this moment."""
    try:
        async with site_of(request).database.platform_session() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - whatever it is, the page is shown
        return False
    return True


routes: Routes = [show_status, show_status_document]

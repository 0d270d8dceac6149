"""The public page of the state of the service, and the same for programs; read from the disk, not from the database."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litestar import Response, get
from sqlalchemy import text

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.territory.status.announcements import (
    Announcement,
    AnnouncementKind,
    read_announcements,
    select_announcements,
)
from udi.portal.territory.status.record import (
    PartState,
    ServicePart,
    StatusRecord,
    read_record,
)
from udi.portal.territory.status.territories import join_records, read_territory
from udi.ui.atom import MEDIA_TYPE, Category, Entry, Feed, Link
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.locale import localise
from udi.ui.site import render, site_of

PATH = "/status"
JSON_PATH = "/status.json"
FEED_PATH = "/status.atom"
STATUS_PATHS = frozenset({PATH, JSON_PATH, FEED_PATH})
HEADERS = {"Cache-Control": "public, max-age=30"}
KIND_NAMES = {
    AnnouncementKind.INCIDENT: "Incident",
    AnnouncementKind.MAINTENANCE: "Maintenance",
}


@get(PATH)
async def show_status(request: AnyRequest) -> Response[str]:
    """How each part stands now, how it was on the last ninety days, and what is announced."""
    moment = now()
    record = _read_joined(request, moment)
    return render(
        request,
        "territory/status.html",
        record=record,
        parts=list(ServicePart),
        states={part: record.state_of(part, moment) for part in ServicePart},
        days=record.list_days(),
        announcements=_list_announcements(request, moment),
        moment=moment,
        kind_names=KIND_NAMES,
        is_database_away=not await _is_database_there(request),
    )


@get(JSON_PATH)
async def show_status_document(request: AnyRequest) -> Response[dict[str, Any]]:
    """The same for programs."""
    moment = now()
    record = _read_joined(request, moment)
    is_database_there = await _is_database_there(request)
    document = describe_status(record, is_database_there=is_database_there)
    document["announcements"] = [
        describe_announcement(announcement, moment)
        for announcement in _list_announcements(request, moment)
    ]
    return Response(document, media_type="application/json", headers=HEADERS)


@get(FEED_PATH)
async def send_status_feed(request: AnyRequest) -> Response[bytes]:
    """What is announced, for feed readers: an entry is new again with each update."""
    moment = now()
    territory: Territory | None = request.scope["state"].get("territory")
    settings = site_of(request).settings
    language = request.scope["state"]["locale"]
    say = site_of(request).pages.translator(request)
    if territory:
        origin = territory.origin
        author = localise(territory.name, language)
    else:
        origin = settings.origin("portal", settings.installation_host)
        author = settings.installation_host
    feed = Feed(
        id=f"{origin}{FEED_PATH}",
        title=f"{say('State of the service')} – {author}",
        author=author,
        language=language,
        links=[
            Link("self", f"{origin}{FEED_PATH}", MEDIA_TYPE),
            Link("alternate", f"{origin}{PATH}", "text/html"),
        ],
        entries=[
            _write_entry(announcement, f"{origin}{PATH}", language, say)
            for announcement in _list_announcements(request, moment)
        ],
    )
    headers = {**HEADERS, "Vary": "Accept-Language, Cookie"}
    return Response(feed.write(), media_type=MEDIA_TYPE, headers=headers)


def _write_entry(
    announcement: Announcement, page: str, language: str, say: Callable[[str], str]
) -> Entry:
    texts = [announcement.texts, *(update.texts for update in announcement.updates)]
    return Entry(
        id=f"urn:udi:announcement:{announcement.id}",
        title=say(KIND_NAMES[announcement.kind]),
        published=announcement.announced_at,
        updated=announcement.updated_at,
        links=[Link("alternate", f"{page}#{announcement.id}", "text/html")],
        categories=[Category(announcement.kind.value)],
        summary="\n\n".join(localise(text, language) for text in texts),
    )


def _read_joined(request: AnyRequest, moment: datetime) -> StatusRecord:
    """What was measured of the territory of this host; of the installation at its own."""
    settings = site_of(request).settings
    record = read_record(settings)
    if slug := _find_slug(request):
        record = join_records(record, read_territory(settings, slug), moment)
    return record


def _list_announcements(request: AnyRequest, moment: datetime) -> list[Announcement]:
    announcements = read_announcements(site_of(request).settings)
    return select_announcements(announcements, _find_slug(request), moment)


def _find_slug(request: AnyRequest) -> str:
    territory: Territory | None = request.scope["state"].get("territory")
    return territory.slug if territory else ""


def describe_announcement(
    announcement: Announcement, moment: datetime
) -> dict[str, Any]:
    """An announcement as a document; texts are by language."""
    ends_at = announcement.ends_at
    return {
        "id": announcement.id,
        "kind": announcement.kind.value,
        "state": announcement.state_at(moment).value,
        "parts": [part.value for part in announcement.parts],
        "begins_at": announcement.begins_at.isoformat(),
        "ends_at": ends_at.isoformat() if ends_at else None,
        "texts": announcement.texts,
        "updates": [
            {"at": update.at.isoformat(), "texts": update.texts}
            for update in announcement.updates
        ],
    }


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


routes: Routes = [show_status, show_status_document, send_status_feed]

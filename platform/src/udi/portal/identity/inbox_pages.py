"""The inbox on a page and for programs, and its count in the header of every page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.types import ControllerRouterHandler
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.identity.inbox import (
    InboxCounts,
    InboxItem,
    InboxRole,
    count,
    count_by_role,
    list_inbox,
    mark_visit,
)
from udi.ui.middleware import SAFE
from udi.ui.site import render, site_of

INBOX_PATH = "/inbox"
DAYS_OF_A_WEEK = 7
AnyRequest = Request[Any, Any, State]


@dataclass(frozen=True)
class InboxGroup:
    """Items of one page under one heading: `late`, `week` (due within seven days) or `later`."""

    name: str
    items: list[InboxItem]


class InboxEntry(Struct, frozen=True, kw_only=True):
    """An item of the inbox, for programs (RFC 3339 moments and days, absolute address)."""

    kind: str
    role: str
    id: str
    title: str
    url: str
    since: datetime
    due_on: date | None
    late: bool
    who: str
    organisation: str


class InboxDocument(Struct, frozen=True, kw_only=True):
    """The inbox of a person, for programs."""

    total: int
    late: int
    items: list[InboxEntry]


def today_of(territory: Territory) -> date:
    """The day that it is in a territory."""
    return now().astimezone(ZoneInfo(territory.time_zone)).date()


@get(INBOX_PATH)
async def show_inbox(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    role: FromQuery[str] = "",
) -> Response[str]:
    """All that waits for the person, or (`role`) in one of their roles."""
    items = await list_inbox(site_of(request).services, session, member)
    visited_at = await mark_visit(session, member)
    today = today_of(territory)
    chosen = [item for item in items if role in {"", item.role}]
    return render(
        request,
        "identity/inbox.html",
        groups=group_items(chosen, today),
        roles=list(InboxRole),
        counts=count_by_role(items),
        chosen_role=role if role in set(InboxRole) else "",
        total=len(items),
        late=count(items, today).late,
        today=today,
        visited_at=visited_at,
    )


@get("/inbox.json")
async def show_inbox_document(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
) -> InboxDocument:
    """The same for programs."""
    items = await list_inbox(site_of(request).services, session, member)
    today = today_of(territory)
    return InboxDocument(
        total=len(items),
        late=count(items, today).late,
        items=[
            InboxEntry(
                kind=item.kind,
                role=item.role,
                id=str(item.id),
                title=item.title,
                url=f"{territory.origin}{item.url}",
                since=item.since,
                due_on=item.due_on,
                late=item.is_late(today),
                who=item.who,
                organisation=item.organisation,
            )
            for item in items
        ],
    )


def group_items(items: Sequence[InboxItem], today: date) -> list[InboxGroup]:
    """The items under their headings, those without any left out."""
    groups: dict[str, list[InboxItem]] = {"late": [], "week": [], "later": []}
    for item in items:
        if item.is_late(today):
            groups["late"].append(item)
        elif item.due_on is not None and (item.due_on - today).days < DAYS_OF_A_WEEK:
            groups["week"].append(item)
        else:
            groups["later"].append(item)
    return [InboxGroup(name, content) for name, content in groups.items() if content]


class HeaderCounter:
    """Counts for the header what waits for the person of a request."""

    def __init__(self) -> None:
        self._counts = InboxCounts()

    async def count(self, request: AnyRequest) -> None:
        """Put the count where the header finds it; after a form, make it anew at the next page."""
        state = request.scope["state"]
        actor: Actor | None = state.get("actor")
        territory: Territory | None = state.get("territory")
        if actor is None or territory is None or "bearer" in state:
            return
        if request.method not in SAFE:
            self._counts.forget(territory.id, actor.person_id)
            return
        if "text/html" not in request.headers.get("accept", ""):
            return
        known = self._counts.find(territory.id, actor.person_id)
        if known is None:
            site = site_of(request)
            async with site.database.session(
                territory.id, person=actor.person_id
            ) as session:
                items = await list_inbox(site.services, session, actor)
            known = count(items, today_of(territory))
            self._counts.store(territory.id, actor.person_id, known)
        state["inbox_count"] = known


routes: Sequence[ControllerRouterHandler] = [show_inbox, show_inbox_document]

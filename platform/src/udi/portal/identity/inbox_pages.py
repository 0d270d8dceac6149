"""The inbox on a page and for programs, and its count in the header of every page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.identity import inbox_claims
from udi.portal.identity.inbox import (
    KIND_NAMES,
    OWN_REQUESTS,
    InboxItem,
    InboxRole,
    count,
    count_by_role,
    list_inbox,
    mark_visit,
)
from udi.portal.identity.inbox_claims import can_be_claimed, list_claims
from udi.ui.atom import MEDIA_TYPE, Entry, Feed, Link
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.inbox_counts import InboxCount
from udi.ui.locale import localise
from udi.ui.refresh import is_refresh, refreshing
from udi.ui.site import render, site_of

INBOX_PATH = "/inbox"
DAYS_OF_A_WEEK = 7
NO_STORE = {"Cache-Control": "no-store"}
"""What waits for one person is kept by nobody else."""


@dataclass(frozen=True)
class InboxGroup:
    """Items of one page under one heading: `late`, `week` (due within seven days) or `later`."""

    name: str
    items: list[InboxItem]

    @property
    def number(self) -> int:
        """How many things wait under it."""
        return sum(item.number for item in self.items)


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
    number: int
    """Things that it stands for: more than one where a node tells only how many wait."""


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
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    role: FromQuery[str] = "",
) -> Response[str]:
    """All that waits for the person, or (`role`) in one of their roles."""
    items = await list_inbox(site_of(request).services, session, member)
    visited_at = None
    if not (is_refresh(request) or territory.read_only):
        visited_at = await mark_visit(session, member)
    today = today_of(territory)
    chosen = [item for item in items if role in {"", item.role}]
    page = render(
        request,
        "identity/inbox.html",
        claims=await list_claims(session, items),
        can_be_claimed=can_be_claimed,
        kind_names=KIND_NAMES,
        groups=group_items(chosen, today),
        roles=list(InboxRole),
        counts=count_by_role(items),
        chosen_role=role if role in set(InboxRole) else "",
        total=count(items, today).waiting,
        late=count(items, today).late,
        today=today,
        is_first_look=not is_refresh(request),
        visited_at=visited_at,
    )
    return refreshing(request, page)


@get("/inbox.json")
async def show_inbox_document(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[InboxDocument]:
    """The same for programs."""
    items = await list_inbox(site_of(request).services, session, member)
    language = request.scope["state"]["locale"]
    today = today_of(territory)
    document = InboxDocument(
        total=count(items, today).waiting,
        late=count(items, today).late,
        items=[
            InboxEntry(
                kind=item.kind,
                role=item.role,
                id=str(item.id),
                title=item.title_in(language),
                url=_absolute(territory, item),
                number=item.number,
                since=item.since,
                due_on=item.due_on,
                late=item.is_late(today),
                who=item.who,
                organisation=item.organisation,
            )
            for item in items
        ],
    )
    return Response(document, headers=NO_STORE)


def _absolute(territory: Territory, item: InboxItem) -> str:
    """The address where it is settled, on the portal or at a node."""
    if item.node_id is not None:
        return item.url
    return f"{territory.origin}{item.url}"


@get("/inbox.atom")
async def show_inbox_feed(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[bytes]:
    """The same for feed readers that log in."""
    items = await list_inbox(site_of(request).services, session, member)
    language = request.scope["state"]["locale"]
    say = site_of(request).pages.translator(request)
    feed = Feed(
        id=f"{territory.origin}{INBOX_PATH}",
        title=f"{say('To do')} – {localise(territory.name, language)}",
        author=localise(territory.name, language),
        language=language,
        links=[
            Link("self", f"{territory.origin}{request.url.path}", MEDIA_TYPE),
            Link("alternate", f"{territory.origin}{INBOX_PATH}", "text/html"),
        ],
        entries=[_feed_entry(territory, item, say, language) for item in items],
    )
    return Response(feed.write(), media_type=MEDIA_TYPE, headers=NO_STORE)


def _feed_entry(
    territory: Territory, item: InboxItem, say: Callable[[str], str], language: str
) -> Entry:
    if item.kind in OWN_REQUESTS:
        return Entry(
            id=item.id.urn,
            title=say("A request about your own data"),
            updated=item.since,
            links=[Link("alternate", f"{territory.origin}{INBOX_PATH}", "text/html")],
        )
    kind = say(KIND_NAMES[item.kind])
    title = f"{kind}: {item.title_in(language)}" if item.title else kind
    due = f"{say('Due day')}: {item.due_on.isoformat()}" if item.due_on else ""
    return Entry(
        id=item.id.urn,
        title=f"{title} ({item.number})" if item.number > 1 else title,
        updated=item.since,
        author=item.who,
        links=[Link("alternate", _absolute(territory, item), "text/html")],
        summary=due,
    )


@post("/inbox/{kind:str}/{item_id:uuid}/claim", status_code=303)
async def claim_item(
    request: AnyRequest,
    session: Session,
    member: Member,
    kind: FromPath[str],
    item_id: FromPath[UUID],
) -> Redirect:
    """Say that one is looking at it."""
    services = site_of(request).services
    await inbox_claims.claim_item(services, session, member, (kind, item_id))
    return Redirect(f"{INBOX_PATH}#item-{item_id}", status_code=303)


@post("/inbox/{kind:str}/{item_id:uuid}/release", status_code=303)
async def release_item(
    request: AnyRequest,
    session: Session,
    member: Member,
    kind: FromPath[str],
    item_id: FromPath[UUID],
) -> Redirect:
    """Say that one is not looking at it any more."""
    services = site_of(request).services
    await inbox_claims.release_item(services, session, member, (kind, item_id))
    return Redirect(f"{INBOX_PATH}#item-{item_id}", status_code=303)


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


async def count_waiting_for(
    request: AnyRequest, territory: Territory, actor: Actor
) -> InboxCount:
    """How much waits for a person, for the header."""
    site = site_of(request)
    async with site.database.session(territory.id, person=actor.person_id) as session:
        items = await list_inbox(site.services, session, actor)
    return count(items, today_of(territory))


routes: Routes = [
    show_inbox,
    show_inbox_document,
    show_inbox_feed,
    claim_item,
    release_item,
]

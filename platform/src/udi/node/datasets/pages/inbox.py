"""What waits in the spaces of a person, on a page; and in the header, together with what waits at the portal."""

from datetime import timedelta

from litestar import Response, get
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now, today
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.upkeep.pending_work import list_everything
from udi.node.identity.models import Person
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.inbox_counts import InboxCount
from udi.ui.refresh import refreshing
from udi.ui.site import render, site_of

INBOX_PATH = "/inbox"
FRESH = timedelta(minutes=10)
"""How long what the portal answered of a person is counted: one that is away says nothing."""
MOST_LISTED = 200


@get(INBOX_PATH)
async def show_inbox(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    space: FromQuery[str] = "",
) -> Response[str]:
    """All that waits in the person's spaces, or in one of them; and how much waits at the portal."""
    services = site_of(request).services
    items = await list_everything(services, session, territory, member)
    if space:
        items = [item for item in items if item.space_slug == space]
    elsewhere = await _read_portal_count(session, territory, member)
    page = render(
        request,
        "datasets/inbox.html",
        items=items[:MOST_LISTED],
        total=len(items),
        late=sum(item.is_late(today(territory.zone)) for item in items),
        today=today(territory.zone),
        elsewhere=elsewhere.waiting,
        portal=territory.links.get("portal", ""),
    )
    return refreshing(request, page)


async def count_waiting_for(
    request: PageRequest, territory: Territory, actor: Actor
) -> InboxCount:
    """What waits for a person here and, as the portal answered last, there."""
    site = site_of(request)
    async with site.database.session(territory.id, person=actor.person_id) as session:
        items = await list_everything(site.services, session, territory, actor)
        elsewhere = await _read_portal_count(session, territory, actor)
    late = sum(item.is_late(today(territory.zone)) for item in items)
    return InboxCount(len(items) + elsewhere.waiting, late + elsewhere.late)


async def _read_portal_count(
    session: AsyncSession, territory: Territory, actor: Actor
) -> InboxCount:
    person = await session.get(Person, (territory.id, actor.person_id))
    if (
        person is None
        or person.portal_counted_at is None
        or person.portal_counted_at < now() - FRESH
    ):
        return InboxCount(0, 0)
    return InboxCount(person.portal_waiting, person.portal_late)


routes: Routes = [show_inbox]

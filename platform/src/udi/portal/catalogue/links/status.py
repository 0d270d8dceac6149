"""What pages and the API say of an address: facts that stay true while its state does, so that no look changes a page.

What changed is said for all of a territory at once, some minutes later: the pages that are kept are made again that often
at most, and only where an address turned.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal.catalogue.links.content import ContentMatch
from udi.portal.catalogue.links.health import REACHABLE_STATES
from udi.portal.catalogue.models import Dataset, Distribution, Link, LinkState

MOST = 2000
NOTE = text("""
INSERT INTO ops.search_change (tenant_id, dataset_id)
SELECT DISTINCT tenant_id, dataset_id FROM app.distribution WHERE url = ANY (:urls)""")


def build_status(link: Link) -> dict[str, Any]:
    """What is to be said: nothing before it was looked at."""
    if link.state == LinkState.UNCHECKED or link.since is None:
        return {}
    status: dict[str, Any] = {
        "state": str(link.state),
        "since": _format_instant(link.since),
    }
    if link.state in REACHABLE_STATES:
        details = {"moved_to": link.moved_to, "content": str(link.content)}
    else:
        details = {
            "last_reachable": _format_instant(link.last_reachable)
            if link.last_reachable
            else ""
        }
    return status | {name: value for name, value in details.items() if value}


def _format_instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


@dataclass(frozen=True)
class LinkStatus:
    """What is said of a file or a service: since when it is so, and when it was last reached where it is not now."""

    state: LinkState
    since: datetime
    last_reachable: datetime | None = None
    moved_to: str = ""
    content: ContentMatch = ContentMatch.UNKNOWN


def changed_at(dataset: Dataset) -> datetime:
    """When what is said of a dataset last changed: its description, or how one of its addresses stands."""
    status_dates = (
        media.link.public_status_at
        for media in dataset.distributions
        if media.link and media.link.public_status_at
    )
    return max([dataset.described_at, *status_dates])


def find_link_status(media: Distribution) -> LinkStatus | None:
    """What is said of the address of a file or a service; None where nothing is known."""
    link = media.link
    status = read_link_status(link) if link else None
    if (
        link is not None
        and status is not None
        and status.content == ContentMatch.OTHER_SIZE
        and media.size == link.size
    ):
        # It was described anew since it was looked at.
        return replace(status, content=ContentMatch.UNKNOWN)
    return status


def read_link_status(link: Link) -> LinkStatus | None:
    """What is said of an address, whatever has it; None where nothing is known."""
    status = link.public_status
    if not status:
        return None
    last = status.get("last_reachable")
    return LinkStatus(
        LinkState(status["state"]),
        datetime.fromisoformat(status["since"]),
        datetime.fromisoformat(last) if last else None,
        status.get("moved_to", ""),
        ContentMatch(status.get("content", "")),
    )


async def publish_link_statuses(session: AsyncSession) -> int:
    """Say what was seen since the last time, and have what shows it made again; how many addresses turned."""
    waiting = (
        select(Link)
        .where(Link.status_pending)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    links = (await session.scalars(waiting)).all()
    moment = now()
    for link in links:
        link.public_status = build_status(link)
        link.public_status_at = moment
        link.status_pending = False
    if links:
        await session.flush()
        await session.execute(NOTE, {"urls": [link.url for link in links]})
        await session.execute(text("NOTIFY search_change"))
    return len(links)

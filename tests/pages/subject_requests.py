"""Requests about one's own data in every state that pages show, and figures of producers."""

from datetime import timedelta
from uuid import UUID

import httpx
from sqlalchemy import select, update

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.organisations.queries import get_producer
from udi.portal.selfdata.punctuality.models import (
    LateProducer,
    PunctualityFigure,
    SubjectRequestFigure,
)
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.protocol.credentials import CONFIRMATION
from udi.ui.site import Site

HOME = "/my-data/requests"


async def ask_about_own_data(
    site: Site,
    territory: Territory,
    person: httpx.AsyncClient,
    *,
    producer: str = "armor",
) -> dict[str, str]:
    """A draft, and requests that were sent: late, extended, answered, closed."""
    for right in ("access", "erasure", "objection", "portability", "rectification"):
        answer = await person.post(HOME, data={"right": right, "org": producer})
        assert answer.status_code == 303, answer.text
    async with site.database.session(territory.id, role="worker") as session:
        rows = list(await session.scalars(select(SubjectRequest)))
    ids = {row.right: row.id for row in rows}
    day = now().date()
    states = {
        "access": {"due_on": day - timedelta(12), "state": "processing"},
        "erasure": {
            "due_on": day + timedelta(47),
            "state": "extended",
            "extended": True,
        },
        "objection": {
            "due_on": day - timedelta(12),
            "state": "answered",
            "decided_on": day - timedelta(27),
            "news_at": now(),
        },
        "portability": {
            "due_on": day - timedelta(12),
            "state": "closed",
            "decided_on": day - timedelta(27),
            "ended_on": day,
        },
    }
    for right, values in states.items():
        await person.get(f"{HOME}/{ids[right]}")
        secret = CONFIRMATION.generate()
        back = await person.get(f"{HOME}/{ids[right]}/return?confirmation={secret}")
        assert back.status_code == 303
        facts = {"received_on": day - timedelta(43), "sequence": 2} | values
        await _change(site, territory, ids[right], facts)
    await _count(site, territory, producer)
    return {
        "portal unsent": str(ids["rectification"]),
        "portal own": str(ids["access"]),
    }


async def _change(
    site: Site, territory: Territory, request_id: UUID, values: dict[str, object]
) -> None:
    async with site.database.session(territory.id, role="worker") as session:
        query = update(SubjectRequest).where(SubjectRequest.id == request_id)
        await session.execute(query.values(**values))


async def _count(site: Site, territory: Territory, slug: str) -> None:
    async with site.database.session(territory.id, role="worker") as session:
        producer = await get_producer(session, slug)
        figure = PunctualityFigure(
            organisation_id=producer.id,
            received=40,
            on_time=31,
            extended=5,
            late=4,
            published_on=now().date(),
        )
        rows = [
            SubjectRequestFigure(
                right="access", state="processing", is_late=True, number=10
            ),
            SubjectRequestFigure(
                right="erasure", state="answered", is_late=False, number=25
            ),
            LateProducer(organisation_id=producer.id, since=now().date()),
        ]
        session.add_all([figure, *rows])

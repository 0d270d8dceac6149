"""Tasks that nothing but time queues, and the addresses of those who are called."""

from uuid import UUID

from sqlalchemy import update

from tests.faults.outside import Outside
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.nodes.models import Node
from udi.portal.notifications.models import Webhook


async def enqueue(
    database: Database, territory: Territory, name: str, **payload: object
) -> None:
    """Queue a task as what is due does."""
    texts = {
        key: str(value) if isinstance(value, UUID) else value
        for key, value in payload.items()
    }
    async with database.session(territory.id, role="worker") as session:
        await jobs.enqueue(session, name, texts)


async def call_node(database: Database, territory: Territory, outside: Outside) -> None:
    """Have the nodes of a territory be where somebody listens."""
    async with database.session(territory.id, role="owner") as session:
        await session.execute(update(Node).values(url=outside.origin))


def make_webhook(person: UUID, outside: Outside, **wishes: bool) -> Webhook:
    """A webhook of somebody that leads to where somebody listens."""
    return Webhook(
        person_id=person,
        url=f"{outside.origin}/told",
        everything=wishes.pop("everything", False),
        secret="whsec_" + "x" * 32,
        created_at=now(),
        **wishes,
    )

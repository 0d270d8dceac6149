"""The record of events only grows, and names persons by their identifier alone."""

import uuid

import pytest
from sqlalchemy import delete, select, update

from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.audit import record
from udi.portal.audit.models import AuditEvent

SOMEBODY = Actor(uuid.uuid4(), "Compte de test", "somebody@people.example", "demo")


async def test_an_event_names_the_person_by_identifier_only(
    portal_database: Database, demo: Territory
) -> None:
    subject = uuid.uuid4()
    async with portal_database.session(demo.id) as session:
        record(session, SOMEBODY, "dataset.published", subject, node="armor")
        record(session, None, "dataset.withdrawn", subject)

    async with portal_database.session(demo.id) as session:
        events = (
            await session.scalars(select(AuditEvent).order_by(AuditEvent.name))
        ).all()
    assert [
        (event.name, event.actor_id, event.subject_id, event.facts) for event in events
    ] == [
        ("dataset.published", SOMEBODY.person_id, subject, {"node": "armor"}),
        ("dataset.withdrawn", None, subject, {}),
    ]


@pytest.mark.parametrize("role", ["app", "worker"])
@pytest.mark.parametrize(
    "change",
    [update(AuditEvent).values(name="x"), delete(AuditEvent)],
    ids=["update", "delete"],
)
async def test_an_event_is_never_changed(
    portal_database: Database, demo: Territory, role: str, change: object
) -> None:
    async with portal_database.session(demo.id) as session:
        record(session, None, "dataset.published", None)

    with pytest.raises(Exception, match="permission denied"):
        async with portal_database.session(demo.id, role=role) as session:  # type: ignore[arg-type]
            await session.execute(change)  # type: ignore[call-overload]


async def test_another_territory_does_not_see_the_event(
    portal_database: Database, demo: Territory, other: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        record(session, SOMEBODY, "dataset.published", None)

    async with portal_database.session(other.id) as session:
        assert (await session.scalars(select(AuditEvent))).all() == []

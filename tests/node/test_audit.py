"""What the node notes of who did what besides the history of datasets: only added to, per territory, without words of theirs."""

import uuid
from collections.abc import Sequence

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.node.producer import Producer
from tests.visitors import enter
from udi.kit.db import Database
from udi.kit.errors import InvalidError
from udi.kit.keyring import Keyring, new_keyring
from udi.kit.tenancy import Territory
from udi.node.audit import record_audit_event
from udi.node.audit.models import AuditEvent
from udi.node.datasets.space_export.tasks import request_archive
from udi.node.files.encryption.space_sealing import seal_space, unseal_space
from udi.node.spaces.actions import apply_space, set_limits
from udi.node.spaces.keys import make_key, revoke_key
from udi.node.spaces.models import Space
from udi.settings import Role
from udi.ui.site import Site


async def list_events(database: Database, territory: Territory) -> Sequence[AuditEvent]:
    """Those of a territory."""
    async with database.session(territory.id) as session:
        return (
            await session.scalars(
                select(AuditEvent).order_by(AuditEvent.at, AuditEvent.name)
            )
        ).all()


async def test_keys_and_archives_are_noted_with_who_asked(
    node_site: Site, node_database: Database, demo: Territory, space: Space
) -> None:
    actor = await enter(node_site, demo, memberships={space.slug: ["managers"]})
    async with node_database.session(demo.id) as session:
        stored_space = await session.get_one(Space, (demo.id, space.id))
        key, _ = await make_key(
            session,
            actor,
            stored_space,
            name="Script du nuit",
            datasets=None,
            expires_at=None,
        )
    async with node_database.session(demo.id) as session:
        stored_space = await session.get_one(Space, (demo.id, space.id))
        for _ in range(2):
            await revoke_key(session, actor, stored_space, key.id)
    async with node_database.session(demo.id) as session:
        archive = await request_archive(
            session, actor, await session.get_one(Space, (demo.id, space.id))
        )

    events = [
        event for event in await list_events(node_database, demo) if event.actor_id
    ]
    assert [(event.name, event.subject_id) for event in events] == [
        ("key.made", key.id), ("key.revoked", key.id), ("archive.requested", archive.id),
    ]  # fmt: skip
    assert {event.actor_id for event in events} == {actor.person_id}
    assert {str(event.facts) for event in events} == {str({"space": str(space.id)})}


async def test_what_the_operator_does_with_a_space_is_noted_once_each(
    node_database: Database, demo: Territory
) -> None:
    organisation = uuid.uuid4()
    async with node_database.session(demo.id, role="worker") as session:
        for _ in range(2):
            new_space = await apply_space(
                session,
                slug="ville",
                organisation_id=organisation,
                name="Ville",
                email="data@ville.example",
            )
    ring = Keyring.parse(new_keyring())
    async with node_database.session(demo.id, role="worker") as session:
        await set_limits(session, "ville", quota_bytes=10**9, jobs_at_once=3)
    async with node_database.session(demo.id, role="worker") as session:
        for _ in range(2):
            await seal_space(session, ring, "ville")
    async with node_database.session(demo.id, role="worker") as session:
        for _ in range(2):
            await unseal_space(session, "ville")

    events = [
        event
        for event in await list_events(node_database, demo)
        if event.subject_id == new_space.id
    ]
    assert [(event.name, event.facts) for event in events] == [
        ("space.opened", {"organisation": str(organisation)}),
        ("space.limits_set", {"quota_bytes": 10**9, "jobs_at_once": 3}),
        ("space.sealed", {"renewed": False}),
        ("space.unsealed", {}),
    ]
    assert {event.actor_id for event in events} == {None}


async def test_a_link_to_a_file_is_noted_with_who_was_given_it(
    node_database: Database, demo: Territory, producer: Producer
) -> None:
    dataset = await producer.draft()
    await producer.page(f"/datasets/{dataset}/versions/1/link")

    [event] = [
        event
        for event in await list_events(node_database, demo)
        if event.name == "link.made"
    ]
    assert event.actor_id is not None
    assert event.facts == {"dataset": dataset}


async def test_an_act_that_is_refused_leaves_no_event(
    node_site: Site, node_database: Database, demo: Territory, space: Space
) -> None:
    actor = await enter(node_site, demo, memberships={space.slug: ["managers"]})

    async def make_nameless_key() -> None:
        async with node_database.session(demo.id) as session:
            stored_space = await session.get_one(Space, (demo.id, space.id))
            await make_key(
                session, actor, stored_space, name="", datasets=None, expires_at=None
            )

    with pytest.raises(InvalidError):
        await make_nameless_key()

    assert [
        event
        for event in await list_events(node_database, demo)
        if event.name == "key.made"
    ] == []


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM app.audit_event", "UPDATE app.audit_event SET name = 'x.y'"],
)
@pytest.mark.parametrize("role", ["app", "worker"])
async def test_events_are_never_changed_and_stay_in_their_territory(
    node_database: Database,
    demo: Territory,
    other: Territory,
    statement: str,
    role: Role,
) -> None:
    async with node_database.session(demo.id) as session:
        record_audit_event(session, None, "trial.noted", None)

    async def change() -> None:
        async with node_database.session(demo.id, role=role) as session:
            await session.execute(text(statement))

    with pytest.raises(DBAPIError, match="permission denied"):
        await change()

    assert "trial.noted" in {
        event.name for event in await list_events(node_database, demo)
    }
    assert "trial.noted" not in {
        event.name for event in await list_events(node_database, other)
    }

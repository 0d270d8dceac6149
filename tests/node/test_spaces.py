"""Spaces are made from the territory's files."""

import uuid

from sqlalchemy import select

from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import DEFAULT_QUOTA, apply_space
from udi.node.spaces.models import Space


async def test_applying_twice_changes_what_changed_and_nothing_else(
    node_database: Database, demo: Territory, other: Territory
) -> None:
    organisation = uuid.uuid4()
    for name, quota in (
        ("Port", None),
        ("Port de Kerlévan", 5_000),
        ("Port de Kerlévan", None),
    ):
        async with node_database.session(demo.id, role="owner") as session:
            await apply_space(
                session,
                slug="port",
                organisation_id=organisation,
                name=name,
                email="port@example.org",
                quota_bytes=quota,
            )

    async with node_database.session(demo.id) as session:
        [space] = (await session.scalars(select(Space))).all()
    async with node_database.session(other.id) as session:
        assert (await session.scalars(select(Space))).all() == []
    assert (space.slug, space.name, space.quota_bytes) == (
        "port",
        "Port de Kerlévan",
        5_000,
    )
    assert DEFAULT_QUOTA > 10**9

"""An operator refuses what a node pushes, and lets it push again; both are in the territory's record."""

import json

import pytest
from sqlalchemy import select

from tests.cli.conftest import Run
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.nodes.actions.register import register_node


@pytest.fixture
async def node(demo: Territory, portal_database: Database) -> None:
    async with portal_database.session(demo.id, role="worker") as session:
        await register_node(
            session, slug="far", name="Far", url="https://far.example", client_id="far"
        )


async def list_events(database: Database, territory: Territory) -> list[str]:
    """The events of nodes, the first first."""
    async with database.session(territory.id, role="worker") as session:
        events = select(AuditEvent.name).where(AuditEvent.name.startswith("node."))
        return list(await session.scalars(events.order_by(AuditEvent.at)))


@pytest.mark.usefixtures("node")
async def test_a_node_is_suspended_and_resumed_each_once(
    run: Run, demo: Territory, portal_database: Database
) -> None:
    suspended = await run("node", "suspend", demo.slug, "far", "--json")
    again = await run("node", "suspend", demo.slug, "far")
    listed = await run("node", "list", demo.slug, "--json")
    resumed = await run("node", "resume", demo.slug, "far", "--json")
    await run("node", "resume", demo.slug, "far")

    assert json.loads(suspended.stdout) == [{"slug": "far", "state": "suspended"}]
    assert again.exit_code == 0
    assert json.loads(listed.stdout)[0]["state"] == "suspended"
    assert json.loads(resumed.stdout) == [{"slug": "far", "state": "active"}]
    assert await list_events(portal_database, demo) == [
        "node.registered",
        "node.suspended",
        "node.resumed",
    ]


@pytest.mark.parametrize("command", ["suspend", "resume"])
async def test_an_unknown_node_is_not_suspended_or_resumed(
    run: Run, demo: Territory, command: str
) -> None:
    result = await run("node", command, demo.slug, "nothing")

    assert isinstance(result.exception, NotFoundError)
    assert f"udi node list {demo.slug}" in result.exception.remedy

"""A published dataset, a key for scripts, and a node whose processes may be killed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.power import delete_other_jobs
from tests.faults.running import RunningNode
from tests.node.conftest import (
    own_s3,
    passer_by,
    portal,
    producer,
    publisher,
    services,
    space,
)
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.spaces.keys import make_key
from udi.node.spaces.models import Space
from udi.settings import Settings

__all__ = [
    "own_s3",
    "passer_by",
    "portal",
    "producer",
    "publisher",
    "services",
    "space",
]
PLACE = 12 * 1024**3
MOST_AT_ONCE = 1000


@pytest.fixture
async def node(
    settings: Settings, tmp_path: Path, node_database: Database, demo: Territory
) -> AsyncIterator[RunningNode]:
    """The node of this test; not started. What a kill leaves among its temporary files goes with the test's."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    await delete_other_jobs(node_database, demo)
    running = RunningNode(settings, tmp_path, {"TMPDIR": str(temporary)})
    yield running
    running.stop()


@pytest.fixture
async def token(node_database: Database, demo: Territory, space: Space) -> str:
    """A key of the town hall's whole space, which has room enough."""
    actor = Actor(space.id, "", "", demo.slug)
    async with node_database.session(demo.id, role="owner") as session:
        row = await session.get_one(Space, (demo.id, space.id))
        row.quota_bytes = PLACE
        row.uploads_at_once = MOST_AT_ONCE
        _, new_token = await make_key(
            session, actor, row, name="x", datasets=None, expires_at=None
        )
    return new_token

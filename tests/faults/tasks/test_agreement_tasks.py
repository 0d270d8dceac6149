"""What a node asks the portal for readers who wait: a worker killed in the middle of this task."""

import pytest

from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import enqueue
from tests.node.agreements.conftest import asker, at_node, meters, portal
from tests.node.agreements.granting import Granting
from tests.node.conftest import producer, publisher, services, space
from udi.kit.db import Database
from udi.kit.tenancy import Territory

__all__ = ["asker", "at_node", "meters", "portal", "producer", "publisher", "services", "space"]  # fmt: skip


@pytest.mark.programs
@pytest.mark.thorough
async def test_agreements_are_taken_in_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    portal: Granting,
    meters: str,
    node_database: Database,
    demo: Territory,
) -> None:
    for _ in range(2):
        portal.grant(meters)
    await enqueue(node_database, demo, "ask_agreements")
    await check_kills("node", {"ask_agreements"})

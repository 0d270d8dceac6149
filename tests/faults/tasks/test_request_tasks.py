"""Whom a node reminds of a request about oneself: a worker killed in the middle of this task."""

from datetime import timedelta

import pytest

from tests.faults.tasks.conftest import CheckKills
from tests.node.conftest import manager, services, space
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.conftest import agent, asker, colleague, signer
from tests.node.subject_requests.test_reminders import DUE, at, due_request, queue
from udi.kit.db import Database
from udi.kit.tenancy import Territory

__all__ = ["agent", "asker", "colleague", "due_request", "manager", "services", "signer", "space"]  # fmt: skip


@pytest.mark.programs
@pytest.mark.thorough
@pytest.mark.usefixtures("due_request")
async def test_reminders_of_requests_leave_whenever_a_worker_dies(
    check_kills: CheckKills,
    colleague: Agent,
    node_database: Database,
    demo: Territory,
) -> None:
    assert await queue(node_database, demo, at(DUE - timedelta(days=4))) == 1
    await check_kills("node", {"remind_of_due_request"})

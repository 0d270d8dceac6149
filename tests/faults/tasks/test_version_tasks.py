"""What becomes of versions and datasets of a node, its figures and its reminders: workers killed in the middle of these tasks."""

import uuid
from datetime import timedelta

import httpx
import pytest

from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import enqueue
from tests.faults.tasks.test_node_tasks import note_calls
from tests.node.conftest import (
    manager,
    portal,
    producer,
    publisher,
    services,
    space,
)
from tests.node.counterpart import PortalDouble
from tests.node.producer import SLUG, Producer
from tests.node.test_erase_dataset import Do, erase, push, settle
from tests.node.test_figures import move_to_yesterday, use
from tests.node.test_remind import DUE, look, monthly
from tests.node.test_remove_version import published, remove
from tests.node.test_take_people_out import ALL_AWAY, members
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import anonymise
from udi.node.datasets.models import Dataset
from udi.node.spaces.clients import ClientKind
from udi.node.spaces.models import Space

__all__ = ["manager", "portal", "producer", "publisher", "push", "services", "settle", "space"]  # fmt: skip


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_versions_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    producer: Producer,
    portal: PortalDouble,
    push: Do,
    settle: Do,
    node_database: Database,
    demo: Territory,
    outside: Outside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await published(producer, push, settle, 5)
    removed = await remove(producer, dataset, 2)
    assert removed.status_code == 303, removed.text
    async with node_database.session(demo.id, role="worker") as session:
        row = await session.get_one(Dataset, (demo.id, uuid.UUID(dataset)))
        row.retained_versions = 2
    await enqueue(node_database, demo, "keep_versions", dataset=dataset)
    erased = await erase(producer, await described(producer))
    assert erased.status_code == 303, erased.text
    content, _ = members()
    personal = await producer.draft(content, "adhérents.csv")
    monkeypatch.setattr(anonymise, "PROMPT", 10)
    treated = await producer.client.post(
        f"/datasets/{personal}/personal-data", data=ALL_AWAY
    )
    assert treated.status_code == 303, treated.text
    note_calls(portal, outside)
    await check_kills(
        "node",
        {
            "compare_version",
            "erase_dataset",
            "erase_version",
            "keep_versions",
            "treat_version",
        },
    )


async def described(producer: Producer) -> str:
    """A draft that has its title."""
    dataset = await producer.draft()
    answer = await producer.describe(dataset)
    assert answer.status_code == 303, answer.text
    return dataset


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_figures_and_reminders_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    producer: Producer,
    manager: httpx.AsyncClient,
    portal: PortalDouble,
    space: Space,
    node_database: Database,
    demo: Territory,
    outside: Outside,
) -> None:
    dataset = await monthly(producer, node_database, demo)
    assert await look(node_database, demo, DUE + timedelta(days=1)) == 1
    async with node_database.session(demo.id, role="worker") as session:
        row = await session.get_one(Dataset, (demo.id, uuid.UUID(dataset)))
        assert row.delivery
        row.record = row.delivery.record
        row.state = "published"
    await use(node_database, demo, space, dataset, ClientKind.PEOPLE, count=2)
    await move_to_yesterday(node_database, demo)
    switched = await manager.post(
        f"/spaces/{SLUG}/figures/publication", data={"on": "1"}
    )
    assert switched.status_code == 303, switched.text
    note_calls(portal, outside)
    await check_kills("node", {"publish_figures", "send_reminder"})

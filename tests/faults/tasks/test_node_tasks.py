"""Files, versions, archives, pushes and reminders of a node: workers killed in the middle of these tasks."""

from typing import Any

import pytest

from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.node.conftest import (
    distant,
    portal,
    producer,
    publisher,
    services,
    space,
)
from tests.node.counterpart import PortalDouble
from tests.node.distant import Distant
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import Sender
from tests.node.test_erase_dataset import push, settle
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import draft
from udi.node.datasets.intake import resumable

__all__ = ["distant", "portal", "producer", "publisher", "push", "services", "settle", "space"]  # fmt: skip
OTHER = TABLE + b"Amicale;Kerl\xe9van;01/02/2003\n"


def note_calls(portal: PortalDouble, outside: Outside) -> None:
    """Have what the portal is told be seen beside what others are."""
    answer = portal.answer

    def note(
        method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Any]:
        if path.startswith("/kalim"):
            outside.calls.append(f"{method} {path} {body.decode()}")
        return answer(method, path, body, headers)

    portal.answer = note  # type: ignore[method-assign]  # it answers as before, and its calls are noted


def leave_files_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where files are large, or the web server died before it had looked at them."""

    async def leave(*_: object) -> None:
        return

    monkeypatch.setattr(draft, "PROMPT", 10)
    monkeypatch.setattr(resumable, "_finish_quietly", leave)


@pytest.mark.programs
async def test_tasks_of_files_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    producer: Producer,
    portal: PortalDouble,
    distant: Distant,
    node_database: Database,
    demo: Territory,
    outside: Outside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note_calls(portal, outside)
    distant.content = OTHER
    dataset = await producer.publish()
    form = {"address": f"{distant.origin}/b.csv", "frequency": "daily"}
    renewed = await producer.client.post(f"/datasets/{dataset}/source", data=form)
    assert renewed.status_code == 303, renewed.text
    answer = await producer.client.post(f"/spaces/{SLUG}/archive")
    assert answer.status_code == 303, answer.text
    leave_files_to_the_worker(monkeypatch)
    await producer.draft(TABLE + b"a;b;c\n")
    fetched = await producer.client.post(
        f"/spaces/{SLUG}/fetch", data={"address": f"{distant.origin}/a.csv"}
    )
    assert fetched.status_code == 303, fetched.text
    sender = Sender(producer.client)
    address = await sender.address(len(TABLE))
    sent = await sender.send(address, 0, TABLE)
    assert sent.status_code == 204, sent.text
    await check_kills(
        "node",
        {
            "build_archive",
            "fetch_file",
            "finish_upload",
            "prepare_version",
            "push_dataset",
            "refresh_source",
        },
    )

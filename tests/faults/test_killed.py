"""R1: kill -9 at each named step of an upload, of its look and of its publication, three sizes; one whole version."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from tests.faults.client import PatientSender
from tests.faults.power import content, let_time_pass, until
from tests.faults.running import RunningNode
from tests.node.counterpart import PortalDouble
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import objects, rows, sound
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Version
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import StoredFile
from udi.node.files.sweep import sweep_territory
from udi.ui.site import Site

MEGABYTE = 1024**2
SIZES = {
    "small": 3000,
    "medium": 5 * MEGABYTE,
    "large": 20 * MEGABYTE,
}
STEPS = (
    "upload.created", "part.stored", "part.noted", "upload.received", "upload.assembled", "upload.stored",
    "upload.profiled", "version.added", "version.committed", "parts.removed", "look.begun", "look.copied", "look.read",
    "look.stored", "look.noted", "publish.opened", "push.begun", "push.sent",
)  # fmt: skip
ALWAYS = {("upload.assembled", "small"), ("version.committed", "small")}
"""Those that every run makes: put together, and once it is a version. The others take minutes together."""
NEVER = {("part.noted", "small"): "its one part is also the last: see upload.received"}


def _trials() -> list[object]:
    trials = []
    for step in STEPS:
        for size in SIZES:
            marks = []
            if (step, size) in NEVER:
                continue
            if (step, size) not in ALWAYS:
                marks = [pytest.mark.thorough]
            trials.append(pytest.param(step, size, marks=marks, id=f"{step}-{size}"))
    return trials


@pytest.mark.parametrize(("step", "size"), _trials())
async def test_a_node_killed_at_a_step_ends_with_one_whole_version(
    node: RunningNode, token: str, producer: Producer, portal: PortalDouble, node_database: Database,
    node_site: Site, demo: Territory, step: str, size: str,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    sent = content(SIZES[size])
    delivered_after_death: list[bytes] = []
    store = node_site.services[OBJECTS]
    node.start(crash_at=step)

    async def revive() -> None:
        await asyncio.sleep(0.2)
        if node.has_died():
            delivered_after_death.append(
                (await producer.client.get(f"/datasets/{dataset}/file")).content
            )
            node.stop()
            await let_time_pass(node_database, demo)
            node.start()
        else:
            await let_time_pass(node_database, demo)

    host = demo.links["node"].partition("//")[2]
    sender = PatientSender(node.address, host, SLUG, token, revive)
    upload_status = await sender.deliver(
        sent, key="one", filename="nuit.csv", dataset=dataset, publish="true"
    )
    await until(lambda: _is_pushed(portal, sent), revive)
    again = await sender.deliver(
        sent, key="one", filename="nuit.csv", dataset=dataset, publish="true"
    )
    await until(lambda: bool(delivered_after_death), revive)

    assert (upload_status["state"], again["id"]) == ("done", upload_status["id"])
    assert upload_status["sha256"] == hashlib.sha256(sent).hexdigest()
    assert sorted(
        version.number for version in await rows(node_database, demo, Version)
    ) == [1, 2]
    assert await _delivered(producer, dataset, sent, revive) == sent
    assert len(await rows(node_database, demo, StoredFile)) == 2
    node.stop()
    await sweep_territory(
        node_database, store, demo.id, older_than=timedelta(seconds=-60)
    )
    assert await sound(node_database, store, demo) == []
    assert len(await objects(store, demo)) == 4  # two files, and a table of each
    assert len(delivered_after_death) == 1
    assert {*delivered_after_death} <= {TABLE, sent}


def _is_pushed(portal: PortalDouble, sent: bytes) -> bool:
    """Whether the portal was told of this very file."""
    digest = hashlib.sha256(sent).hexdigest()
    return any(record and digest in str(record) for _, _, record, _ in portal.pushed)


async def _delivered(
    producer: Producer, dataset: str, sent: bytes, revive: Callable[[], Awaitable[None]]
) -> bytes:
    """What everybody receives, once the worker has looked at the newest version; the version before until then."""
    content = b""
    for _ in range(300):
        content = (await producer.client.get(f"/datasets/{dataset}/file")).content
        if content == sent:
            break
        await revive()
    return content


async def test_a_node_killed_while_a_plain_form_ends_leaves_no_draft_and_no_orphan(
    node: RunningNode,
    producer: Producer,
    node_database: Database,
    node_site: Site,
    demo: Territory,
) -> None:
    store = node_site.services[OBJECTS]
    node.start("serve", crash_at="form.received")
    host = demo.links["node"].partition("//")[2]
    cookies = "; ".join(
        f"{name}={value}" for name, value in producer.client.cookies.items()
    )
    headers = {"Host": host, "Cookie": cookies, "Sec-Fetch-Site": "same-origin"}

    async with httpx.AsyncClient(
        base_url=node.address, headers=headers, timeout=60
    ) as client:
        files = {"file": (f"{secrets.token_hex(3)}.csv", TABLE, "text/csv")}
        with pytest.raises(httpx.TransportError):
            await client.post(f"/spaces/{SLUG}/datasets", files=files)
        node.start("serve")
        response = await client.post(f"/spaces/{SLUG}/datasets", files=files)

    assert response.status_code == 303
    node.stop()
    assert (
        await sweep_territory(
            node_database, store, demo.id, older_than=timedelta(seconds=-60)
        )
        == 1
    )
    assert len(await rows(node_database, demo, StoredFile)) == 1
    assert await sound(node_database, store, demo) == []

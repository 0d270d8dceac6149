"""A machine that the play made backs itself up, proves it, and is brought back to what it was."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.ansible.conftest import Deployment, Timings
from tests.ansible.load import PUBLISHER, log_in, under_load
from tests.ansible.machine import Machine
from tests.node.producer import SLUG, TABLE, Producer

pytestmark = pytest.mark.thorough
LATER = b"nom;commune\nPublished after the backup;Kerlevan\n"


def backup(machine: Machine, command: str) -> Any:
    """What `udi backup` answers to a program."""
    return json.loads(machine.run(f"udi backup {command} --json"))


@asynccontextmanager
async def publisher(deployment: Deployment) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who publishes, logged in at the node."""
    async with deployment.visitor(deployment.names.node) as client:
        await log_in(
            client, deployment.node(), PUBLISHER, deployment.password(PUBLISHER)
        )
        yield client


async def address_of(client: httpx.AsyncClient, content: bytes) -> str:
    """Where a file is, once it is published."""
    producer = Producer(client)
    dataset = await producer.publish(await producer.draft(content))
    return f"/datasets/{dataset}/file"


async def fetch(deployment: Deployment, path: str) -> httpx.Response:
    """What a passer-by gets from the node."""
    async with deployment.visitor(deployment.names.node) as visitor:
        return await visitor.get(path, follow_redirects=True)


def test_it_backs_up_and_drills_by_itself(machine: Machine) -> None:
    timers = machine.run("systemctl list-timers --all --no-legend 'udi-backup*'")

    assert {
        name
        for name in ("udi-backup.timer", "udi-backup-verify.timer")
        if name in timers
    } == {
        "udi-backup.timer",
        "udi-backup-verify.timer",
    }
    for unit in ("udi-backup", "udi-backup-verify"):
        machine.run(f"systemctl start {unit}")
    assert backup(machine, "list")[0]["verified"] != "no"


async def test_what_was_published_comes_back_whole_and_what_came_later_is_gone(
    deployment: Deployment, timings: Timings
) -> None:
    machine = deployment.machine
    async with publisher(deployment) as client:
        published_address = await address_of(client, TABLE)
        async with under_load(deployment, clients=1) as tally:
            backup_report = await asyncio.to_thread(backup, machine, "create")
        gone = await address_of(client, LATER)
    timings["backup under load"] = backup_report["seconds"]
    assert tally.refused == []
    assert backup_report["exact"]
    assert (await fetch(deployment, gone)).status_code == 200

    timings["drill"] = backup(machine, "verify")["verified_in"]
    refused = machine.run("udi backup restore 2>&1; echo status $?")
    restored = await asyncio.to_thread(backup, machine, "restore --yes-replace")
    timings["restore"] = restored["seconds"]

    assert "--yes-replace" in refused
    assert refused.strip().endswith("status 1")
    assert (restored["label"], restored["rows"], restored["missing"]) == (
        backup_report["label"],
        backup_report["rows"],
        [],
    )
    response = await fetch(deployment, published_address)
    assert hashlib.sha256(response.content).digest() == hashlib.sha256(TABLE).digest()
    assert (await fetch(deployment, gone)).status_code == 404
    async with publisher(deployment) as client:
        assert (await client.get(f"/spaces/{SLUG}")).status_code == 200
    faults = [
        finding
        for finding in json.loads(machine.run("udi doctor --json; true"))["findings"]
        if finding["severity"] == "fault"
    ]
    assert faults == []

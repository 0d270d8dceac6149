"""A slow reader of restricted data, at a node as it runs: what reaches it once its agreement is revoked, and how it ends."""

import asyncio
import os
import socket
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.faults.running import RunningNode
from tests.node.agreements.granting import Grant, Granting
from tests.node.conftest import services, store
from tests.node.producer import Producer
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.agreements.gate import BYTES
from udi.node.datasets.actions.prepare import PreparationContext, prepare_version
from udi.node.datasets.queries import find_dataset
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.models import Space
from udi.node.territories.models import Tenant
from udi.protocol.agreement import AgreementValidity
from udi.settings import Settings

__all__ = ["services", "store"]
SIZE = 64 * 1024**2
BEFORE = 4 * 1024**2
SLICE = 64 * 1024
ON_THE_WAY = 16 * 1024**2
"""What the server, the kernel and the reader's own socket may hold, beside what the node sends."""
PATIENCE = 60


@dataclass
class SlowReader:
    """Reads an answer slice by slice over a socket with a small buffer, as slowly as it is told."""

    address: tuple[str, int]
    host: str
    head: bytes = b""
    taken: int = 0
    connection: socket.socket = field(default_factory=socket.socket)

    def begin(self, path: str, secret: str) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLICE)
        self.connection.settimeout(PATIENCE)
        self.connection.connect(self.address)
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {self.host}",
            f"Authorization: Bearer {secret}",
            "Accept: */*",
            "",
            "",
        ]
        self.connection.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self.head:
            self.head += self.connection.recv(1)

    def read(self, size: int, pause: float = 0.0) -> bool:
        """Read so many bytes more; whether there were as many."""
        target = self.taken + size
        while self.taken < target:
            try:
                piece = self.connection.recv(min(SLICE, target - self.taken))
            except ConnectionError:
                return False
            if not piece:
                return False
            self.taken += len(piece)
            time.sleep(pause)
        return True

    @property
    def announced(self) -> int:
        lines = self.head.decode().lower().split("\r\n")
        return next(
            int(line.split(":")[1])
            for line in lines
            if line.startswith("content-length")
        )


@pytest.fixture
async def granting(settings: Settings, node_database: Database, demo: Territory) -> Any:
    """A portal that grants, at an address that the running node reaches."""
    double = Granting(demo.slug, audience=demo.links["node"])
    secret = settings.secrets_folder / f"node_credential_{demo.slug}"
    secret.write_text("credential of the test")
    async with node_database.platform_session(role="owner") as session:
        row: Any = await session.get(Tenant, demo.id)
        row.links = {**row.links, "portal": double.origin}
    yield double
    double.stop()
    secret.unlink()


async def publish(
    producer: Producer,
    store: ObjectStore,
    node_database: Database,
    demo: Territory,
    space: Space,
) -> str:
    """A restricted file that is no table."""
    async with node_database.session(demo.id, role="owner") as session:
        row = await session.get_one(Space, (demo.id, space.id))
        row.quota_bytes = 4 * SIZE
    dataset = await producer.draft(os.urandom(SIZE), "mesures.bin")
    async with node_database.session(demo.id, role="worker") as session:
        dataset_row = await find_dataset(session, uuid.UUID(dataset))
        assert dataset_row is not None
    await prepare_version(
        PreparationContext(
            TenantStorage(node_database, store, demo.id, "worker"), demo
        ),
        dataset_row.latest.id,
        1,
    )
    return await producer.publish(dataset, access="restricted", reason="On le peut.")


@pytest.mark.thorough
async def test_a_slow_reader_is_cut_off_when_its_agreement_is_revoked(
    granting: Granting, producer: Producer, space: Space, node: RunningNode, node_database: Database, demo: Territory,
    settings: Settings, store: ObjectStore,
) -> None:  # fmt: skip
    dataset = await publish(producer, store, node_database, demo, space)
    node.start("serve")
    host = demo.links["node"].removeprefix("http://").partition(":")[0]
    grant = granting.grant(dataset)
    async with httpx.AsyncClient(
        base_url=node.address, headers={"Host": host}, timeout=PATIENCE
    ) as client:
        await push_until_accepted(granting, client, grant)
        reader = SlowReader(("127.0.0.1", settings.port(1)), host)
        await asyncio.to_thread(reader.begin, f"/datasets/{dataset}/file", grant.secret)
        assert await asyncio.to_thread(reader.read, BEFORE, 0.01)
        began = time.monotonic()
        await push_until_accepted(
            granting,
            client,
            grant.change(state=AgreementValidity.REVOKED, reason="Trop."),
        )
        revoked_at = time.monotonic()
        whole = await asyncio.to_thread(reader.read, SIZE, 0.01)
        seconds = time.monotonic() - revoked_at
        reader.connection.close()
        again = await client.get(f"/datasets/{dataset}/file", headers=grant.headers)

    after = reader.taken - BEFORE
    print(  # noqa: T201 - a figure to publish
        f"revoked in the middle: {after / 1024**2:.1f} MiB more reached a slow reader, cut after {seconds:.1f} s"
        f" (told in {revoked_at - began:.1f} s)"
    )
    assert not whole
    assert reader.announced == SIZE
    assert after <= BYTES + ON_THE_WAY
    assert again.status_code == 403


async def push_until_accepted(
    granting: Granting, client: httpx.AsyncClient, grant: Grant
) -> None:
    """Tell the node; it learns of a new territory within seconds."""
    deadline = time.monotonic() + PATIENCE
    while (answer := await granting.push(client, grant)).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.2)

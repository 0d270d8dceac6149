"""What a large table costs, until it answers questions: memory of each process on its way, and speed."""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import httpx
import psutil
import pytest

from tests.faults.running import RunningNode
from tests.node.producer import SLUG, Producer
from tests.node.sending import BYTES, TUS, metadata
from udi.kit.tenancy import Territory

MEGABYTE = 1024**2
HEAD = "numéro;commune;créée le;hauteur\n".encode()
LINE = "123456;Kerlévan;01/01/2001;48,117\n".encode()
ROWS = int(os.environ.get("UDI_TEST_UPLOAD_BYTES") or 200 * MEGABYTE) // len(LINE)
SIZE = len(HEAD) + ROWS * len(LINE)
PIECE = MEGABYTE // len(LINE)
"""Bytes of the table, 2 GB with UDI_TEST_UPLOAD_BYTES=2147483648; lines that are sent at once."""
MOST = 300 * MEGABYTE
MOST_OF_CHILD = 1200 * MEGABYTE
"""A web process at rest has 160 MB, a worker 190: neither may hold a tenth of a table of 2 GB."""
LONGEST = 1200


@dataclass
class Watch:
    """The largest memory seen of the web process, of the worker, and of the children of both, in bytes."""

    node: RunningNode
    peaks: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("serve", "work", "child"), 0)
    )

    def look(self) -> None:
        for part in ("serve", "work"):
            for process in self.node.family(part):
                with contextlib.suppress(psutil.NoSuchProcess):
                    reads = "udi.kit.child_program" in process.cmdline()
                    name = "child" if reads else part
                    self.peaks[name] = max(self.peaks[name], process.memory_info().rss)


async def body(watch: Watch, digest: Any) -> AsyncIterator[bytes]:
    """The table in pieces."""
    for sent in chain(
        [HEAD], (LINE * min(PIECE, ROWS - start) for start in range(0, ROWS, PIECE))
    ):
        digest.update(sent)
        yield sent
        watch.look()


async def _until(
    watch: Watch,
    client: httpx.AsyncClient,
    address: str,
    happened: Callable[[Any], bool],
) -> Any:
    async with asyncio.timeout(LONGEST):
        while True:
            answer = await client.get(address, headers={"Accept": "application/json"})
            if answer.status_code == 200 and happened(answer.json()):
                return answer.json()
            watch.look()
            await asyncio.sleep(0.3)


@pytest.mark.thorough
async def test_a_large_table_is_received_read_and_asked_without_being_held(
    node: RunningNode, token: str, producer: Producer, demo: Territory
) -> None:
    dataset = await producer.publish(await producer.draft(HEAD + LINE))
    node.start()
    watch = Watch(node)
    digest = hashlib.sha256()
    began = time.monotonic()
    headers = {
        "Host": demo.links["node"].partition("//")[2],
        "Authorization": f"Bearer {token}",
    }
    async with httpx.AsyncClient(
        base_url=node.address, headers=headers, timeout=3600
    ) as client:
        upload_metadata = metadata(filename="g.csv", dataset=dataset, publish="true")
        about = {**TUS, "Upload-Length": str(SIZE), "Upload-Metadata": upload_metadata}
        where = (await client.post(f"/spaces/{SLUG}/uploads", headers=about)).headers[
            "location"
        ]
        sent = await client.patch(
            where, content=body(watch, digest), headers={**BYTES, "Upload-Offset": "0"}
        )
        received = time.monotonic()
        assert sent.status_code == 204, sent.text
        upload_status = await _until(
            watch, client, where, lambda status: status["state"] in {"done", "failed"}
        )
        stored = time.monotonic()
        data = f"/api/resources/{dataset}/data/"
        first_page = await _until(
            watch, client, f"{data}?page_size=1", lambda page: page["meta"]["total"] > 1
        )
        ready = time.monotonic()
        counted = (
            await client.get(f"{data}?commune__groupby&hauteur__avg&numéro__count")
        ).json()
        grouped_at = time.monotonic()
    watch.look()
    print(  # noqa: T201 - figures to publish
        f"\n{SIZE / MEGABYTE:.0f} MB: received at {SIZE / MEGABYTE / (received - began):.0f} MB/s, put together in"
        f" {stored - received:.0f} s, a table of {first_page['meta']['total']} rows in {ready - stored:.0f} s more, a group of"
        f" all of them in {grouped_at - ready:.1f} s; peak memory in MB:"
        f" { ({name: peak // MEGABYTE for name, peak in watch.peaks.items()}) }"
    )

    assert (upload_status["state"], upload_status["sha256"]) == (
        "done",
        digest.hexdigest(),
    )
    assert first_page["meta"]["total"] == ROWS
    assert [row["commune"] for row in counted["data"]] == ["Kerlévan"]
    assert max(watch.peaks["serve"], watch.peaks["work"]) < MOST
    assert watch.peaks["child"] < MOST_OF_CHILD

"""R5: the database's disk is full, or the one on which files are read: said, nothing lost, on again by itself."""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.faults.disks import SmallDisk, small_disk
from tests.faults.power import content, let_pause_pass, let_time_pass
from tests.faults.running import RunningNode
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import Sender, rows
from udi.cli.local.account import change_owner, service_account
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Preparation, PreparationState
from udi.settings import Settings
from udi.ui.site import Site

PATIENCE = 180
TURN = 12
"""Seconds in which the worker looks for jobs twice: where a row finds room in a page, it takes one in spite of all."""
REFUSED = "DiskFullError"
MOST = 200
SIZE = 5 * 1024**2


def visitor(node: RunningNode, demo: Territory, **headers: str) -> httpx.AsyncClient:
    request_headers = {
        "Host": demo.links["node"].partition("//")[2],
        "Accept": "application/json",
        **headers,
    }
    return httpx.AsyncClient(base_url=node.address, headers=request_headers, timeout=60)


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that the database's account reaches."""
    folder = Path(tempfile.mkdtemp(prefix="udi-test-disk-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def database_disk(
    postgres: str,
    outside: Path,
    settings: Settings,
    node_database: Database,
    node_site: Site,
) -> AsyncIterator[SmallDisk]:
    """The disk to which the node's database was moved, until the test ends."""
    name = settings.database_names["node"]

    async def move(place: str) -> None:
        for database in (node_database, node_site.database):
            await database.close()
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            name,
        )
        await connection.execute(f"ALTER DATABASE {name} SET TABLESPACE {place}")

    with small_disk(outside / "disk", 128) as disk:
        (disk.folder / "space").mkdir()
        change_owner(disk.folder / "space", service_account())
        connection = await asyncpg.connect(postgres)
        try:
            await connection.execute(
                f"CREATE TABLESPACE small LOCATION '{disk.folder / 'space'}'"
            )
            await move("small")
            yield disk
            disk.free()
            await move("pg_default")
            await connection.execute("DROP TABLESPACE small")
        finally:
            await connection.close()


async def test_what_was_acknowledged_outlives_a_full_disk_of_the_database(
    database_disk: SmallDisk,
    node: RunningNode,
    producer: Producer,
    token: str,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    node.start()
    before = [node.family(part)[0].pid for part in ("serve", "work")]
    acknowledged: dict[str, str] = {}
    async with visitor(node, demo, Authorization=f"Bearer {token}") as client:
        sender = Sender(client)
        for number in range(MOST):
            if number == 3:
                database_disk.fill()
            sent = TABLE + b"%d;B;01/01/2001\n" % number
            answer = await sender.begin(len(sent), content=sent)
            if answer.status_code != 201:
                break
            acknowledged[answer.headers["location"]] = hashlib.sha256(sent).hexdigest()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "base de données" in answer.json()["detail"]
        assert (await client.get(f"/datasets/{dataset}/file")).content == TABLE
        with suppress(TimeoutError):
            async with asyncio.timeout(TURN):
                while REFUSED not in node.log("work"):  # noqa: ASYNC110 - another process says nothing to wait for
                    await asyncio.sleep(0.1)
        database_disk.free()

        assert len(acknowledged) >= 3
        async with asyncio.timeout(PATIENCE):
            for address, digest in acknowledged.items():
                while (upload_status := await sender.look(address))["state"] != "done":  # noqa: ASYNC110 - another process says nothing to wait for
                    await asyncio.sleep(0.1)
                assert upload_status["sha256"] == digest
        after = await sender.begin(len(TABLE), content=TABLE)
        assert (await sender.look(after.headers["location"]))["state"] == "done"

    assert acknowledged
    assert [node.family(part)[0].pid for part in ("serve", "work")] == before


@pytest.mark.thorough
@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("room", [2, pytest.param(7, marks=pytest.mark.thorough)])
async def test_a_file_is_looked_at_once_there_is_room_to_read_it(
    node: RunningNode,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    tmp_path: Path,
    room: int,
) -> None:
    await producer.draft(content(SIZE))
    with small_disk(tmp_path / "scratch", room) as disk:
        node.environment["TMPDIR"] = str(disk.folder)
        node.start("work")
        async with asyncio.timeout(PATIENCE):
            while "DiskFullError" not in node.log("work"):  # noqa: ASYNC110 - another process says nothing to wait for
                await asyncio.sleep(0.1)
        [preparation] = await rows(node_database, demo, Preparation)
        pid = node.family("work")[0].pid
        disk.enlarge(300)
        async with asyncio.timeout(PATIENCE):
            while (
                looked := (await rows(node_database, demo, Preparation))[0]
            ).state == PreparationState.WAITING:
                await let_pause_pass(node_database, demo)
                await asyncio.sleep(0.2)
        assert node.family("work")[0].pid == pid
        node.stop()

    assert (preparation.state, looked.state, looked.failure) == (
        PreparationState.WAITING,
        PreparationState.READY,
        "",
    )


@pytest.mark.thorough
async def test_somebody_who_sends_a_file_that_cannot_be_read_for_now_is_reported(
    node: RunningNode,
    producer: Producer,
    token: str,
    node_database: Database,
    demo: Territory,
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "scratch", 8) as disk:
        node.environment["TMPDIR"] = str(disk.folder)
        node.start()
        disk.fill()
        cookies = "; ".join(
            f"{name}={value}" for name, value in producer.client.cookies.items()
        )
        headers = {
            "Cookie": cookies,
            "Sec-Fetch-Site": "same-origin",
            "Accept": "text/html",
        }
        async with (
            visitor(node, demo, **headers) as client,
            visitor(node, demo, Authorization=f"Bearer {token}") as script,
        ):
            response = await Producer(client).send()
            sender = Sender(script)
            sent = await sender.begin(len(TABLE), content=TABLE)
            page = await client.get(f"/spaces/{SLUG}")
            disk.free()
            again = await Producer(client).send(TABLE + b"A;B;01/01/2001\n")
            async with asyncio.timeout(PATIENCE):
                while (await sender.look(sent.headers["location"]))["state"] != "done":
                    await let_time_pass(node_database, demo)
                    await asyncio.sleep(0.5)
        node.stop()

    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    assert "Le disque sur lequel ce nœud lit les fichiers est plein." in response.text
    assert (page.status_code, again.status_code) == (200, 303)

"""Uses are counted by dataset, day, way and kind of client, and nobody can be found in them."""

import asyncio
import re
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from tests.node.conftest import Browse
from tests.node.producer import SLUG, TABLE, Producer
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.shared_memory import SALT
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import set_limits
from udi.node.spaces.clients import ClientKind, client_of
from udi.node.spaces.limits import SPACE_LIMITER, SpaceLimiter
from udi.node.spaces.models import Space, UseCount
from udi.node.spaces.use_counts import (
    USE_COUNTER,
    RecentReaders,
    UseCounter,
    UseKind,
    use_of,
)
from udi.ui.site import Site

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
NAMES = {
    ClientKind.PEOPLE: [FIREFOX, CHROME, "Lynx/2.9.2 libwww-FM/2.14", "Opera/9.80 (Windows NT 6.1) Presto/2.12 Version/12.16"],
    ClientKind.PROGRAMS: [
        "", "curl/8.5.0", "python-requests/2.32", "Python-urllib/3.11", "Wget/1.21", "Mozilla/5.0 QGIS/33400/Debian",
        "okhttp/4.12", "Java/17.0.2", "axios/1.7", "R (4.3.1 x86_64)", "my own script", "GDAL/3.8", "duckdb/v1.0",
    ],
    ClientKind.ROBOTS: [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "GPTBot/1.2", "CCBot/2.0",
        "Mozilla/5.0 (compatible; bingbot/2.0)", "Mozilla/5.0 (compatible; YandexBot/3.0)", "ia_archiver", "AhrefsBot/7.0",
        "facebookexternalhit/1.1", "Mozilla/5.0 (X11) HeadlessChrome/120.0 Safari/537.36", "UptimeRobot/2.0", "Bytespider",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "client"),
    [(name, client) for client, names in NAMES.items() for name in names],
)
def test_a_client_is_told_by_its_name(name: str, client: ClientKind) -> None:
    assert client_of(name) is client


async def counts(
    site: Site, territory: Territory
) -> dict[tuple[str, str], tuple[int, int]]:
    await site.services[USE_COUNTER].flush()
    async with site.database.session(territory.id) as session:
        rows = (await session.scalars(select(UseCount))).all()
    return {(row.kind, row.client): (row.count, row.bytes) for row in rows}


async def test_a_file_taken_whole_counts_each_time_with_its_bytes(
    producer: Producer, passer_by: httpx.AsyncClient, node_site: Site, demo: Territory
) -> None:
    address = f"/datasets/{await producer.publish()}/file"

    for name in (FIREFOX, FIREFOX, "curl/8.5.0", "GPTBot/1.2"):
        await passer_by.get(address, headers={"User-Agent": name})
    await passer_by.head(address, headers={"User-Agent": FIREFOX})
    await passer_by.get(address, headers={"User-Agent": FIREFOX, "If-None-Match": "*"})

    size = len(TABLE)
    assert await counts(node_site, demo) == {
        ("file", "people"): (2, 2 * size), ("file", "programs"): (1, size), ("file", "robots"): (1, size),
    }  # fmt: skip


async def test_parts_that_one_reader_takes_are_one_download(
    producer: Producer, passer_by: httpx.AsyncClient, node_site: Site, demo: Territory
) -> None:
    address = f"/datasets/{await producer.publish()}/file"

    for name in (FIREFOX, CHROME):
        for start in range(0, len(TABLE), 10):
            await passer_by.get(
                address,
                headers={"User-Agent": name, "Range": f"bytes={start}-{start + 9}"},
            )

    assert await counts(node_site, demo) == {("file", "people"): (2, 2 * len(TABLE))}


@pytest.mark.thorough
async def test_a_download_that_goes_on_after_a_break_is_one(
    producer: Producer, passer_by: httpx.AsyncClient, node_site: Site, demo: Territory
) -> None:
    address = f"/datasets/{await producer.publish()}/file"

    await passer_by.get(address, headers={"User-Agent": FIREFOX})
    await passer_by.get(address, headers={"User-Agent": FIREFOX, "Range": "bytes=10-"})

    assert await counts(node_site, demo) == {
        ("file", "people"): (1, 2 * len(TABLE) - 10)
    }


async def test_calls_and_exports_of_a_table_count_with_their_bytes(
    producer: Producer, passer_by: httpx.AsyncClient, node_site: Site, demo: Territory
) -> None:
    table = f"/api/resources/{await producer.publish()}"
    agent = {"User-Agent": "curl/8.5.0"}

    pages = [
        await passer_by.get(f"{table}/{path}", headers=agent)
        for path in ("", "profile/", "data/?page_size=1")
    ]
    whole = await passer_by.get(f"{table}/data/csv/", headers=agent)
    await passer_by.head(f"{table}/data/", headers=agent)
    await passer_by.get(f"{table}/data/", headers={**agent, "If-None-Match": "*"})

    assert {page.status_code for page in (*pages, whole)} == {200}
    assert all('"space";q=' in page.headers["ratelimit-policy"] for page in pages)
    assert await counts(node_site, demo) == {
        ("api", "programs"): (3, sum(len(page.content) for page in pages)),
        ("export", "programs"): (1, len(whole.content)),
    }


async def test_a_space_that_is_asked_too_much_answers_no_table_either(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_site: Site,
    demo: Territory,
    services: ServiceOverrides,
) -> None:
    dataset = await producer.publish()
    async with node_site.database.session(demo.id, role="worker") as session:
        await set_limits(session, SLUG, requests_per_minute=1)
    services[SPACE_LIMITER] = SpaceLimiter(node_site.database, node_site.settings)

    responses = [
        await passer_by.get(path)
        for path in (f"/api/resources/{dataset}/data/", f"/datasets/{dataset}/data")
    ]

    assert [answer.status_code for answer in responses] == [200, 429]


async def test_a_draft_that_its_producer_reads_is_not_counted(
    producer: Producer, node_site: Site, demo: Territory
) -> None:
    page = await producer.page(f"/datasets/{await producer.draft()}")
    match = re.search(r'href="(/files/[^"]+)"', page)

    assert match
    assert (await producer.client.get(match[1])).status_code == 200
    assert await counts(node_site, demo) == {}


async def test_several_processes_add_up_and_none_blocks_another(
    node_database: Database, demo: Territory, space: Space
) -> None:
    datasets = [uuid.uuid4() for _ in range(20)]
    processes = [UseCounter(node_database) for _ in range(4)]
    for turn in range(3):
        for rank, uses in enumerate(processes):
            for dataset in datasets if (rank + turn) % 2 else reversed(datasets):
                uses.add(
                    use_of(
                        demo.id, space.id, dataset, UseKind.API, ClientKind.PROGRAMS
                    ),
                    sent=7,
                )
        await asyncio.gather(*(uses.flush() for uses in processes))
    for uses in processes:
        await uses.close()

    async with node_database.session(demo.id) as session:
        rows = (await session.scalars(select(UseCount))).all()
    assert {(row.count, row.bytes) for row in rows} == {(12, 84)}
    assert len(rows) == 20


async def test_what_the_database_does_not_take_now_is_written_later(
    node_database: Database,
    demo: Territory,
    space: Space,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uses = UseCounter(node_database)
    uses.add(
        use_of(demo.id, space.id, uuid.uuid4(), UseKind.FILE, ClientKind.PEOPLE), sent=3
    )

    def away(*_: Any, **__: Any) -> Any:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(node_database, "session", away)
        await uses.flush()
    await uses.close()

    async with node_database.session(demo.id) as session:
        assert [
            (row.count, row.bytes) for row in await session.scalars(select(UseCount))
        ] == [(1, 3)]


async def test_counts_of_another_territory_are_unseen(
    node_database: Database, demo: Territory, other: Territory, space: Space
) -> None:
    uses = UseCounter(node_database)
    uses.add(use_of(demo.id, space.id, uuid.uuid4(), UseKind.OGC, ClientKind.PROGRAMS))
    await uses.close()

    async with node_database.session(other.id) as session:
        assert (await session.scalars(select(UseCount))).all() == []


async def test_readers_are_forgotten_by_themselves_and_a_salt_is_never_used_again() -> (
    None
):
    readers = RecentReaders(lasts=0.5)
    assert readers.is_new("file", "name", "192.0.2.1")
    assert not readers.is_new("file", "name", "192.0.2.1")
    memory = readers._seen._memory
    salt = readers._seen.salt
    digests = memory[SALT:].replace(b"\0", b"")

    async with asyncio.timeout(60):
        while readers._seen.salt == salt:  # noqa: ASYNC110 - they are forgotten without a word
            await asyncio.sleep(0.05)

    assert digests
    assert readers._seen.salt != salt
    assert memory[SALT:] == bytes(len(memory) - SALT)
    assert readers.is_new("file", "name", "192.0.2.1")
    readers.forget()


async def test_no_address_and_no_name_of_a_program_reaches_the_database(
    producer: Producer, node_app: Any, demo: Territory, browse: Browse, node_site: Site
) -> None:
    address = f"/datasets/{await producer.publish()}/file"
    async with browse(node_app, demo) as client:
        headers = {"User-Agent": "SecretName/1.0", "X-Forwarded-For": "203.0.113.77"}
        answer = await client.get(address, headers=headers)
    await node_site.services[USE_COUNTER].flush()

    async with node_site.database.session(demo.id) as session:
        stored = await session.scalar(
            text("SELECT string_agg(u::text, '|') FROM app.use_count u")
        )
    assert "set-cookie" not in answer.headers
    assert "programs" in stored
    assert not re.search("SecretName|203\\.0\\.113|127\\.0\\.0", stored)

"""One old version is removed alone, for good: its bytes go, its address says so, the others stay."""

import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.depth import by_depth
from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.scripts import Script, new_key
from tests.node.test_erase_dataset import Do, erase, rows, withdraw
from tests.node.test_erase_dataset import erase_job as erase_job
from tests.node.test_erase_dataset import push as push
from tests.node.test_erase_dataset import settle as settle
from tests.ui.tab import Tab
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets import tasks as datasets_jobs
from udi.node.datasets.actions.compare import COMPARE_VERSION
from udi.node.datasets.actions.outbox import KEEP_VERSIONS
from udi.node.datasets.actions.remove import ERASE_VERSION
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.upkeep import removal_tasks
from udi.node.datasets.upkeep.reminders import find_due
from udi.node.datasets.versions.findings import read_difference
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import RemovedVersion, StoredFile
from udi.node.files.queries import used_bytes
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.files.sweep import iterate_orphans
from udi.node.spaces.models import Space
from udi.node.tables.finder import FIND_TABLE
from udi.settings import Settings
from udi.ui.site import Site

WHY = "Des noms y étaient restés"
LINES = [
    f"Association {number};Kerlévan;12/03/19{number}\n".encode("cp1252")
    for number in range(10, 60)
]
Work = Callable[[], Awaitable[list[str]]]


def content(number: int) -> bytes:
    """The file of a version: one line more each time, so that differences are small."""
    return TABLE + b"".join(LINES[: 20 + number])


@pytest.fixture
def work(
    node_site: Site,
    demo: Territory,
    settings: Settings,
    portal: PortalDouble,
    node_database: Database,
) -> Work:
    """Does the jobs about versions that wait, as the worker does; their names."""
    assert portal
    client = PortalClient(settings, node_site.outgoing)
    store = node_site.services[OBJECTS]
    handlers = {
        **datasets_jobs.task_handlers(
            node_site.database, node_site.registry, client, store
        ),
        **removal_tasks.task_handlers(
            node_site.database, store, [node_site.services[FIND_TABLE].forget_dataset]
        ),
    }
    done = set[str]()

    async def work() -> list[str]:
        names = []
        for name, payload, key in await waiting(node_database, demo):
            if key not in done and name in {
                ERASE_VERSION,
                KEEP_VERSIONS,
                COMPARE_VERSION,
            }:
                done.add(key)
                names.append(name)
                await handlers[name](Job(name, demo.id, payload, 0, last=False))
        return names

    return work


async def waiting(
    database: Database, territory: Territory
) -> list[tuple[str, dict[str, Any], str]]:
    """The jobs of a territory in their order: name, payload, and what tells them apart."""
    query = text(
        "SELECT id, entrypoint, convert_from(payload, 'UTF8') FROM queue.pgqueuer ORDER BY id"
    )
    async with database.platform_session(role="worker") as session:
        jobs = [
            (name, json.loads(payload), str(key))
            for key, name, payload in await session.execute(query)
        ]
    return [
        (name, payload, key)
        for name, payload, key in jobs
        if payload["tenant"] == str(territory.id)
    ]


async def published(producer: Producer, push: Do, settle: Do, versions: int = 3) -> str:
    """A dataset with so many versions, each accepted by the portal."""
    dataset = await producer.draft(content(1))
    for number in range(1, versions + 1):
        if number > 1:
            await next_version(producer, push, settle, dataset, number)
        else:
            await producer.publish(dataset)
            await push(dataset, 1)
            await settle(dataset, "POST")
    return dataset


async def next_version(
    producer: Producer, push: Do, settle: Do, dataset: str, number: int
) -> None:
    sent = await producer.send(content(number), path=f"/datasets/{dataset}/versions")
    assert sent.status_code == 303, sent.text
    await producer.publish(dataset)
    await push(dataset, number)
    await settle(dataset, "PUT")


async def remove(
    producer: Producer, dataset: str, number: int, reason: str = WHY
) -> httpx.Response:
    return await producer.client.post(
        f"/datasets/{dataset}/versions/{number}/remove", data={"reason": reason}
    )


async def find(database: Database, territory: Territory, dataset: str) -> Dataset:
    async with database.session(territory.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        return stored_dataset


async def numbers(database: Database, territory: Territory, dataset: str) -> list[int]:
    return [
        version.number
        for version in (await find(database, territory, dataset)).versions
    ]


async def version(
    database: Database, territory: Territory, dataset: str, number: int
) -> Version:
    [stored_version] = [
        candidate
        for candidate in (await find(database, territory, dataset)).versions
        if candidate.number == number
    ]
    return stored_version


async def keys(site: Site, territory: Territory) -> list[str]:
    store: ObjectStore = site.services[OBJECTS]
    return [str(entry["path"]) async for entry in store.list(str(territory.id))]


async def used(database: Database, territory: Territory) -> int:
    async with database.session(territory.id, role="worker") as session:
        return await used_bytes(
            session,
            (await session.scalars(select(Space).where(Space.slug == SLUG))).one(),
        )


async def test_a_removed_version_is_nowhere_and_the_others_stay(
    producer: Producer, passer_by: httpx.AsyncClient, push: Do, settle: Do, work: Work, node_database: Database,
    node_site: Site, demo: Territory,
) -> None:  # fmt: skip
    dataset = await published(producer, push, settle)
    gone = (await version(node_database, demo, dataset, 2)).file
    before = await used(node_database, demo)
    store: ObjectStore = node_site.services[OBJECTS]
    assert store.folder is not None
    staged = store.folder / f"{gone.key}.3.table.parquet#2"
    staged.write_bytes(b"half")

    answer = await remove(producer, dataset, 2)
    closed = await passer_by.get(gone.path)
    done = await work()

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/datasets/{dataset}#versions",
    )
    assert (
        closed.status_code,
        WHY in closed.text,
        f"/datasets/{dataset}/file" in closed.text,
    ) == (410, True, True)
    assert ERASE_VERSION in done
    assert not [key for key in await keys(node_site, demo) if str(gone.id) in key]
    assert not staged.exists()
    assert await used(node_database, demo) == before - gone.size
    assert await numbers(node_database, demo, dataset) == [3, 1]
    for number in (1, 3):
        remaining_version = await version(node_database, demo, dataset, number)
        assert (await passer_by.get(remaining_version.file.path)).content == content(
            number
        )
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == content(3)
    [removed] = await rows(node_database, demo, RemovedVersion)
    assert removed.erased_at is not None
    assert gone.id not in [
        file.id for file in await rows(node_database, demo, StoredFile)
    ]
    page = await producer.page(f"/datasets/{dataset}")
    assert "Version supprimée" in page
    line = page.partition("Version supprimée")[2].partition("</li>")[0]
    assert (
        "Version n° 2\N{NO-BREAK SPACE}:" in line,
        WHY in line,
        "par vous" in line,
    ) == (
        True,
        True,
        True,
    ), line
    orphans = [
        orphan.key
        async for orphan in iterate_orphans(
            TenantStorage(node_database, store, demo.id, "worker")
        )
    ]
    assert orphans == []


@pytest.mark.thorough
async def test_the_page_of_the_table_that_a_browser_kept_does_not_list_a_removed_version(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    push: Do,
    settle: Do,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await published(producer, push, settle, 2)
    gone = (await version(node_database, demo, dataset, 1)).file
    address = f"/datasets/{dataset}/data?view=cards"
    before = await passer_by.get(address)
    tag = {"If-None-Match": before.headers["ETag"]}
    unchanged = await passer_by.get(address, headers=tag)

    await remove(producer, dataset, 1)

    after = await passer_by.get(address, headers=tag)
    assert unchanged.status_code == 304
    assert gone.path in before.text
    assert after.status_code == 200
    assert gone.path not in after.text


@pytest.mark.thorough
async def test_the_refusal_for_a_program_is_in_json(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    push: Do,
    settle: Do,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await published(producer, push, settle, 2)
    path = (await version(node_database, demo, dataset, 1)).file.path
    await remove(producer, dataset, 1)

    answer = await passer_by.get(
        path, headers={"Accept": "application/json", "Accept-Language": "en"}
    )

    assert (answer.status_code, answer.headers["content-type"]) == (
        410,
        "application/problem+json",
    )
    assert answer.json()["detail"] == f"Its producer removed this version: {WHY}"


@pytest.mark.thorough
async def test_what_follows_is_compared_with_the_nearest_that_remains(
    producer: Producer,
    push: Do,
    settle: Do,
    work: Work,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await published(producer, push, settle)
    before = read_difference(await version(node_database, demo, dataset, 3))
    assert before
    assert (before[0], before[1].added) == (2, 1)

    await remove(producer, dataset, 2)
    meanwhile = read_difference(await version(node_database, demo, dataset, 3))
    done = await work()

    assert meanwhile is None, "the cells of what was removed are not kept until then"
    assert COMPARE_VERSION in done
    after = read_difference(await version(node_database, demo, dataset, 3))
    assert after
    assert (after[0], after[1].added) == (1, 2)
    assert "La version 3 à côté de la version 1." in await producer.page(
        f"/datasets/{dataset}/versions/3/difference"
    )


@by_depth("number", [2, 3], by_default={0})
async def test_the_current_version_and_the_one_that_waits_are_not_removed(
    producer: Producer,
    push: Do,
    settle: Do,
    node_database: Database,
    demo: Territory,
    number: int,
) -> None:
    dataset = await published(producer, push, settle, 2)
    await producer.send(content(3), path=f"/datasets/{dataset}/versions")

    page = await producer.client.get(f"/datasets/{dataset}/versions/{number}/remove")
    posted = await remove(producer, dataset, number)

    assert (page.status_code, posted.status_code) == (409, 409)
    assert (
        "version en cours" if number == 2 else "attend d’être publiée"
    ) in posted.text
    assert await numbers(node_database, demo, dataset) == [3, 2, 1]
    dataset_page = await producer.page(f"/datasets/{dataset}")
    assert (
        f"/versions/{number}/remove" in dataset_page,
        "/versions/1/remove" in dataset_page,
    ) == (
        False,
        True,
    )


async def test_what_the_portal_accepted_stays_until_it_accepts_the_next(
    producer: Producer, push: Do, settle: Do, node_database: Database, demo: Territory
) -> None:
    dataset = await published(producer, push, settle, 1)
    await producer.send(content(2), path=f"/datasets/{dataset}/versions")
    await producer.publish(dataset)

    refused = await remove(producer, dataset, 1)
    await push(dataset, 2)
    await settle(dataset, "PUT")

    assert refused.status_code == 409
    assert (await remove(producer, dataset, 1)).status_code == 303


async def test_without_a_reason_nothing_goes(
    producer: Producer, push: Do, settle: Do, node_database: Database, demo: Territory
) -> None:
    dataset = await published(producer, push, settle, 2)

    refused = await remove(producer, dataset, 1, "  ")

    assert refused.status_code == 422
    assert "Indiquez la raison" in refused.text
    assert await numbers(node_database, demo, dataset) == [2, 1]


@pytest.mark.thorough
async def test_a_number_that_never_was_is_not_found_and_one_that_was_is_gone(
    producer: Producer, push: Do, settle: Do
) -> None:
    dataset = await published(producer, push, settle, 2)
    await remove(producer, dataset, 1)

    assert (await remove(producer, dataset, 9)).status_code == 404
    assert (await remove(producer, dataset, 1)).status_code == 410


async def test_only_those_who_publish_remove(
    producer: Producer, passer_by: httpx.AsyncClient, push: Do, settle: Do, node_app: Litestar, demo: Territory,
    browse: Browse, stranger: Login, reader: Login, node_database: Database,
) -> None:  # fmt: skip
    dataset = await published(producer, push, settle, 2)
    for person, status in ((stranger, 404), (reader, 403)):
        async with browse(node_app, demo, person) as client:
            assert (
                await client.get(f"/datasets/{dataset}/versions/1/remove")
            ).status_code == status
            for path, form in (
                ("versions/1/remove", {"reason": WHY}),
                ("keep", {"retained_versions": "1"}),
            ):
                assert (
                    await client.post(f"/datasets/{dataset}/{path}", data=form)
                ).status_code == status

    assert await numbers(node_database, demo, dataset) == [2, 1]


@pytest.mark.thorough
async def test_keeping_the_last_ones_says_what_goes_first(
    producer: Producer,
    push: Do,
    settle: Do,
    work: Work,
    node_database: Database,
    node_site: Site,
    demo: Territory,
) -> None:
    dataset = await published(producer, push, settle, 4)
    keep = f"/datasets/{dataset}/keep"

    confirmation_page = await producer.client.post(
        keep, data={"retained_versions": "2"}
    )
    untouched = await numbers(node_database, demo, dataset)
    other = await producer.client.post(
        keep, data={"retained_versions": "2", "agreed": "2"}
    )
    agreed = await producer.client.post(
        keep, data={"retained_versions": "2", "agreed": "2,1"}
    )
    await work()

    assert (
        confirmation_page.status_code,
        "Supprimer définitivement 2 anciennes versions" in confirmation_page.text,
    ) == (200, True)
    assert untouched == [4, 3, 2, 1]
    assert other.status_code == 200, "what goes is not what was agreed to"
    assert agreed.status_code == 303
    assert await numbers(node_database, demo, dataset) == [4, 3]
    assert len(await keys(node_site, demo)) == 4
    assert '<option value="2" selected>' in await producer.page(f"/datasets/{dataset}")


async def test_each_publication_removes_what_is_beyond(
    producer: Producer, passer_by: httpx.AsyncClient, push: Do, settle: Do, work: Work, node_database: Database,
    node_site: Site, demo: Territory,
) -> None:  # fmt: skip
    dataset = await published(producer, push, settle, 1)
    assert (
        await producer.client.post(
            f"/datasets/{dataset}/keep", data={"retained_versions": "1"}
        )
    ).status_code == 303
    first = (await version(node_database, demo, dataset, 1)).file.path

    for number in (2, 3, 4):
        await next_version(producer, push, settle, dataset, number)
        await work()
        await work()

        assert await numbers(node_database, demo, dataset) == [number]
        assert len(await keys(node_site, demo)) == 2
    closed = await passer_by.get(first)
    assert (
        closed.status_code,
        "ne garde que les dernières versions" in closed.text,
    ) == (410, True)
    assert "automatiquement" in await producer.page(f"/datasets/{dataset}")


@pytest.mark.thorough
async def test_all_of_them_is_the_default_and_what_is_no_choice_is_refused(
    producer: Producer, push: Do, settle: Do, node_database: Database, demo: Territory
) -> None:
    dataset = await published(producer, push, settle, 3)
    keep = f"/datasets/{dataset}/keep"

    refusals = [
        await producer.client.post(keep, data={"retained_versions": limit})
        for limit in ("0", "-1", "three", "3")
    ]
    right = await producer.client.post(keep, data={"retained_versions": ""})

    assert [answer.status_code for answer in refusals] == [422] * 4
    assert right.status_code == 303
    assert (await find(node_database, demo, dataset)).retained_versions is None
    assert await numbers(node_database, demo, dataset) == [3, 2, 1]


@pytest.mark.thorough
async def test_once_its_dataset_is_erased_a_removed_version_is_erased_like_the_others(
    producer: Producer, passer_by: httpx.AsyncClient, push: Do, settle: Do, work: Work, erase_job: Do,
    node_database: Database, node_site: Site, demo: Territory,
) -> None:  # fmt: skip
    dataset = await published(producer, push, settle, 2)
    path = (await version(node_database, demo, dataset, 1)).file.path
    await remove(producer, dataset, 1)
    await withdraw(producer, dataset)
    await push(dataset, 3)
    await settle(dataset, "DELETE")

    await erase(producer, dataset)
    await erase_job(dataset)

    assert ERASE_VERSION in await work()
    assert await rows(node_database, demo, RemovedVersion) == []
    assert await keys(node_site, demo) == []
    assert (await passer_by.get(path)).status_code == 410


@pytest.mark.thorough
async def test_a_script_removes_a_version_with_its_key(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient, push: Do, settle: Do,
    node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    dataset = await published(producer, push, settle, 3)
    script = Script(passer_by, await new_key(manager, dataset))
    other = uuid.uuid4()
    path = (await version(node_database, demo, dataset, 1)).file.path

    async def delete(
        number: int, reason: str = WHY, of: str = dataset, **headers: str
    ) -> int:
        address = f"/api/v1/datasets/{of}/versions/{number}"
        answer = await passer_by.delete(
            address, params={"reason": reason}, headers=headers or script.headers
        )
        return answer.status_code

    refused = [
        await delete(1, ""),
        await delete(3),
        await delete(9),
        await delete(1, of=str(other)),
        await delete(1, Authorization="Bearer udi_nothing"),
        await delete(1, Accept="application/json"),
    ]
    done = await delete(1)
    again = await delete(1)

    assert refused == [422, 409, 404, 404, 401, 401]
    assert (done, again) == (204, 410)
    assert await numbers(node_database, demo, dataset) == [3, 2]
    assert WHY in (await passer_by.get(path)).text
    assert "par un programme" in await producer.page(f"/datasets/{dataset}")


async def test_a_key_for_another_dataset_removes_nothing(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient, push: Do, settle: Do,
    node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    other = await producer.draft()
    dataset = await published(producer, push, settle, 2)
    script = Script(passer_by, await new_key(manager, other))

    answer = await passer_by.delete(
        f"/api/v1/datasets/{dataset}/versions/1?reason=x", headers=script.headers
    )

    assert answer.status_code == 403
    assert await numbers(node_database, demo, dataset) == [2, 1]


@pytest.mark.thorough
async def test_the_pace_of_a_dataset_is_that_of_all_its_versions(
    producer: Producer, push: Do, settle: Do, node_database: Database, demo: Territory
) -> None:
    """Published on the 31st, then on the last day of a shorter month: the next is due on the 31st."""
    dataset = await published(producer, push, settle, 2)
    async with node_database.session(demo.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        stored_dataset.description = {
            **stored_dataset.description,
            "frequency": "monthly",
        }
        for version, month, day in zip(
            stored_dataset.versions, (2, 1), (28, 31), strict=True
        ):
            version.published_at = datetime(2026, month, day, tzinfo=UTC)
    await remove(producer, dataset, 1)

    async with node_database.session(demo.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        due = await find_due(session, stored_dataset, demo.zone)

    assert due
    assert due.day.isoformat() == "2026-03-31"


@pytest.mark.thorough
async def test_its_pages_are_shown_at_every_width(
    producer: Producer, push: Do, settle: Do, tab: Tab, demo: Territory
) -> None:
    dataset = await published(producer, push, settle, 3)
    dataset_url = f"{demo.links['node']}/datasets/{dataset}"

    async def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/keep"):
            return await producer.client.post(
                path, data={"retained_versions": "1"}, headers=request.headers
            )
        return await producer.client.get(path, headers=request.headers)

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url=producer.client.base_url
    ) as client:
        for name, path in (
            ("versions", ""),
            ("remove", "/versions/1/remove"),
            ("keep", "/keep"),
        ):
            assert (
                await tab.find_faults(client, f"{dataset_url}{path}", name, "fr", "en")
                == []
            )

"""Files fetched from an address: once, or regularly, with a new version only when the bytes changed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.distant import Distant
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import rows, sound
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.source import REFRESH_SOURCE, queue_due_checks
from udi.node.datasets.intake.refresh import FETCH_FILE
from udi.node.datasets.intake.tasks import task_handlers
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.files.models import StoredFile, Upload
from udi.node.files.remote.remote_files import FetchError
from udi.node.files.storage.store import ObjectStore
from udi.ui.site import Site

OTHER = TABLE + b"Amicale;Kerl\xe9van;01/02/2003\n"
Work = Callable[..., Awaitable[None]]


@pytest.fixture
def work(node_site: Site, demo: Territory) -> Work:
    """Does one job of the worker."""

    async def work(name: str, *, attempt: int = 0, **payload: str) -> None:
        await task_handlers(node_site)[name](
            Job(name, demo.id, payload, attempt, last=False)
        )

    return work


async def fetch(producer: Producer, address: str, **more: str) -> str:
    """The id of the upload that the form begins."""
    answer = await producer.client.post(
        f"/spaces/{SLUG}/fetch", data={"address": address, **more}
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


async def renewed(
    producer: Producer, distant: Distant, database: Database, territory: Territory
) -> tuple[str, DatasetSource]:
    """A published dataset that is renewed from an address every day."""
    dataset = await producer.publish()
    form = {"address": f"{distant.origin}/a.csv", "frequency": "daily"}
    assert (
        await producer.client.post(f"/datasets/{dataset}/source", data=form)
    ).status_code == 303
    [source] = await rows(database, territory, DatasetSource)
    return dataset, source


@pytest.mark.usefixtures("each_store")
async def test_a_file_is_fetched_for_a_new_draft(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    distant.headers = {
        "Content-Disposition": "attachment; filename*=UTF-8''associations%20%C3%A9t%C3%A9.csv"
    }
    upload = await fetch(producer, f"{distant.origin}/export?id=3")
    assert "récupér" in await producer.page(f"/uploads/{upload}")

    await work(FETCH_FILE, upload=upload)
    await work(FETCH_FILE, upload=upload)

    [file] = await rows(node_database, demo, StoredFile)
    assert (file.name, file.size) == ("associations été.csv", len(TABLE))
    ended = await producer.client.get(f"/uploads/{upload}")
    assert (ended.status_code, ended.headers["location"]) == (
        303,
        f"/datasets/{file.dataset_id}/check",
    )
    assert len(distant.requests) == 1
    assert distant.requests[0][1]["accept-encoding"] == "identity"
    assert await sound(node_database, store, demo) == []


@pytest.mark.thorough
async def test_a_file_is_fetched_as_a_new_version(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    distant.content = OTHER

    await work(
        FETCH_FILE,
        upload=await fetch(producer, f"{distant.origin}/autre.csv", dataset=dataset),
    )

    [row] = await rows(node_database, demo, Dataset)
    assert [(version.number, version.file.name) for version in row.versions] == [
        (2, "autre.csv"),
        (1, "associations.csv"),
    ]


async def test_redirects_are_followed_as_far_as_three_and_checked(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
) -> None:
    distant.redirects = {
        "/1": "/2",
        "/2": "/3",
        "/3": "/nom.csv",
        "/0": "/1",
        "/bad": "http://10.0.0.1/x",
    }

    await work(FETCH_FILE, upload=await fetch(producer, f"{distant.origin}/1"))
    with pytest.raises(FetchError):
        await work(FETCH_FILE, upload=await fetch(producer, f"{distant.origin}/0"))
    private = await fetch(producer, f"{distant.origin}/bad")
    await work(FETCH_FILE, upload=private)

    assert [file.name for file in await rows(node_database, demo, StoredFile)] == [
        "nom.csv"
    ]
    assert "ne peut pas être atteinte" in await producer.page(f"/uploads/{private}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": 404}, "n’est pas là"),
        pytest.param({"content": b""}, "fichier vide", marks=pytest.mark.thorough),
        pytest.param(
            {"headers": {"Content-Encoding": "gzip"}},
            "sous une forme compressée",
            marks=pytest.mark.thorough,
        ),
        ({"content": b"x" * 1_000_001}, "pas assez de place"),
        (
            {"headers": {"Content-Length": str(10**12)}, "cut": True},
            "dépasse|pas assez de place",
        ),
    ],
    ids=["not found", "empty", "packed", "over the quota", "announced over the quota"],
)
async def test_what_cannot_be_fetched_is_told_and_leaves_nothing(
    producer: Producer, distant: Distant, work: Work, node_database: Database, demo: Territory, store: ObjectStore,
    change: dict[str, Any], words: str,
) -> None:  # fmt: skip
    for name, value in change.items():
        setattr(distant, name, value)
    upload = await fetch(producer, f"{distant.origin}/a.csv")

    await work(FETCH_FILE, upload=upload)

    page = await producer.page(f"/uploads/{upload}")
    assert any(word in page for word in words.split("|")), page
    assert await sound(node_database, store, demo) == []
    assert (await producer.client.post(f"/uploads/{upload}/give-up")).status_code == 303
    assert await rows(node_database, demo, Upload) == []


async def test_a_passing_failure_is_tried_three_times(
    producer: Producer, distant: Distant, work: Work
) -> None:
    distant.is_truncated = True
    upload = await fetch(producer, f"{distant.origin}/a.csv")

    for attempt in (0, 1):
        with pytest.raises(FetchError):
            await work(FETCH_FILE, upload=upload, attempt=attempt)
    await work(FETCH_FILE, upload=upload, attempt=2)

    assert "ne répond pas" in await producer.page(f"/uploads/{upload}")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("", marks=pytest.mark.thorough),
        pytest.param("data.csv", marks=pytest.mark.thorough),
        pytest.param("ftp://example.org/a.csv", marks=pytest.mark.thorough),
        "https://me:secret@example.org/a",
        "http://[::1",
        pytest.param("https://" + "a" * 2001, marks=pytest.mark.thorough),
    ],
)
async def test_what_is_no_address_is_refused_at_once(
    producer: Producer, node_database: Database, demo: Territory, address: str
) -> None:
    dataset = await producer.draft()

    once = await producer.client.post(
        f"/spaces/{SLUG}/fetch", data={"address": address}
    )
    again = await producer.client.post(
        f"/datasets/{dataset}/source", data={"address": address, "frequency": "daily"}
    )

    assert (once.status_code, again.status_code) == (422, 422)
    assert await rows(node_database, demo, Upload) == []
    assert await rows(node_database, demo, DatasetSource) == []


async def test_private_addresses_are_not_reached(
    outgoing: OutgoingClient, distant: Distant
) -> None:
    for address in (
        "http://127.0.0.1:8080/",
        "http://169.254.169.254/latest",
        "http://[::ffff:10.0.0.1]/",
        "http://x y/",
    ):
        with pytest.raises((RefusedAddressError, OutgoingError)):
            async with outgoing.fetch(address):
                raise AssertionError
    assert distant.requests == []


@pytest.fixture(autouse=True)
async def calls_of_a_worker(node_site: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Files are fetched by the job worker, which calls by itself."""
    client = OutgoingClient(node_site.settings.private_hosts)
    monkeypatch.setattr(node_site, "outgoing", client)
    yield
    await client.close()


@pytest.fixture
async def outgoing() -> Any:
    client = OutgoingClient()
    yield client
    await client.close()


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_a_dataset_is_renewed_when_the_bytes_changed_and_only_then(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    dataset, source = await renewed(producer, distant, node_database, demo)
    await work(REFRESH_SOURCE, source=str(source.id), turn="1")
    assert len(await rows(node_database, demo, Version)) == 1

    await work(REFRESH_SOURCE, source=str(source.id), turn="2")
    assert distant.requests[-1][1]["if-none-match"] == distant.etag
    distant.content = OTHER
    await work(REFRESH_SOURCE, source=str(source.id), turn="3")
    await work(REFRESH_SOURCE, source=str(source.id), turn="3")

    assert len(await rows(node_database, demo, Version)) == 2
    assert (await producer.client.get(f"/datasets/{dataset}/file")).content == OTHER
    [source] = await rows(node_database, demo, DatasetSource)
    assert source.changed_at is not None
    assert (source.failures, source.etag) == (0, distant.etag)
    assert await sound(node_database, store, demo) == []
    assert [upload.state for upload in await rows(node_database, demo, Upload)] == [
        "done"
    ]


async def test_a_draft_is_renewed_and_stays_a_draft(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.draft()
    form = {"address": f"{distant.origin}/a.csv", "frequency": "hourly"}
    await producer.client.post(f"/datasets/{dataset}/source", data=form)
    [source] = await rows(node_database, demo, DatasetSource)
    distant.content = OTHER

    await work(REFRESH_SOURCE, source=str(source.id), turn="1")

    [row] = await rows(node_database, demo, Dataset)
    assert (row.state, row.latest.file.size, row.opened_at) == (
        "draft",
        len(OTHER),
        None,
    )


@pytest.mark.thorough
async def test_renewal_pauses_after_five_failures_and_says_why(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset, source = await renewed(producer, distant, node_database, demo)
    distant.status = 503

    await work(REFRESH_SOURCE, source=str(source.id), turn="0")
    [failed] = await rows(node_database, demo, DatasetSource)
    assert timedelta(minutes=50) < failed.due_at - now() < timedelta(minutes=70)
    assert "n’est pas là" in await producer.page(f"/datasets/{dataset}")
    for turn in range(1, 5):
        await work(REFRESH_SOURCE, source=str(source.id), turn=str(turn))

    [paused] = await rows(node_database, demo, DatasetSource)
    assert (paused.paused, paused.failures) == (True, 5)
    assert "cinq fois" in await producer.page(f"/datasets/{dataset}")
    assert await rows(node_database, demo, Upload) == []
    request_count = len(distant.requests)
    await work(REFRESH_SOURCE, source=str(source.id), turn="6")
    assert len(distant.requests) == request_count
    distant.status = 200
    assert (
        await producer.client.post(f"/datasets/{dataset}/source/look")
    ).status_code == 303
    await work(REFRESH_SOURCE, source=str(source.id), turn="7")
    [again] = await rows(node_database, demo, DatasetSource)
    assert (again.paused, again.failures, again.error) == (False, 0, "")


async def test_what_is_due_is_queued_once(
    producer: Producer, distant: Distant, node_database: Database, demo: Territory
) -> None:
    await renewed(producer, distant, node_database, demo)
    async with node_database.session(demo.id, role="worker") as session:
        assert await queue_due_checks(session) == 0
        await session.execute(
            update(DatasetSource).values(due_at=now() - timedelta(hours=1))
        )

    async with node_database.session(demo.id, role="worker") as session:
        assert await queue_due_checks(session) == 1
    async with node_database.session(demo.id, role="worker") as session:
        assert await queue_due_checks(session) == 0
    [source] = await rows(node_database, demo, DatasetSource)
    assert timedelta(hours=23) < source.due_at - now() <= timedelta(days=1)


async def test_what_a_person_dropped_is_not_replaced_by_itself(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset, source = await renewed(producer, distant, node_database, demo)
    distant.content = OTHER
    await producer.send(
        TABLE + b"A;B;01/01/2001\n", path=f"/datasets/{dataset}/versions"
    )

    await work(REFRESH_SOURCE, source=str(source.id), turn="1")

    [row] = await rows(node_database, demo, Dataset)
    assert row.latest.file.size == len(TABLE) + 15
    assert distant.requests == []
    assert "attend d’être publiée" in await producer.page(f"/datasets/{dataset}")


async def test_no_cookie_is_kept_of_an_address(distant: Distant) -> None:
    distant.headers = {"Set-Cookie": "who=me"}
    private = OutgoingClient(["*.localhost:*"])
    for _ in range(2):
        async with private.fetch(f"{distant.origin}/a.csv") as response:
            assert response.status == 200
    await private.close()

    assert ["cookie" in headers for _, headers in distant.requests] == [False, False]


async def test_renewal_stops_when_told_and_with_the_dataset(
    producer: Producer,
    distant: Distant,
    work: Work,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset, source = await renewed(producer, distant, node_database, demo)
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Erreur"}
    )
    await work(REFRESH_SOURCE, source=str(source.id), turn="1")
    assert distant.requests == []

    draft = await producer.draft(OTHER)
    await producer.client.post(
        f"/datasets/{draft}/source",
        data={"address": f"{distant.origin}/a.csv", "frequency": "weekly"},
    )
    assert (await producer.client.post(f"/datasets/{draft}/discard")).status_code == 303
    assert (
        await producer.client.post(f"/datasets/{dataset}/source/stop")
    ).status_code == 303

    assert await rows(node_database, demo, DatasetSource) == []

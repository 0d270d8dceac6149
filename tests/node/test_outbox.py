"""The portal is told of each change, once it answers; what it says is shown."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.contract.node import clear_queue
from tests.journeys.steps import wait_until
from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import SLUG, Producer
from udi.kit.db import Database
from udi.kit.jobs import Job, Worker, list_held_jobs
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.outbox import PUSH_DATASET
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.datasets.models import Dataset, Delivery
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.tasks import task_handlers
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.protocol.record import read_record
from udi.settings import Settings
from udi.ui.site import Site

REFUSED = (
    400,
    {
        "type": "/problems/invalid", "title": "x", "status": 400, "report_id": str(uuid.uuid4()),
        "errors": [{"field": "resource_title", "reason": "This text is too long.", "remedy": "Shorten it.", "code": "ERR-203"}],
    },
)  # fmt: skip
Push = Callable[..., Awaitable[None]]


@pytest.fixture
def push(
    node_site: Site, demo: Territory, portal: PortalDouble, settings: Settings
) -> Push:
    """Does the worker's job for a dataset, at an attempt."""
    client = PortalClient(settings, node_site.outgoing)
    handler = task_handlers(
        node_site.database, node_site.registry, client, node_site.services[OBJECTS]
    )[PUSH_DATASET]

    async def push(
        dataset: str, *, revision: int = 1, attempt: int = 0, last: bool = False
    ) -> None:
        await handler(
            Job(
                PUSH_DATASET,
                demo.id,
                {"dataset": dataset, "revision": revision},
                attempt,
                last,
            )
        )

    return push


async def delivery_of(
    database: Database, territory: Territory, dataset: str
) -> Delivery:
    async with database.session(territory.id) as session:
        return (
            await session.scalars(
                select(Delivery).where(Delivery.dataset_id == uuid.UUID(dataset))
            )
        ).one()


async def state_of(database: Database, territory: Territory, dataset: str) -> str:
    async with database.session(territory.id) as session:
        return (
            await session.get_one(Dataset, (territory.id, uuid.UUID(dataset)))
        ).state


@pytest.fixture
async def answer(
    node_app: Litestar, portal: PortalDouble, demo: Territory, browse: Browse
) -> AsyncIterator[Callable[..., Any]]:
    """The portal sends a report to the node."""
    async with browse(node_app, demo) as client:

        async def send(document: dict[str, Any]) -> int:
            headers = portal.bearer(demo.links["node"], document["resource_id"])
            sent = await client.put(
                f"/resources/{document['resource_id']}/report",
                json=document,
                headers=headers,
            )
            return sent.status_code

        yield send


async def test_a_record_is_pushed_as_rudi_reads_it(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()

    await push(dataset)

    [(method, path, body, headers)] = portal.pushed
    assert (method, path, headers["authorization"]) == (
        "POST",
        "/kalim/v1/resources",
        "Bearer token-1",
    )
    record = read_record(body)
    assert str(record.id) == dataset
    assert record.title == "Associations de Kerlévan"
    assert record.synopsis == {"fr": "Une ligne par association."}
    assert record.producer.name == "Mairie de Kerlévan"
    assert record.media[0].url == f"{demo.links['node']}/datasets/{dataset}/file"
    assert record.media[0].checksum
    assert body["dataset_size"]["number_of_fields"] == 3
    assert "Amis du Phare" not in str(body)
    assert (await delivery_of(node_database, demo, dataset)).state == "sent"
    assert await state_of(node_database, demo, dataset) == "publishing"


async def test_the_report_makes_it_published(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    answer: Any,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await push(dataset)
    sent = await delivery_of(node_database, demo, dataset)

    assert await answer(report(dataset, report_id=sent.report_id)) == 200

    assert await state_of(node_database, demo, dataset) == "published"
    page = await producer.page(f"/datasets/{dataset}")
    assert f"{portal.origin}/data/{dataset}" in page
    assert "Accepté par le portail" in page


@pytest.mark.thorough
async def test_a_report_that_comes_before_the_push_is_noted_counts(
    producer: Producer,
    push: Push,
    answer: Any,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()

    await answer(report(dataset))
    await push(dataset)

    assert await state_of(node_database, demo, dataset) == "published"
    assert (await delivery_of(node_database, demo, dataset)).state == "accepted"


async def test_a_report_about_something_asked_before_changes_nothing(
    producer: Producer,
    push: Push,
    answer: Any,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await push(dataset)
    first = (await delivery_of(node_database, demo, dataset)).report_id
    await producer.publish(dataset, title="Titre corrigé")

    assert (
        await answer(
            report(dataset, report_id=first, errors=[{"error_code": "ERR-203"}])
        )
        == 200
    )

    assert await state_of(node_database, demo, dataset) == "publishing"
    assert (await delivery_of(node_database, demo, dataset)).state == "queued"


async def test_a_refusal_is_shown_field_by_field_with_its_remedy_and_closes_the_file(
    producer: Producer,
    passer_by: Any,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    portal.answers = [REFUSED]
    dataset = await producer.publish()

    await push(dataset)

    page = await producer.page(f"/datasets/{dataset}")
    assert "Le portail a refusé ce jeu de données" in page
    assert f'href="/datasets/{dataset}/describe#title"' in page
    assert "ERR-203" in page
    assert "This text is too long. Shorten it." in page
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404
    assert "1 remarque à traiter" in await producer.page(f"/spaces/{SLUG}")

    await producer.publish(dataset, title="Plus court")
    await push(dataset, revision=2)

    assert [sent[0] for sent in portal.pushed] == ["POST", "POST"]
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200


async def test_a_refused_version_leaves_the_accepted_one_in_place(
    producer: Producer,
    passer_by: Any,
    push: Push,
    portal: PortalDouble,
    answer: Any,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await answer(report(dataset))
    before = (await passer_by.get(f"/datasets/{dataset}/file")).content
    await producer.send(b"a;b;c\n1;2;3\n", path=f"/datasets/{dataset}/versions")
    await producer.publish(dataset)
    portal.answers = [REFUSED]

    await push(dataset, revision=2)

    assert portal.pushed[-1][0] == "PUT"
    assert await state_of(node_database, demo, dataset) == "refused"
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == before
    assert "reste en place" in await producer.page(f"/datasets/{dataset}")


@pytest.mark.thorough
async def test_who_waited_for_a_dataset_sees_what_was_asked_meanwhile(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = uuid.UUID(await producer.publish())

    async def read_revision() -> int:
        async with node_database.session(demo.id, role="worker") as session:
            waited = await find_dataset(session, dataset, lock=True)
            assert waited is not None
            assert waited.delivery is not None
            return waited.delivery.revision

    async def is_waiting() -> bool:
        query = text(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
        async with node_database.session(demo.id, role="worker") as session:
            return bool(await session.scalar(query))

    async with node_database.session(demo.id, role="worker") as session:
        locked = await find_dataset(session, dataset, lock=True)
        assert locked is not None
        assert locked.delivery is not None
        revision = locked.delivery.revision + 1
        reader = asyncio.create_task(read_revision())
        await wait_until(is_waiting)
        locked.delivery.revision = revision

    assert await reader == revision


async def test_a_withdrawal_is_told_and_can_be_undone(
    producer: Producer,
    passer_by: Any,
    push: Push,
    portal: PortalDouble,
    answer: Any,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await answer(report(dataset))
    assert "Pourquoi" in await producer.page(f"/datasets/{dataset}/withdraw")
    empty = await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": " "}
    )
    assert (empty.status_code, 'href="#reason"' in empty.text) == (422, True)

    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Erreur de colonne"}
    )
    await push(dataset, revision=2)
    sent = await delivery_of(node_database, demo, dataset)
    await answer(report(dataset, "DELETE", report_id=sent.report_id))

    assert portal.pushed[-1][:2] == (
        "DELETE",
        f"/kalim/v1/resources/{dataset}?reason=Erreur+de+colonne",
    )
    assert await state_of(node_database, demo, dataset) == "withdrawn"
    assert "Erreur de colonne" in await producer.page(f"/datasets/{dataset}")
    again = await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "x"}
    )
    assert again.status_code == 409

    await producer.publish(dataset)
    await push(dataset, revision=3)

    assert portal.pushed[-1][0] == "POST"
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200


@pytest.mark.thorough
async def test_withdrawing_what_the_portal_never_had_ends_well(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await producer.client.post(f"/datasets/{dataset}/withdraw", data={"reason": "x"})
    portal.answers = [(404, {"title": "unknown"})]

    await push(dataset, revision=2)

    assert await state_of(node_database, demo, dataset) == "withdrawn"


@pytest.mark.parametrize(
    ("method", "code", "other"),
    [("POST", "ERR-304", "PUT"), ("PUT", "ERR-104", "POST")],
)
async def test_a_portal_that_knows_better_is_told_the_other_way_once(
    producer: Producer, push: Push, portal: PortalDouble, answer: Any, node_database: Database, demo: Territory,
    method: str, code: str, other: str,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    revision = 1
    if method == "PUT":
        await answer(report(dataset))
        await producer.publish(dataset)
        revision = 2
    problem = {
        "report_id": str(uuid.uuid4()),
        "errors": [{"field": "global_id", "reason": "x", "code": code}],
    }
    opposite = {"POST": "ERR-104", "PUT": "ERR-304"}[other]
    contradiction = {
        "report_id": str(uuid.uuid4()),
        "errors": [{"field": "global_id", "reason": "x", "code": opposite}],
    }
    portal.answers = [(400, problem), (400, contradiction)]

    await push(dataset, revision=revision)
    assert (await delivery_of(node_database, demo, dataset)).method == other
    await push(dataset, revision=revision + 1)

    assert [sent[0] for sent in portal.pushed] == [method, other]
    assert (await delivery_of(node_database, demo, dataset)).state == "refused"


@pytest.mark.parametrize(
    "status",
    [
        500,
        pytest.param(502, marks=pytest.mark.thorough),
        pytest.param(503, marks=pytest.mark.thorough),
        pytest.param(429, marks=pytest.mark.thorough),
        pytest.param(408, marks=pytest.mark.thorough),
    ],
)
async def test_an_answer_that_says_nothing_is_tried_again(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
    status: int,
) -> None:
    dataset = await producer.publish()
    portal.answers = [(status, {"title": "busy"})]

    with pytest.raises(PortalUnavailableError):
        await push(dataset, attempt=2)

    delivery = await delivery_of(node_database, demo, dataset)
    assert (delivery.state, delivery.attempts) == ("queued", 1)
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at - delivery.updated_at == pytest.approx(
        timedelta(seconds=8), abs=timedelta(seconds=1)
    )
    page = await producer.page(f"/datasets/{dataset}")
    assert "Le dernier essai a échoué" in page
    await push(dataset, attempt=3)
    assert (await delivery_of(node_database, demo, dataset)).state == "sent"


async def test_a_portal_that_is_away_until_the_last_attempt_is_shown_and_may_be_asked_again(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    portal.answers = [(503, {})]
    assert (await producer.client.post(f"/datasets/{dataset}/retry")).status_code == 409

    with pytest.raises(PortalUnavailableError):
        await push(dataset, attempt=8, last=True)

    page = await producer.page(f"/datasets/{dataset}")
    assert "Le portail n’a pas pu être prévenu" in page
    assert "Réessayer" in page
    assert "Le portail ne répond pas" in await producer.page(f"/spaces/{SLUG}")
    assert (await producer.client.post(f"/datasets/{dataset}/retry")).status_code == 303
    await push(dataset, revision=2)
    assert (await delivery_of(node_database, demo, dataset)).state == "sent"


async def test_a_job_of_something_asked_before_sends_nothing(
    producer: Producer, push: Push, portal: PortalDouble
) -> None:
    dataset = await producer.publish()
    await producer.publish(dataset, title="Autre")

    await push(dataset, revision=1)
    assert portal.pushed == []
    await push(dataset, revision=2)
    await push(dataset, revision=2)

    assert [sent[2]["resource_title"] for sent in portal.pushed] == ["Autre"]


async def test_an_access_token_serves_until_the_portal_refuses_it(
    producer: Producer, push: Push, portal: PortalDouble
) -> None:
    await push(await producer.publish())
    await push(await producer.publish())
    assert portal.tokens == 1
    portal.answers = [(401, {})]

    await push(await producer.publish())

    assert (portal.tokens, len(portal.pushed)) == (2, 4)


async def test_a_credential_that_the_portal_refuses_is_a_failed_attempt(
    producer: Producer,
    push: Push,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    portal.token_status = 401
    dataset = await producer.publish()

    with pytest.raises(PortalUnavailableError):
        await push(dataset)

    assert (
        await delivery_of(node_database, demo, dataset)
    ).error == "The portal gave this node no access."


@pytest.mark.thorough
async def test_the_worker_does_the_job_that_publishing_queued(
    producer: Producer,
    portal: PortalDouble,
    node_site: Site,
    settings: Settings,
    node_database: Database,
    demo: Territory,
) -> None:
    await clear_queue(node_site)
    portal.answers = [(500, {})] * 3
    dataset = await producer.publish()
    client = PortalClient(settings, node_site.outgoing)
    handlers = task_handlers(
        node_site.database, node_site.registry, client, node_site.services[OBJECTS]
    )
    worker = Worker(
        node_site.database, {PUSH_DATASET: handlers[PUSH_DATASET]}, attempts=1
    )
    running = asyncio.create_task(worker.run())

    try:
        async with asyncio.timeout(60):
            while (await delivery_of(node_database, demo, dataset)).state != "failed":  # noqa: ASYNC110 - what is awaited is in the database
                await asyncio.sleep(0.1)
    finally:
        worker.stop()
        await running

    delivery = await delivery_of(node_database, demo, dataset)
    assert (delivery.state, delivery.attempts, len(portal.pushed)) == ("failed", 2, 2)
    async with node_database.platform_session() as session:
        held_jobs = [
            job
            for job in await list_held_jobs(session)
            if job.payload.get("dataset") == dataset
        ]
    assert [job.name for job in held_jobs] == [PUSH_DATASET]


async def test_another_producer_cannot_ask_again(
    producer: Producer,
    node_app: Litestar,
    demo: Territory,
    browse: Browse,
    stranger: Login,
    reader: Login,
) -> None:
    dataset = await producer.publish()

    for person, status in ((stranger, 404), (reader, 403)):
        async with browse(node_app, demo, person) as client:
            for act in (
                "retry",
                "withdraw",
                "discard",
                "publish",
                "describe",
                "versions",
            ):
                assert (
                    await client.post(f"/datasets/{dataset}/{act}")
                ).status_code == status, act

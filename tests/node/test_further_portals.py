"""A node on a further portal: told apart from the territory's own, by an outbox of its own, and believed for itself only."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import SLUG, Producer
from tests.node.test_erase_dataset import erase, erase_job
from tests.node.test_outbox import REFUSED, Push, answer, delivery_of, push, state_of
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.further_portals import announce_published
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.datasets.exchange.portal_sync import PortalSync
from udi.node.datasets.queries import find_dataset
from udi.node.portals.actions import JoinedPortal, apply_portal, leave_portal
from udi.node.portals.models import FurtherDelivery, FurtherPortal
from udi.node.portals.queries import count_unsettled, find_further_delivery
from udi.settings import Settings
from udi.ui.site import Site

__all__ = ["answer", "erase_job", "push"]
FURTHER_PRODUCER = {"id": str(uuid.UUID(int=9)), "name": "Kerlévan, vu d’ailleurs"}
NOTHING = (200, {"total": 0, "elements": []})
"""What the further portal answers when it is asked for its reports."""
Visit = Callable[[], Awaitable[None]]


@pytest.fixture
def further_portal(settings: Settings) -> Iterator[PortalDouble]:
    """The other portal, and this node's credential there."""
    double = PortalDouble("elsewhere")
    secret = settings.secrets_folder / "further_credential_elsewhere"
    secret.write_text("another credential")
    yield double
    double.stop()
    secret.unlink()


@pytest.fixture
async def joined(
    node_database: Database, demo: Territory, further_portal: PortalDouble
) -> FurtherPortal:
    """What the node knows of it."""
    joined_portal = JoinedPortal(
        further_portal.origin,
        {"fr": "Hautes-Terres"},
        "autre-node-x",
        "further_credential_elsewhere",
        {SLUG: FURTHER_PRODUCER},
    )
    async with node_database.session(demo.id, role="worker") as session:
        return await apply_portal(session, joined_portal)


@pytest.fixture
def visit(
    node_site: Site, demo: Territory, settings: Settings, joined: FurtherPortal
) -> Visit:
    """The worker's task for this portal looks once, as long after the last time as it takes."""

    async def visit() -> None:
        client = PortalClient(settings, node_site.outgoing)
        await PortalSync(node_site.database, client, demo.id, joined.id).synchronise()

    return visit


@pytest.fixture
async def answer_there(
    node_app: Litestar, demo: Territory, further_portal: PortalDouble, browse: Browse
) -> AsyncIterator[Callable[..., Any]]:
    """The other portal sends a report to the node, signed by itself or not quite."""
    async with browse(node_app, demo) as client:

        async def send(document: dict[str, Any], **token: Any) -> int:
            headers = further_portal.bearer(
                demo.links["node"], document["resource_id"], **token
            )
            sent = await client.put(
                f"/resources/{document['resource_id']}/report",
                json=document,
                headers=headers,
            )
            return sent.status_code

        yield send


def pushed(double: PortalDouble) -> list[tuple[str, Any]]:
    return [
        (method, body)
        for method, _path, body, _headers in double.pushed
        if method != "GET"
    ]


async def further_of(
    database: Database, territory: Territory, portal: FurtherPortal, dataset: str
) -> FurtherDelivery:
    async with database.session(territory.id, role="worker") as session:
        delivery = await find_further_delivery(session, portal.id, uuid.UUID(dataset))
        assert delivery is not None
        return delivery


@pytest.mark.thorough
async def test_it_is_told_the_same_of_the_producer_that_it_knows(
    producer: Producer,
    portal: PortalDouble,
    further_portal: PortalDouble,
    visit: Visit,
    push: Push,
) -> None:
    dataset = await producer.publish()

    await visit()
    await push(dataset)

    [(method, record)], [(_, own_record)] = pushed(further_portal), pushed(portal)
    assert method == "POST"
    assert (
        record["producer"]["organization_id"],
        record["producer"]["organization_name"],
    ) == tuple(FURTHER_PRODUCER.values())
    assert {**record, "producer": None} == {**own_record, "producer": None}
    assert own_record["producer"]["organization_id"] not in str(record)
    assert portal.origin not in str(record)


async def test_a_report_concerns_the_portal_that_signed_it(
    producer: Producer, portal: PortalDouble, further_portal: PortalDouble, joined: FurtherPortal, visit: Visit,
    answer: Any, answer_there: Any, node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    await visit()
    sent = await further_of(node_database, demo, joined, dataset)

    assert await answer_there(report(dataset, report_id=sent.report_id)) == 200
    assert (await further_of(node_database, demo, joined, dataset)).is_published
    assert await state_of(node_database, demo, dataset) == "publishing"
    assert (await delivery_of(node_database, demo, dataset)).report is None

    assert await answer_there(report(dataset), issuer=portal.origin) == 401
    assert await answer_there(report(dataset), issuer="https://nobody.example") == 401
    assert await answer_there(report(dataset), signer=portal.signer) == 401
    assert await state_of(node_database, demo, dataset) == "publishing"
    assert await answer(report(dataset)) == 200
    assert await state_of(node_database, demo, dataset) == "published"


@pytest.mark.thorough
async def test_the_page_says_how_it_stands_there_and_tells_it_again(
    producer: Producer,
    portal: PortalDouble,
    further_portal: PortalDouble,
    joined: FurtherPortal,
    visit: Visit,
    answer: Any,
) -> None:
    dataset = await producer.publish()
    await answer(report(dataset))
    assert "En cours d’envoi" in await producer.page(f"/datasets/{dataset}")
    further_portal.answers = [NOTHING, REFUSED]
    await visit()

    page = await producer.page(f"/datasets/{dataset}")
    for words in (
        "Sur d’autres portails",
        "Hautes-Terres",
        "Refusé",
        "This text is too long.",
        "ERR-203",
    ):
        assert words in page
    assert "Le portail a accepté ce jeu de données" in page
    retried = await producer.client.post(
        f"/datasets/{dataset}/portals/{joined.id}/retry"
    )
    assert (retried.status_code, retried.headers["location"]) == (
        303,
        f"/datasets/{dataset}",
    )
    twice = await producer.client.post(f"/datasets/{dataset}/portals/{joined.id}/retry")
    unknown = await producer.client.post(
        f"/datasets/{dataset}/portals/{uuid.uuid4()}/retry"
    )
    assert (twice.status_code, unknown.status_code) == (409, 404)
    await visit()
    assert [method for method, _ in pushed(further_portal)] == ["POST", "POST"]


async def test_who_may_not_publish_tells_no_portal_again(
    producer: Producer, further_portal: PortalDouble, joined: FurtherPortal, visit: Visit, node_app: Litestar, demo: Territory,
    browse: Browse, stranger: Any, reader: Any,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    further_portal.answers = [NOTHING, REFUSED]
    await visit()
    for person, status in ((stranger, 404), (reader, 403)):
        async with browse(node_app, demo, person) as client:
            sent = await client.post(f"/datasets/{dataset}/portals/{joined.id}/retry")
            assert sent.status_code == status


async def test_while_it_is_away_the_newest_waits(
    producer: Producer, portal: PortalDouble, further_portal: PortalDouble, joined: FurtherPortal, visit: Visit,
    node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    further_portal.token_status = 503
    dataset = await producer.publish()
    await visit()
    assert pushed(further_portal) == []
    assert "dès qu’il répondra" in await producer.page(f"/datasets/{dataset}")
    await producer.publish(dataset, title="Corrigé")

    further_portal.token_status = 200
    await visit()

    assert [
        (method, record["resource_title"]) for method, record in pushed(further_portal)
    ] == [("POST", "Corrigé")]
    assert (await further_of(node_database, demo, joined, dataset)).state == "sent"


async def test_one_that_cannot_be_told_now_holds_back_no_other(
    producer: Producer,
    further_portal: PortalDouble,
    joined: FurtherPortal,
    visit: Visit,
    node_database: Database,
    demo: Territory,
) -> None:
    first = await producer.publish()
    second = await producer.publish()
    further_portal.answers = [NOTHING, (500, {"title": "busy"})]

    await visit()

    states = [
        await further_of(node_database, demo, joined, dataset)
        for dataset in (first, second)
    ]
    assert sorted(delivery.state for delivery in states) == ["queued", "sent"]
    assert [delivery.attempts for delivery in states if delivery.state == "queued"] == [
        1
    ]


async def test_what_it_never_had_is_withdrawn_well(
    producer: Producer,
    further_portal: PortalDouble,
    joined: FurtherPortal,
    visit: Visit,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Erreur"}
    )
    further_portal.answers = [NOTHING, (404, {"title": "unknown"})]

    await visit()

    assert [method for method, _ in pushed(further_portal)] == ["DELETE"]
    done = await further_of(node_database, demo, joined, dataset)
    assert (done.state, done.is_published) == ("accepted", False)


@pytest.mark.thorough
async def test_one_that_knows_better_is_told_the_other_way_once(
    producer: Producer,
    further_portal: PortalDouble,
    joined: FurtherPortal,
    visit: Visit,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    known_answer, unknown = (
        (
            400,
            {
                "report_id": str(uuid.uuid4()),
                "errors": [{"field": "global_id", "reason": "x", "code": code}],
            },
        )
        for code in ("ERR-304", "ERR-104")
    )
    further_portal.answers = [NOTHING, known_answer, NOTHING, unknown]

    await visit()
    await visit()

    assert [method for method, _ in pushed(further_portal)] == ["POST", "PUT"]
    assert (await further_of(node_database, demo, joined, dataset)).state == "refused"


async def test_what_one_refuses_stays_open_while_another_shows_it(
    producer: Producer, passer_by: httpx.AsyncClient, portal: PortalDouble, further_portal: PortalDouble, joined: FurtherPortal,
    visit: Visit, push: Push, answer_there: Any, node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    await visit()
    sent = await further_of(node_database, demo, joined, dataset)
    assert await answer_there(report(dataset, report_id=sent.report_id)) == 200
    portal.answers = [REFUSED]
    await push(dataset)

    assert await state_of(node_database, demo, dataset) == "refused"
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200
    assert (await passer_by.get("/api/v1/resources")).json()["items"] == []

    withdrawn = {
        **report(dataset, "DELETE"),
        "withdrawn_by_team": True,
        "comment": "Pas ici",
    }
    assert await answer_there(withdrawn) == 200

    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404
    page = await producer.page(f"/datasets/{dataset}")
    assert "Retiré par l’équipe d’un autre portail" in page
    assert "Pas ici" in page


@pytest.mark.thorough
async def test_what_its_team_withdraws_stays_elsewhere(
    producer: Producer, passer_by: httpx.AsyncClient, portal: PortalDouble, further_portal: PortalDouble, joined: FurtherPortal,
    visit: Visit, answer: Any, answer_there: Any, node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    await answer(report(dataset))
    await visit()
    sent = await further_of(node_database, demo, joined, dataset)
    await answer_there(report(dataset, report_id=sent.report_id))

    withdrawn = {
        **report(dataset, "DELETE"),
        "withdrawn_by_team": True,
        "comment": "Pas ici",
    }
    assert await answer_there(withdrawn) == 200

    assert await state_of(node_database, demo, dataset) == "published"
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200
    assert not (await further_of(node_database, demo, joined, dataset)).is_published


async def test_an_erased_dataset_is_forgotten_when_every_portal_took_it_off(
    producer: Producer, portal: PortalDouble, further_portal: PortalDouble, joined: FurtherPortal, visit: Visit, push: Push,
    answer: Any, answer_there: Any, erase_job: Any, node_database: Database, demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    await answer(report(dataset))
    await visit()
    sent = await further_of(node_database, demo, joined, dataset)
    await answer_there(report(dataset, report_id=sent.report_id))
    await producer.client.post(f"/datasets/{dataset}/withdraw", data={"reason": "x"})
    await push(dataset, revision=2)
    await answer(
        report(
            dataset,
            "DELETE",
            report_id=(await delivery_of(node_database, demo, dataset)).report_id,
        )
    )
    assert (await erase(producer, dataset)).status_code == 303

    await erase_job(dataset)
    await visit()
    async with node_database.session(demo.id, role="worker") as session:
        assert await find_dataset(session, uuid.UUID(dataset)) is not None
    gone = await further_of(node_database, demo, joined, dataset)
    assert [method for method, _ in pushed(further_portal)] == ["POST", "DELETE"]
    await answer_there(report(dataset, "DELETE", report_id=gone.report_id))
    await erase_job(dataset)

    async with node_database.session(demo.id, role="worker") as session:
        assert await find_dataset(session, uuid.UUID(dataset)) is None
        assert (
            await find_further_delivery(session, joined.id, uuid.UUID(dataset)) is None
        )


async def test_one_that_is_joined_later_is_told_what_is_public_and_one_that_is_left_takes_all_off(
    producer: Producer,
    portal: PortalDouble,
    further_portal: PortalDouble,
    answer: Any,
    node_database: Database,
    demo: Territory,
) -> None:
    public = await producer.publish()
    await answer(report(public))
    await producer.draft()
    joined_portal = JoinedPortal(
        further_portal.origin,
        {"fr": "Hautes-Terres"},
        "autre-node-x",
        "further_credential_elsewhere",
        {SLUG: FURTHER_PRODUCER},
    )
    async with node_database.session(demo.id, role="worker") as session:
        later = await apply_portal(session, joined_portal)
        assert (
            await announce_published(session, later),
            await announce_published(session, later),
        ) == (1, 0)
    async with node_database.session(demo.id, role="worker") as session:
        assert await leave_portal(session, later, reason="x") == 1
        assert await count_unsettled(session, later.id) == 1
    assert (await further_of(node_database, demo, later, public)).method == "DELETE"
    async with node_database.session(demo.id, role="worker") as session:
        assert (await apply_portal(session, joined_portal)).left_at is None
        assert await announce_published(session, later) == 1
    assert (await further_of(node_database, demo, later, public)).method == "POST"


async def test_a_space_that_it_was_not_invited_for_is_not_reported(
    producer: Producer,
    further_portal: PortalDouble,
    visit: Visit,
    node_database: Database,
    demo: Territory,
) -> None:
    joined_portal = JoinedPortal(
        further_portal.origin,
        {"fr": "Hautes-Terres"},
        "autre-node-x",
        "further_credential_elsewhere",
        {"port": FURTHER_PRODUCER},
    )
    async with node_database.session(demo.id, role="worker") as session:
        await apply_portal(session, joined_portal)
    await producer.publish()

    await visit()

    assert pushed(further_portal) == []

"""RUDI's own clients, as PyPI serves them, write into and read from our node: its real processes, over HTTP."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contract.node import make_file, make_record
from tests.contract.readers.environments import environment
from tests.contract.readers.secure import certify, secured
from tests.contract.readers.serving import read_with
from tests.faults.conftest import token
from tests.faults.running import RunningNode
from tests.node.conftest import portal, space
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import SLUG
from tests.node.sending import rows
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, DatasetState, Delivery, DeliveryState
from udi.node.spaces.models import Space
from udi.settings import Settings

__all__ = ["portal", "space", "token"]
NEEDS = "3.12"
PATIENCE = 60
NOTICE = b"Une ligne par bureau de vote.\n"


@pytest.fixture
def node(settings: Settings, tmp_path: Path) -> Iterator[RunningNode]:
    """The node's web process and its worker."""
    running = RunningNode(settings, tmp_path)
    running.start()
    yield running
    running.stop()


async def wait_until_known(node: RunningNode, origin: str) -> None:
    """Return once the node's process has read of the territory."""
    headers = {"Host": origin.partition("//")[2]}
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(base_url=node.address, headers=headers) as client,
    ):
        while True:
            answer = await client.get("/conf")
            if answer.status_code == 200:
                return
            await asyncio.sleep(0.2)


async def sent(
    database: Database, territory: Territory, dataset: str, *, media: int = 1
) -> Delivery:
    """The announcement of a dataset, once the portal has its newest record, with so many files."""
    async with asyncio.timeout(PATIENCE):
        while True:
            deliveries = [
                delivery
                for delivery in await rows(database, territory, Delivery)
                if str(delivery.dataset_id) == dataset
            ]
            if (
                deliveries
                and deliveries[0].state == DeliveryState.SENT
                and deliveries[0].record
                and len(deliveries[0].record["available_formats"]) == media
            ):
                return deliveries[0]
            await asyncio.sleep(0.2)


async def test_both_clients_work_unmodified(
    node: RunningNode,
    portal: PortalDouble,
    demo: Territory,
    space: Space,
    token: str,
    shared_data: Path,
    node_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sample = shared_data / "reference/rudi-samples/19-node-write-meta.json"
    origin = demo.links["node"]
    await wait_until_known(node, origin)

    wrote = await read_with(
        environment("rudi_write", NEEDS),
        "write_with_rudi.py",
        f"{origin}/",
        SLUG,
        token,
        space.name,
        str(sample),
    )

    assert (wrote["identified"], wrote["versions"]) == (
        True,
        ["1.4.1", True, portal.origin],
    )
    assert "403" in wrote["elsewhere"]
    assert space.name in wrote["elsewhere"]
    assert wrote["contact_again"]
    assert wrote["before"] == ["missing", "élections 2008.csv"]
    assert wrote["put"]["publication"]["state"] == "published", wrote["put"]
    merged = wrote["merged"]
    dataset = wrote["id"]
    assert merged["resource_title"] == "Résultats & bureaux de Kerlévan"
    assert merged["summary"][0]["html"] == "<p>Une ligne par bureau.</p>"
    assert (merged["contacts"][0]["role"], merged["purpose"][0]["text"]) == (
        "author",
        "Rendre compte",
    )
    assert merged["extra_of_ours"] == {"kept": True}
    assert merged["available_formats"][0]["file_storage_status"] == "available"
    search_results = wrote["found"]
    assert (
        search_results["title"]
        == search_results["producer"]
        == search_results["media"]
        == search_results["keywords"]
        == [dataset]
    )
    assert (
        search_results["local"],
        search_results["count"],
        search_results["contact"],
    ) == (True, 1, 1)
    assert search_results["organisations"] == [space.name]
    assert len(wrote["downloaded"]["downloaded"]) == 1
    assert wrote["renewed"] == len("bureau;voix\n1;12\n2;30\n3;5\n")
    assert "422" in wrote["empty"]
    assert wrote["elsewhere_only"] == ["https://example.org/x"]
    assert (wrote["deleted"], wrote["gone"]) == (True, True)
    assert "401" in wrote["stranger"]

    delivery = await sent(node_database, demo, dataset)
    assert delivery.record["purpose"][0]["text"] == "Rendre compte"
    async with httpx.AsyncClient(
        base_url=node.address, headers={"Host": origin.partition("//")[2]}
    ) as client:
        await accept(client, node_database, demo, dataset, portal)
        await add_notice(client, dataset, token)
        delivery = await accept(client, node_database, demo, dataset, portal, media=2)
    assert [media["media_name"] for media in delivery.record["available_formats"]] == [
        "élections 2008.csv",
        "notice.txt",
    ]
    address = urlsplit(origin)
    certificate = certify(str(address.hostname), tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with secured(certificate, address.port or 80) as port:
        # The reading client downloads over TLS only: the record says that its file is there.
        await move(
            node_database, demo, dataset, origin, f"https://{address.hostname}:{port}"
        )
        read = await read_with(
            environment("rudi_read", NEEDS), "read_with_rudi.py", f"{origin}/"
        )
    assert (
        read["ids"] == read["filtered"] == [read["one"]] == [read["typed"]] == [dataset]
    )
    assert (read["downloaded"], sorted(read["sizes"])) == (
        2,
        sorted([wrote["renewed"], len(NOTICE)]),
    )
    assert (read["count"], read["asked"], read["themes"]) == (
        1,
        1,
        [{"theme": "citizenship", "count": 1}],
    )


async def accept(
    client: httpx.AsyncClient,
    database: Database,
    territory: Territory,
    dataset: str,
    portal: PortalDouble,
    *,
    media: int = 1,
) -> Delivery:
    """The portal says yes to what it was told last, of so many files; what is announced meanwhile is waited for."""
    async with asyncio.timeout(PATIENCE):
        while True:
            delivery = await sent(database, territory, dataset, media=media)
            document = report(dataset, delivery.method, report_id=delivery.report_id)
            answer = await client.put(
                f"/resources/{dataset}/report",
                json=document,
                headers=portal.bearer(territory.links["node"], dataset),
            )
            if answer.json().get("taken"):
                return delivery
            await asyncio.sleep(0.2)


async def add_notice(client: httpx.AsyncClient, dataset: str, token: str) -> None:
    """Publish a file beside the main one, of which RUDI's clients know nothing."""
    headers = {"Authorization": f"Bearer {token}"}
    parts = f"/api/v1/datasets/{dataset}/parts"
    about = {"title": "Notice", "role": "documentation"}
    part = (await client.post(parts, json=about, headers=headers)).json()["id"]
    answer = await client.put(
        f"{parts}/{part}/file?name=notice.txt&publish=true",
        content=NOTICE,
        headers=headers,
    )
    assert answer.json()["published"], answer.text


async def move(
    database: Database, territory: Territory, dataset: str, before: str, after: str
) -> None:
    """Say in the record of a dataset that its file is at another origin."""
    async with database.session(territory.id, role="owner") as session:
        row = await session.get_one(Dataset, (territory.id, uuid.UUID(dataset)))
        row.record = json.loads(
            json.dumps(row.record).replace(f"{before}/datasets", f"{after}/datasets")
        )


MANY = 1203


@pytest.mark.thorough
async def test_both_clients_read_a_catalogue_of_several_pages(
    node: RunningNode,
    demo: Territory,
    space: Space,
    token: str,
    node_database: Database,
) -> None:
    origin = demo.links["node"]
    async with node_database.session(demo.id, role="owner") as session:
        for number in range(MANY):
            session.add(published(space, number, origin))
    await wait_until_known(node, origin)

    wrote = await read_with(
        environment("rudi_write", NEEDS),
        "list_with_rudi.py",
        "write",
        origin,
        SLUG,
        token,
    )
    read = await read_with(
        environment("rudi_read", NEEDS), "list_with_rudi.py", "read", origin
    )

    took = wrote.pop("seconds"), read.pop("seconds")
    print(  # noqa: T201 - a figure
        f"{MANY} records read by rudi-node-write in {took[0]} s, by rudi-node-read in {took[1]} s"
    )
    assert wrote == read
    assert (len(set(wrote["ids"])), wrote["count"], wrote["typed"]) == (
        MANY,
        MANY,
        MANY,
    )


def published(space: Space, number: int, origin: str) -> Dataset:
    """A dataset as the form makes it: its producer, contact and file have identifiers that both clients would refuse."""
    dataset_id = uuid.uuid4()
    moment = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(seconds=number)
    derived = str(uuid.uuid5(dataset_id, "file"))
    dates = {"created": moment.isoformat(), "updated": moment.isoformat()}
    record = make_record(
        uuid.uuid5(space.id, "organisation"), global_id=str(dataset_id), resource_title=f"Jeu {number}",
        contacts=[{"contact_id": derived, "contact_name": "Mairie", "email": "Mairie@Kerlevan.example"}],
        available_formats=[make_file() | {"media_id": derived, "connector": {"url": f"{origin}/datasets/{dataset_id}/file"}}],
        resource_languages=["fr-FR"], dataset_dates=dates,
    )  # fmt: skip
    return Dataset(
        id=dataset_id, space_id=space.id, title=record["resource_title"], description={}, record=record,
        state=DatasetState.PUBLISHED, opened_at=moment, updated_at=moment,
    )  # fmt: skip

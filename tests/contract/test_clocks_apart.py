"""Portal and node with clocks ten minutes apart: what is refused says so, may be done again, and is never done twice."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from email.utils import format_datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import func, select

from tests.contract.node import Issuer, add_organisation, registered
from tests.node.conftest import producer, publisher, space
from tests.node.producer import SLUG, Producer
from udi.cli.checks.own_node import check_clocks
from udi.kit import clock
from udi.kit.jobs import Job
from udi.kit.keys import SIGNER
from udi.kit.oidc import node_client_id
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.outbox import PUSH_DATASET
from udi.node.datasets.exchange.portal import (
    PORTAL_KEYS,
    PortalClient,
    PortalPeer,
    PortalUnavailableError,
)
from udi.node.datasets.exchange.portal_reports import ReportSync
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.tasks import task_handlers
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.spaces.models import Space
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.models import Report
from udi.portal.nodes.tasks import SEND_REPORT, ReportDeliveryError, send_report
from udi.settings import HOSTED, Settings
from udi.ui.site import Site

__all__ = ["producer", "publisher", "space"]
RUNNING = ContextVar("running", default="")
"""The program of which something runs now; empty: the identity service, or the test."""
TEN = timedelta(minutes=10)
EITHER_WAY = pytest.mark.parametrize("difference", [TEN, -TEN], ids=["ahead", "behind"])


@contextmanager
def running(program: str) -> Iterator[None]:
    """What the block does is done by a program, on its machine."""
    token = RUNNING.set(program)
    try:
        yield
    finally:
        RUNNING.reset(token)


@dataclass
class Clocks:
    """Takes the place of `datetime` where our programs ask for the time."""

    by_program: dict[str, timedelta] = field(default_factory=dict)

    def now(self, zone: tzinfo) -> datetime:
        """The right time, and what the program that runs has more."""
        return datetime.now(zone) + self.by_program.get(RUNNING.get(), timedelta())


@dataclass
class Wire:
    """What lies between the programs: the identity service, and a reverse proxy that says the time of its machine."""

    clients: dict[str, tuple[str, httpx.AsyncClient]]
    """Program and client by origin."""
    issuer: Issuer
    territory: Territory

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Bring a request to the program that it is for."""
        parts = urlsplit(url)
        if parts.path == "/oauth2/token":
            client_id = node_client_id(self.territory.slug, HOSTED)
            token = self.issuer.token(client_id, self.territory.origin)
            return httpx.Response(200, json={"access_token": token, "expires_in": 300})
        program, client = self.clients[f"{parts.scheme}://{parts.netloc}"]
        with running(program):
            response = await client.request(
                method, url, headers=options["headers"], json=options.get("json")
            )
            response.headers["Date"] = format_datetime(clock.now(), usegmt=True)
        return response


@dataclass
class Exchange:
    """A producer at the node, both programs, and their clocks."""

    producer: Producer
    portal: Site
    node: Site
    territory: Territory
    client: PortalClient
    clocks: Clocks

    async def publish(self) -> str:
        """The id of a dataset that its producer published; the portal is not told."""
        with running("node"):
            return await self.producer.publish()

    async def push(self, dataset: str) -> None:
        """Have the node's worker tell the portal, as often as this is called."""
        handlers = task_handlers(
            self.node.database,
            self.node.registry,
            self.client,
            self.node.services[OBJECTS],
        )
        payload = {"dataset": dataset, "revision": 1}
        with running("node"):
            await handlers[PUSH_DATASET](
                Job(PUSH_DATASET, self.territory.id, payload, 0, last=False)
            )

    async def send_report(self) -> None:
        """Have the portal's worker tell the node what became of it."""
        [report] = await self.reports()
        payload = {"report": str(report.id)}
        with running("portal"):
            await send_report(
                self.portal, Job(SEND_REPORT, self.territory.id, payload, 0, last=False)
            )

    async def reports(self) -> list[Report]:
        """Of the portal."""
        async with self.portal.database.session(self.territory.id) as session:
            return list(await session.scalars(select(Report)))

    async def count_datasets(self) -> int:
        """Of the portal."""
        async with self.portal.database.session(self.territory.id) as session:
            return await session.scalar(select(func.count()).select_from(Dataset)) or 0

    async def state(self, dataset: str) -> str:
        """Of a dataset, at the node."""
        async with self.node.database.session(
            self.territory.id, role="worker"
        ) as session:
            dataset_row = await find_dataset(session, UUID(dataset))
            assert dataset_row is not None
            return str(dataset_row.state)


@pytest.fixture
async def exchange(
    portal_site: Site, portal_app: Litestar, node_site: Site, node_app: Litestar, demo: Territory, settings: Settings,
    issuer: Issuer, space: Space, producer: Producer, monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Exchange]:  # fmt: skip
    secret = settings.secrets_folder / f"node_credential_{demo.slug}"
    secret.write_text("credential of the test")
    await add_organisation(portal_site, demo, space.organisation_id, SLUG)
    await registered(
        portal_site, demo, slug=HOSTED, url=demo.links["node"], hosted=True,
        producers=(space.organisation_id,),
    )  # fmt: skip
    node_site.services[PORTAL_KEYS]._cached_keys[demo.links["portal"]] = (
        portal_site.services[SIGNER].public_keys(),
        monotonic(),
    )
    clocks = Clocks()
    monkeypatch.setattr(clock, "datetime", clocks)
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(app=portal_app)) as to_portal,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=node_app)) as to_node,
    ):
        wire: Any = Wire(
            {
                demo.links["portal"]: ("portal", to_portal),
                demo.links["node"]: ("node", to_node),
            },
            issuer,
            demo,
        )
        monkeypatch.setattr(portal_site, "outgoing", wire)
        yield Exchange(
            producer, portal_site, node_site, demo, PortalClient(settings, wire), clocks
        )
    secret.unlink()


@EITHER_WAY
async def test_what_is_published_while_the_clock_of_the_node_is_off_is_taken_once(
    exchange: Exchange, difference: timedelta
) -> None:
    exchange.clocks.by_program["node"] = difference
    dataset = await exchange.publish()
    await exchange.push(dataset)
    with pytest.raises(ReportDeliveryError, match="401"):
        await exchange.send_report()
    before = await exchange.state(dataset)

    exchange.clocks.by_program.clear()
    await exchange.send_report()
    await exchange.push(dataset)

    assert (before, await exchange.state(dataset)) == ("publishing", "published")
    assert (len(await exchange.reports()), await exchange.count_datasets()) == (1, 1)


@EITHER_WAY
async def test_a_push_that_the_clock_of_the_portal_refuses_says_so_and_is_taken_once_it_is_right(
    exchange: Exchange, difference: timedelta
) -> None:
    exchange.clocks.by_program["portal"] = difference
    dataset = await exchange.publish()
    with pytest.raises(PortalUnavailableError) as refusal:
        await exchange.push(dataset)
    stored = await exchange.count_datasets()

    exchange.clocks.by_program.clear()
    await exchange.push(dataset)
    await exchange.push(dataset)
    await exchange.send_report()

    assert "status 401: " in refusal.value.detail
    assert "by the clock of this machine" in refusal.value.detail
    assert await exchange.state(dataset) == "published"
    assert (stored, await exchange.count_datasets()) == (0, 1)
    assert len(await exchange.reports()) == 1


async def test_a_node_whose_clock_is_ahead_reads_each_report(
    exchange: Exchange,
) -> None:
    """It asks for what was made since the last time: by the clock of the portal, which may say an earlier hour."""
    sync = ReportSync(exchange.node.database, exchange.client)
    exchange.clocks.by_program["node"] = 2 * TEN
    with running("node"):
        await sync.fetch_reports(exchange.territory)
    dataset = await exchange.publish()
    await exchange.push(dataset)

    with running("node"):
        taken = await sync.fetch_reports(exchange.territory)

    assert taken == 1
    assert await exchange.state(dataset) == "published"


@EITHER_WAY
async def test_the_doctor_of_a_node_names_the_clock_that_differs_from_its_portals(
    exchange: Exchange, difference: timedelta
) -> None:
    portal = PortalPeer(exchange.territory.links["portal"], "x", "x")
    unknown = check_clocks(exchange.client, [portal])
    findings = []
    for present in (timedelta(), difference):
        exchange.clocks.by_program["node"] = present
        with running("node"):
            await exchange.client.list_reported_datasets(
                exchange.territory, clock.now(), 0
            )
        findings += check_clocks(exchange.client, [portal])

    assert unknown == []
    assert [(finding.part, finding.name, finding.severity) for finding in findings] == [
        ("clock", portal.origin, "ok"),
        ("clock", portal.origin, "fault"),
    ]
    assert "timedatectl set-ntp true" in findings[1].remedy

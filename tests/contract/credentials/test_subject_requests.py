"""A request about one's own data through both programs: from the portal to the node, back, and its reports."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from tests.contract.credentials.test_leaving import Outgoing
from tests.contract.credentials.world import Programs, World, build
from tests.node.producer import SLUG
from tests.node.subject_requests.askers import FORM, Asker, open_asker
from tests.visitors import browse
from udi.kit.keys import SIGNER
from udi.kit.oidc import node_client_id
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.subject_requests.portal_sync.reports import report_requests
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.models import NodeState
from udi.portal.nodes.queries import get_node
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.settings import HOSTED

HOME = "/my-data/requests"
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


@dataclass
class Exchange:
    """Somebody in front of both programs, and the node's worker."""

    world: World
    person: httpx.AsyncClient
    asker: Asker
    worker: PortalClient

    async def row(self) -> SubjectRequest:
        """The envelope at the portal."""
        async with self.world.portal.database.session(
            self.world.territory.id, role="worker"
        ) as session:
            return (await session.scalars(select(SubjectRequest))).one()

    async def report(self) -> None:
        """What the node's worker does each minute."""
        await report_requests(
            self.world.node.database, self.worker, self.world.territory
        )

    async def go_to_node(self) -> httpx.Response:
        """Draft at the portal, take the ticket to the node, write there; where it leads back."""
        sent = await self.person.post(HOME, data={"right": "access", "org": SLUG})
        assert sent.status_code == 303
        page = await self.person.get(f"{HOME}/{(await self.row()).id}")
        [ticket] = TICKET.findall(page.text)
        brought = await self.asker.client.post(
            "/subjects/tickets",
            data={"ticket": ticket},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        assert brought.status_code == 303, brought.text
        form = FORM | {"ticket": str((await self.row()).id)}
        return await self.asker.client.post("/subjects/new", data=form)


@pytest.fixture
async def exchange(programs: Programs) -> AsyncIterator[Exchange]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(build(programs, moderator=False))
        territory = world.territory
        secrets = programs.settings.secrets_folder
        (secrets / f"node_credential_{territory.slug}").write_text("x")
        async with world.portal.database.session(
            territory.id, role="worker"
        ) as session:
            own_node = await get_node(session, "north")
            own_node.state = NodeState.SUSPENDED
            await register_node(
                session,
                slug=HOSTED,
                name="Node",
                url=territory.links["node"],
                client_id=node_client_id(territory.slug, HOSTED),
                hosted=True,
            )
        person = await stack.enter_async_context(
            browse(world.apps["portal"], territory, world.login)
        )
        outside = await stack.enter_async_context(
            browse(world.apps["portal"], territory)
        )
        signer = world.portal.services[SIGNER]
        asker = await stack.enter_async_context(
            open_asker(world.apps["node"], territory, signer)
        )
        client = PortalClient(world.node.settings, Outgoing(world, outside))  # type: ignore[arg-type]  # it leads to the apps
        yield Exchange(world, person, asker, client)


async def test_a_request_goes_to_the_node_and_its_reports_come_back(
    exchange: Exchange,
) -> None:
    back = await exchange.go_to_node()
    parts = urlsplit(back.headers["location"])
    returned = await exchange.person.get(f"{parts.path}?{parts.query}")
    await exchange.report()
    first = await exchange.row()
    withdrawn = await exchange.asker.act(str(first.id), "withdraw")
    await exchange.report()
    last = await exchange.row()

    assert back.status_code == returned.status_code == 303
    assert returned.headers["location"] == f"{HOME}/{first.id}"
    assert (first.state, first.sequence > 0) == ("submitted", True)
    assert withdrawn.status_code == 303, withdrawn.text
    assert (last.state, last.sequence > first.sequence) == ("withdrawn", True)
    for words in FORM.values():
        assert words not in str(vars(last))
        assert words not in (await exchange.person.get(HOME)).text


async def test_a_request_whose_browser_did_not_come_back_stays_at_the_node(
    exchange: Exchange,
) -> None:
    await exchange.go_to_node()

    await exchange.report()

    row = await exchange.row()
    assert (row.state, row.sequence) == ("drafted", 0)
    assert (await exchange.asker.see(str(row.id))).status_code == 200

"""The installation's own host, with an operator, somebody who is none, and a passer-by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.visitors import browse, make_operator, make_person
from udi.cli.installation.archives import save_heartbeat
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.installation.work import gather_and_save, perform_requests
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.installation.models import InstallationHeartbeat
from udi.settings import Settings
from udi.ui.site import Site


@dataclass
class Console:
    """The installation as its visitors see it, and its worker."""

    site: Site
    app: Litestar
    settings: Settings
    databases: ProgramDatabases
    territory: Territory
    clients: dict[str, httpx.AsyncClient]

    @property
    def operator(self) -> httpx.AsyncClient:
        return self.clients["operator"]

    async def gather(self) -> None:
        """What the worker of the installation does every five minutes."""
        await gather_and_save(self.settings, self.databases)

    async def beat(self, moment: datetime | None = None) -> None:
        """What the unit that makes archives notes once a minute; or that it was at work last at a moment."""
        await save_heartbeat(self.databases.portal)
        if moment is not None:
            async with self.databases.portal.session(
                INSTALLATION_ID, role="worker"
            ) as session:
                await session.execute(
                    update(InstallationHeartbeat).values(seen_at=moment)
                )

    async def work(self) -> int:
        """What it does every second; how many requests it found."""
        count = await perform_requests(self.settings, self.databases)
        await self.gather()
        return count


@pytest.fixture(scope="module")
async def program_databases(settings: Settings) -> AsyncIterator[ProgramDatabases]:
    """The connections of the installation's worker, which outlive a test: it opens five."""
    databases = ProgramDatabases.open(settings)
    yield databases
    await databases.close()


@pytest.fixture
async def console(
    settings: Settings,
    program_databases: ProgramDatabases,
    portal_site: Site,
    portal_app: Litestar,
    node_app: Litestar,
    demo: Territory,
) -> AsyncIterator[Console]:
    """Nothing waits that other tests asked for."""
    moderator = make_person(demo, moderator=True)
    operator = make_operator()
    async with (
        browse(portal_app, None) as passer_by,
        browse(portal_app, None, moderator) as stranger,
        browse(portal_app, None, operator) as operator_client,
        browse(portal_app, demo, moderator) as team,
        browse(portal_app, demo, operator) as operator_there,
        browse(node_app, demo, moderator) as on_node,
    ):
        clients = {
            "passer-by": passer_by,
            "stranger": stranger,
            "operator": operator_client,
            "team on its territory": team,
            "operator on a territory": operator_there,
            "team on the node": on_node,
        }
        console = Console(
            portal_site, portal_app, settings, program_databases, demo, clients
        )
        await console.work()
        await console.beat()
        yield console

"""A restricted dataset of a producer, who publishes for it, who asks, the territory's team, and a passer-by."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, update

from tests.portal.access.policies import POLICY, REQUEST_FORM
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.actions import confirm_agreement
from udi.portal.access.deadlines import apply_deadlines
from udi.portal.access.models import AccessAgreement, AccessPolicy, AccessRequest
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.actions.register import register_node
from udi.ui.site import Site

__all__ = ["Relay", "relay"]
RESTRICTED = 7
OPEN = 8
"""Lines of the corpus: electricity by block, and the budget, both of the producer `armor`."""
WHY = "L’usage est d’intérêt public, et les totaux ne disent pas la vie des foyers."
LETTER = {
    "answer_lettre_du_laboratoire": (
        "lettre.pdf",
        b"%PDF-1.7 Bonjour",
        "application/pdf",
    )
}


@dataclass
class Workspace:
    """A territory where a producer restricts data and somebody asks for them."""

    site: Site
    catalogue: Catalogue
    dataset: UUID
    producer: httpx.AsyncClient
    person: httpx.AsyncClient
    team: httpx.AsyncClient
    passer: httpx.AsyncClient

    @property
    def territory(self) -> Territory:
        return self.catalogue.territory

    @property
    def home(self) -> str:
        return f"/data/{self.dataset}"

    async def set_policy(self, **changed: Any) -> httpx.Response:
        """Send the form of the policy, over what is there."""
        [row] = await self.rows_of_policy() or [None]
        form = POLICY | {"revision": str(row.revision if row else 0)} | changed
        return await self.producer.post(f"{self.home}/access-policy/edit", data=form)

    async def ask(self, by: httpx.AsyncClient | None = None, **changed: Any) -> str:
        """Send the form of a request; its address."""
        answer = await self.send(by, **changed)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def send(
        self, by: httpx.AsyncClient | None = None, **changed: Any
    ) -> httpx.Response:
        return await (by or self.person).post(
            f"{self.home}/access-requests/new",
            data=REQUEST_FORM | changed,
            files=LETTER,
        )

    async def one(self, address: str) -> AccessRequest:
        [request] = [
            row for row in await self.rows(AccessRequest) if str(row.id) in address
        ]
        assert isinstance(request, AccessRequest)
        return request

    async def decide(
        self, address: str, event: str, words: str = WHY, **more: str
    ) -> httpx.Response:
        form = {
            "words": words,
            "revision": str((await self.one(address)).revision),
        } | more
        return await self.producer.post(f"{address}/{event}", data=form)

    async def accept(self, address: str) -> httpx.Response:
        offer = (await self.one(address)).since.isoformat()
        return await self.person.post(f"{address}/accept", data={"offer": offer})

    async def agree(self, **changed: Any) -> str:
        """A request that is granted; the address of its agreement."""
        address = await self.ask(**changed)
        assert (await self.decide(address, "grant")).status_code == 303
        return f"/agreements/{(await self.one(address)).agreement_id}"

    async def agree_with_machine(self) -> str:
        """A request that a connector made, granted: its agreement waits to be confirmed."""
        address = await self.ask()
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            await session.execute(
                update(AccessRequest).values(connector="Banc d’essai")
            )
        assert (await self.decide(address, "grant")).status_code == 303
        return f"/agreements/{(await self.one(address)).agreement_id}"

    async def confirm(self, address: str) -> None:
        """What the connector does with an agreement that waits."""
        agreement_row = await self.agreement_row(address)
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            actor = Actor(agreement_row.person_id, "", "", self.territory.slug)
            await confirm_agreement(
                session,
                actor,
                await session.get_one(
                    AccessAgreement, (self.territory.id, agreement_row.id)
                ),
            )

    async def agreement_row(self, address: str) -> AccessAgreement:
        [agreement] = [
            row for row in await self.rows(AccessAgreement) if str(row.id) in address
        ]
        assert isinstance(agreement, AccessAgreement)
        return agreement

    async def sweep(self, moment: datetime) -> None:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            await apply_deadlines(session, moment)

    async def rows_of_policy(self) -> list[Any]:
        return await self.rows(AccessPolicy)

    async def rows(self, model: Any) -> list[Any]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(select(model))).all())

    async def events(self) -> list[str]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            names = (
                await session.scalars(select(AuditEvent.name).order_by(AuditEvent.at))
            ).all()
        return [name for name in names if not name.startswith(("dataset.", "node."))]


@pytest.fixture
async def workspace(
    portal_site: Site,
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[Workspace]:
    catalogue = await open_catalogue(portal_database, demo)
    record = await catalogue.add(RESTRICTED)
    async with (
        browse(
            portal_app, demo, make_person(demo, memberships={"armor": ["publishers"]})
        ) as producer,
        browse(
            portal_app, demo, make_person(demo, memberships={"goeland": ["publishers"]})
        ) as person,
        browse(portal_app, demo, make_person(demo, moderator=True)) as team,
        browse(portal_app, demo) as passer,
    ):
        async with portal_database.session(demo.id) as session:
            url = demo.links["node"]
            client = f"{demo.slug}-node-hosted"
            node = await register_node(
                session,
                slug="hosted",
                name="Nœud",
                url=url,
                client_id=client,
                hosted=True,
            )
            await session.execute(
                update(Dataset).where(Dataset.id == record.id).values(node_id=node.id)
            )
        yield Workspace(
            portal_site, catalogue, record.id, producer, person, team, passer
        )

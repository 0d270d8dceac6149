"""Two inhabitants, the hosted node of a territory with its credential, a producer's own node, and the team."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.contract.conftest import issuer
from tests.contract.node import Issuer, Pusher, pushing
from tests.portal.notifications.conftest import Relay, relay
from tests.portal.selfdata.conftest import TownHall
from tests.visitors import browse
from udi.kit.clock import today
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.protocol.credentials import CONFIRMATION
from udi.protocol.subject_request_reports import PATH
from udi.ui.site import Site

__all__ = ["Relay", "issuer", "relay"]
HOME = "/my-data/requests"
ENGLISH = {"Accept-Language": "en"}


@dataclass
class Inhabitants:
    """Who asks, who else is there, and the nodes that answer."""

    town_hall: TownHall
    person: httpx.AsyncClient
    other: httpx.AsyncClient
    team: httpx.AsyncClient
    hosted: Pusher
    own_node: Pusher
    login: Login
    secrets: dict[UUID, str] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        return self.town_hall.site

    @property
    def territory(self) -> Territory:
        return self.town_hall.territory

    async def ask(
        self, *slugs: str, right: str = "access", by: httpx.AsyncClient | None = None
    ) -> list[SubjectRequest]:
        """Draft requests; the new ones."""
        before = {row.id for row in await self.rows()}
        form = {"right": right, "org": list(slugs)}
        sent = await (by or self.person).post(HOME, data=form)
        assert sent.status_code == 303, sent.text
        return [row for row in await self.rows() if row.id not in before]

    async def rows(self) -> list[SubjectRequest]:
        """All requests of the territory, oldest first."""
        rows: list[SubjectRequest] = await self.town_hall.rows(SubjectRequest)
        return sorted(rows, key=lambda row: (row.drafted_at, row.id))

    async def row(self, request_id: UUID) -> SubjectRequest:
        """One request as it stands."""
        [row] = [row for row in await self.rows() if row.id == request_id]
        return row

    async def go(
        self, request_id: UUID, by: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        """Open the page with the ticket, and come back from the node."""
        await (by or self.person).get(f"{HOME}/{request_id}")
        secret = self.secrets.setdefault(request_id, CONFIRMATION.generate())
        return await self.come_back(request_id, secret, by)

    async def come_back(
        self, request_id: UUID, secret: str, by: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        """Open the address that the node leads back to."""
        return await (by or self.person).get(
            f"{HOME}/{request_id}/return?confirmation={secret}", headers=ENGLISH
        )

    async def submit(self, *slugs: str, right: str = "access") -> list[SubjectRequest]:
        """Requests that were sent: the browser is back."""
        drafts = await self.ask(*slugs, right=right)
        for draft in drafts:
            assert (await self.go(draft.id)).status_code == 303
        return [await self.row(draft.id) for draft in drafts]

    def report(self, request_id: UUID, **changed: Any) -> dict[str, Any]:
        """What a node reports of a request, with the right confirmation."""
        day = today(self.territory.zone)
        report = {
            "id": str(request_id),
            "confirmation": self.secrets.get(request_id, CONFIRMATION.generate()),
            "sequence": 1,
            "state": "submitted",
            "received_on": day.isoformat(),
            "due_on": (day + timedelta(days=31)).isoformat(),
            "extended": False,
            "was_late": False,
            "decided_on": None,
            "ended_on": None,
            "news": False,
            "escalated": False,
        }
        return report | {name: _write(value) for name, value in changed.items()}

    async def send(self, *reports: dict[str, Any], by: Pusher | None = None) -> Any:
        """Report as a node (the hosted one); the outcomes."""
        body = {"requests": list(reports), "paper": []}
        answer = await (by or self.hosted).send("POST", PATH, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["requests"]

    async def send_paper(
        self, *papers: dict[str, Any], by: Pusher | None = None
    ) -> Any:
        """Report what came on paper."""
        body = {"requests": [], "paper": list(papers)}
        answer = await (by or self.hosted).send("POST", PATH, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["requests"]

    def paper(self, paper_id: UUID, **changed: Any) -> dict[str, Any]:
        """What a node reports of a paper."""
        report = self.report(paper_id, **changed)
        for name in ("confirmation", "news", "escalated"):
            del report[name]
        return {"producer": "kerlevan", "right": "access"} | report

    async def change(self, request_id: UUID, **values: Any) -> None:
        """Have something happen at another time."""
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            query = update(SubjectRequest).where(SubjectRequest.id == request_id)
            await session.execute(query.values(**values))

    async def change_all(self, **values: Any) -> None:
        """Have the same happen to all requests."""
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            await session.execute(update(SubjectRequest).values(**values))


def _write(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@pytest.fixture
async def inhabitants(
    town_hall: TownHall,
    portal_app: Litestar,
    make_person: Callable[..., Login],
    issuer: Issuer,
) -> AsyncIterator[Inhabitants]:
    site, demo = town_hall.site, town_hall.territory
    login = make_person(demo)
    async with AsyncExitStack() as stack:
        person, other, team = [
            await stack.enter_async_context(browse(portal_app, demo, who))
            for who in (login, make_person(demo), make_person(demo, moderator=True))
        ]
        hosted = await stack.enter_async_context(
            pushing(
                site,
                portal_app,
                demo,
                issuer,
                slug="hosted",
                url="https://node.example",
                hosted=True,
                producers=(),
            )
        )
        own_node = await stack.enter_async_context(
            pushing(
                site,
                portal_app,
                demo,
                issuer,
                slug="own",
                url="https://own.example",
            )
        )
        yield Inhabitants(town_hall, person, other, team, hosted, own_node, login)

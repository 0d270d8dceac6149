"""Two territories, someone who follows, a mail relay that keeps what it gets, and a program that is told."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiosmtpd.smtp import SMTP
from litestar import Litestar
from sqlalchemy import select, update

from tests.portal.catalogue.conftest import armor, elsewhere, feed, indexes, registry
from tests.service_overrides import override_service
from tests.visitors import browse, make_person
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.notifications.digests import SEND_DIGEST, queue_digests
from udi.portal.notifications.models import Change, Digest, Following, Subscription
from udi.portal.notifications.tasks import task_handlers
from udi.portal.notifications.webhooks import WEBHOOK_CLIENT
from udi.ui.site import Site

__all__ = ["armor", "elsewhere", "feed", "indexes", "registry"]
MONTH = timedelta(days=30)


@dataclass
class Relay:
    """A mail relay of our own; `raw` are the bytes that it got."""

    raw: list[bytes] = field(default_factory=list)
    away: bool = False
    refuses: bool = False
    """Whether it says of each address that nobody is there."""

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            message_from_bytes(message, policy=policy.default) for message in self.raw
        ]  # type: ignore[arg-type, misc]  # the policy's class

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _: Any
    ) -> str:
        if self.refuses:
            return "550 5.1.1 Nobody"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.away:
            return "451 Later"
        self.raw.append(envelope.content)
        return "250 Kept"


@pytest.fixture
async def relay(
    portal_site: Site, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Relay]:
    handler = Relay()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="relay"), "127.0.0.1", 0
    )
    settings = {
        "smtp_host": "127.0.0.1",
        "smtp_port": server.sockets[0].getsockname()[1],
    }
    monkeypatch.setattr(
        portal_site, "settings", portal_site.settings.model_copy(update=settings)
    )
    yield handler
    server.close()
    await server.wait_closed()


@dataclass
class Reader:
    """Someone with an account on a territory, in front of the portal."""

    territory: Territory
    login: Login
    client: httpx.AsyncClient
    database: Database
    site: Site

    async def follow(self, kind: str, target: object, **more: str) -> httpx.Response:
        return await self.client.post(
            "/following", data={"kind": kind, "target": str(target), **more}
        )

    async def id(self) -> UUID:
        async with self.database.session(self.territory.id, role="worker") as session:
            person_id = await session.scalar(
                select(Person.id).where(Person.subject == self.login.subject)
            )
        assert person_id
        return person_id

    async def followings(self) -> list[Following]:
        async with self.database.session(self.territory.id, role="worker") as session:
            query = select(Following).where(Following.person_id == await self.id())
            return list(
                (await session.scalars(query.order_by(Following.created_at))).all()
            )

    async def since_long(self) -> None:
        """As if all this had been followed for a month."""
        async with self.database.session(self.territory.id, role="worker") as session:
            mine = await self.id()
            await session.execute(
                update(Following)
                .where(Following.person_id == mine)
                .values(created_at=Following.created_at - MONTH)
            )
            await session.execute(
                update(Subscription)
                .where(Subscription.person_id == mine)
                .values(notified_until=Subscription.notified_until - MONTH)
            )

    async def look(self, moment: datetime, zone: tzinfo | None = None) -> int:
        """Look for digests, as the worker does."""
        async with self.database.session(self.territory.id, role="worker") as session:
            return await queue_digests(session, moment, zone or self.territory.zone)

    async def work(self) -> None:
        """Do the job of every digest of the territory, even one that is done."""
        async with self.database.session(self.territory.id, role="worker") as session:
            rows = (await session.scalars(select(Digest).order_by(Digest.until))).all()
        for row in rows:
            await task_handlers(self.site)[SEND_DIGEST](
                Job(
                    SEND_DIGEST,
                    self.territory.id,
                    {"digest": str(row.id)},
                    0,
                    last=False,
                )
            )

    async def changes(self) -> list[Change]:
        async with self.database.session(self.territory.id, role="worker") as session:
            return list(
                (
                    await session.scalars(select(Change).order_by(Change.at, Change.id))
                ).all()
            )


async def _reader(
    app: Litestar, database: Database, territory: Territory
) -> AsyncIterator[Reader]:
    login = make_person(territory)
    async with browse(app, territory, login) as client:
        yield Reader(territory, login, client, database, app.state.site)


@pytest.fixture
async def ana(
    portal_app: Litestar, portal_database: Database, demo: Territory
) -> AsyncIterator[Reader]:
    async for reader in _reader(portal_app, portal_database, demo):
        yield reader


@pytest.fixture
async def bea(
    portal_app: Litestar, portal_database: Database, demo: Territory
) -> AsyncIterator[Reader]:
    """Someone else on the same territory."""
    async for reader in _reader(portal_app, portal_database, demo):
        yield reader


@pytest.fixture
async def zoe(
    portal_app: Litestar, portal_database: Database, other: Territory
) -> AsyncIterator[Reader]:
    """Someone on another territory."""
    async for reader in _reader(portal_app, portal_database, other):
        yield reader


@dataclass
class Program:
    """A person's program on loopback: keeps what it is told, answers the statuses given, then 200."""

    url: str = ""
    statuses: deque[int] = field(default_factory=deque)
    deliveries: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    location: str = ""

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.deliveries]


@pytest.fixture
def program(portal_site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    state = Program()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.deliveries.append(
                ({name.lower(): value for name, value in self.headers.items()}, body)
            )
            self.send_response(state.statuses.popleft() if state.statuses else 200)
            if state.location:
                self.send_header("Location", state.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name that the server calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state.url = f"http://hook.localhost:{server.server_port}/told"
    override_service(
        monkeypatch,
        portal_site.services,
        WEBHOOK_CLIENT,
        OutgoingClient(["hook.localhost:*"]),
    )
    yield state
    server.shutdown()
    thread.join()
    server.server_close()

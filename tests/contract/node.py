"""A producer's node as the portal sees it: a credential, a registration, and an address that takes reports."""

import asyncio
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Litestar
from sqlalchemy import func, select, text

from udi.kit.jobs import ATTEMPTS, Worker
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.kit.tokens import IssuerKeys
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.actions.register import register_node, update_node
from udi.portal.nodes.models import Node, Report, ReportDeliveryState
from udi.portal.nodes.queries import get_node
from udi.portal.nodes.tasks import task_handlers
from udi.portal.organisations.actions import apply_organisation
from udi.ui.site import Site

RESOURCES = "/kalim/v1/resources"
FIRST_DELAY = timedelta(milliseconds=50)
"""Before the first try again, twice as long before each that follows; and how often the queue is looked at."""


def make_key() -> RSAKey:
    """A key that signs tokens: a tenth of a second of processor."""
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


trusted_key = cache(make_key)
"""The key of the service that the portal is told to trust, the same for all tests of a process."""


class Issuer:
    """An identity service of our own: signs tokens with a key that the portal is told to trust."""

    def __init__(self, url: str, key: RSAKey | None = None) -> None:
        self.url = url
        self._key = key or make_key()

    async def published(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False)]}

    def token(self, client: str, audience: str, **claims: Any) -> str:
        now = int(time.time())
        body = {
            "iss": self.url, "aud": audience, "azp": client, "client_id": client, "typ": "Bearer",
            "iat": now, "exp": now + 300, "sub": str(uuid.uuid4()), **claims,
        }  # fmt: skip
        return jwt.encode(
            {"alg": "RS256", "kid": self._key.kid, "typ": "JWT"}, body, self._key
        )


@contextmanager
def trusted_issuer(site: Site) -> Iterator[Issuer]:
    """The portal believes this issuer's keys for the time of a test."""
    service = site.services[SESSIONS].service
    before = service.keys
    issuer = Issuer(service.issuer, trusted_key())
    service.keys = IssuerKeys(issuer.published)
    try:
        yield issuer
    finally:
        service.keys = before


@dataclass
class Received:
    """A report as it arrived."""

    path: str
    token: str
    document: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Receiver:
    """A small HTTP server that takes reports; answers the statuses given, then 200, with the bodies given, then none."""

    statuses: deque[int] = field(default_factory=deque)
    answers: deque[Any] = field(default_factory=deque)
    reports: list[Received] = field(default_factory=list)
    refused: int = 0
    origin: str = ""


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Such a server on loopback."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = state.statuses.popleft() if state.statuses else 200
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if status < 300:
                received_headers = {k.lower(): v for k, v in self.headers.items()}
                state.reports.append(
                    Received(self.path, token, json.loads(body), received_headers)
                )
            else:
                state.refused += 1
            if status < 300 and state.answers:
                response_body = json.dumps(state.answers.popleft()).encode()
            else:
                response_body = b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(response_body)))
            self.end_headers()
            self.wfile.write(response_body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state.origin = f"http://localhost:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Pusher:
    """A registered node with its token, and what it sees of the portal."""

    site: Site
    territory: Territory
    node: Node
    organisation: UUID
    client: httpx.AsyncClient

    async def send(
        self,
        method: str,
        path: str = RESOURCES,
        body: bytes | Any = b"",
        **headers: str,
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await self.client.request(method, path, content=content, headers=sent)

    async def post(self, body: bytes | Any) -> httpx.Response:
        return await self.send("POST", body=body)

    async def put(self, body: bytes | Any) -> httpx.Response:
        return await self.send("PUT", body=body)

    async def delete(self, dataset: str) -> httpx.Response:
        return await self.send("DELETE", f"{RESOURCES}/{dataset}")

    async def reports(self, *conditions: Any) -> list[Report]:
        async with self.site.database.session(self.territory.id) as session:
            query = (
                select(Report)
                .where(Report.node_id == self.node.id, *conditions)
                .order_by(Report.submitted_at)
            )
            return list(await session.scalars(query))

    async def count_datasets(self) -> int:
        async with self.site.database.session(self.territory.id) as session:
            return await session.scalar(select(func.count()).select_from(Dataset)) or 0

    async def all_delivered(self) -> bool:
        return not await self.reports(Report.delivery == ReportDeliveryState.PENDING)


async def clear_queue(site: Site) -> None:
    """Forget the jobs of other tests, and those that failed for good."""
    async with site.database.platform_session(role="worker") as session:
        await session.execute(text("DELETE FROM queue.pgqueuer"))


async def deliver(
    pusher: Pusher, *, attempts: int = ATTEMPTS, patience: float = 60
) -> None:
    """Let the portal's worker do its jobs until no report of the node waits.

    Raises:
        TimeoutError: one still waits after `patience` seconds.
    """
    worker = Worker(
        pusher.site.database,
        task_handlers(pusher.site),
        attempts=attempts,
        first_delay=FIRST_DELAY,
        poll_interval=FIRST_DELAY,
    )
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(patience):
            while not await pusher.all_delivered():  # noqa: ASYNC110 - what is awaited is in the database
                await asyncio.sleep(0.05)
    finally:
        worker.stop()
        await running


async def add_organisation(
    site: Site, territory: Territory, id_: UUID, slug: str
) -> None:
    """A producer of the territory."""
    async with site.database.session(territory.id) as session:
        await apply_organisation(
            session,
            id=id_,
            slug=slug,
            name=f"Producer {slug}",
            summary={},
            email=f"data@{slug}.example",
        )


async def link(pusher: Pusher, organisations: set[UUID]) -> None:
    """Let the node push for these producers only."""
    async with pusher.site.database.session(pusher.territory.id) as session:
        node = await get_node(session, pusher.node.slug)
        await update_node(
            session, node, name=node.name, url=node.url, organisations=organisations
        )


async def registered(
    site: Site,
    territory: Territory,
    *,
    slug: str = "north",
    url: str = "http://localhost:1",
    hosted: bool = False,
    producers: tuple[UUID, ...] | None = None,
) -> tuple[Node, UUID]:
    """A node with one producer of its own (or those given), and the first producer."""
    organisation_id = uuid.uuid4()
    if producers is None:
        await add_organisation(site, territory, organisation_id, f"{slug}-town")
        producers = (organisation_id,)
    client = f"{territory.slug}-node-{slug}"
    async with site.database.session(territory.id) as session:
        node = await register_node(
            session,
            slug=slug,
            name=f"Node {slug}",
            url=url,
            client_id=client,
            hosted=hosted,
            organisations=producers,
        )
    return node, next(iter(producers), organisation_id)


@asynccontextmanager
async def pushing(
    site: Site, app: Litestar, territory: Territory, issuer: Issuer, **node: Any
) -> AsyncIterator[Pusher]:
    """Register a node as `registered` does, and open its connection."""
    registered_node, organisation = await registered(site, territory, **node)
    token = issuer.token(registered_node.client_id, territory.origin)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url=f"http://{territory.hosts[0]}",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        yield Pusher(site, territory, registered_node, organisation, client)


def make_record(organisation: UUID, **changes: Any) -> dict[str, Any]:
    """The smallest record that the portal takes."""
    moment = "2026-11-25T08:00:00Z"
    record = {
        "global_id": str(uuid.uuid4()),
        "resource_title": "Arbres d'alignement",
        "synopsis": [{"lang": "fr", "text": "Les arbres des rues."}],
        "summary": [
            {"lang": "fr", "text": "Une ligne par arbre planté le long des rues."}
        ],
        "theme": "environment",
        "keywords": ["arbres"],
        "producer": {
            "organization_id": str(organisation),
            "organization_name": "Mairie",
        },
        "contacts": [
            {
                "contact_id": str(uuid.uuid4()),
                "contact_name": "Service",
                "email": "data@north.example",
            }
        ],
        "available_formats": [make_file()],
        "dataset_dates": {"created": moment, "updated": moment},
        "storage_status": "online",
        "access_condition": {
            "licence": {"licence_type": "STANDARD", "licence_label": "etalab-2.0"},
            "confidentiality": {"restricted_access": False, "gdpr_sensitive": False},
        },
        "metadata_info": {"api_version": "1.4.1"},
    }
    return {**record, **changes}


def make_file() -> dict[str, Any]:
    """A file of a record."""
    return {
        "media_type": "FILE",
        "media_id": str(uuid.uuid4()),
        "media_name": "arbres.csv",
        "connector": {
            "url": "https://node.example/arbres.csv",
            "interface_contract": "dwnl",
        },
        "file_type": "text/csv",
        "file_size": 1200,
        "checksum": {"algo": "SHA-256", "hash": "0" * 64},
    }

"""Visitors, members and machines who ask without pause, over TLS through nginx, and count what was refused."""

import asyncio
import re
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx

from tests.ansible.conftest import Deployment
from tests.node.producer import SLUG, TABLE, Producer

PUBLISHER = "publication@kerlevan.example"
PATIENCE = 60
PAUSE = 0.02
TOKEN_LIFE = 120
ACTION = re.compile(r'<form[^>]* action="([^"]+)"')
Ask = Callable[[], Awaitable[httpx.Response]]


@dataclass
class Tally:
    """What was asked, and each answer that was not the expected one."""

    requests: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    slowest: float = 0.0
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Requests that were answered or refused."""
        return self.requests.total()

    def __str__(self) -> str:
        return (
            f"{self.total} requests, {len(self.refused)} failed, {self.seconds:.0f} s, "
            f"slowest {self.slowest:.1f} s ({', '.join(f'{name} {count}' for name, count in self.requests.items())})"
        )


async def log_in(
    client: httpx.AsyncClient, origin: str, username: str, password: str
) -> None:
    """By the pages of the identity service, which asks for the name and then for the password."""
    page = await client.get(f"{origin}/login", follow_redirects=True)
    for answers in (
        {"username": username},
        {"username": username, "password": password},
    ):
        form = ACTION.search(page.text)
        if form is None:
            break
        page = await client.post(unescape(form[1]), data=answers, follow_redirects=True)
    assert page.status_code == 200, page.text
    assert str(page.url).startswith(origin), page.text


@asynccontextmanager
async def under_load(
    deployment: Deployment, *, clients: int = 2
) -> AsyncIterator[Tally]:
    """Load for as long as the block lasts: `each` clients of every kind at once."""
    tally = Tally()
    stop = asyncio.Event()
    started = time.monotonic()
    async with _kinds(deployment) as kinds:
        tasks = [
            asyncio.create_task(_repeat(name, ask, status, tally, stop))
            for name, (ask, status) in kinds.items()
            for _ in range(clients)
        ]
        try:
            yield tally
        finally:
            stop.set()
            tally.seconds = time.monotonic() - started
            await asyncio.gather(*tasks)


async def _repeat(
    name: str, ask: Ask, status: int, tally: Tally, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        started = time.monotonic()
        try:
            answer = await ask()
            if answer.status_code != status:
                tally.refused.append(
                    f"{name}: {answer.status_code} at {answer.request.url} {answer.text[:200]}"
                )
        except httpx.HTTPError as error:
            tally.refused.append(f"{name}: {type(error).__name__} {error}")
        tally.requests[name] += 1
        tally.slowest = max(tally.slowest, time.monotonic() - started)
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def _kinds(deployment: Deployment) -> AsyncIterator[dict[str, tuple[Ask, int]]]:
    """What is asked, by whom, and the status that is right."""
    portal = deployment.portal()
    node = deployment.node()
    async with (
        deployment.visitor(deployment.names.portal) as passer_by,
        deployment.visitor(deployment.names.node) as publisher,
        deployment.visitor(deployment.names.portal) as member,
        deployment.visitor(deployment.names.portal) as machine,
    ):
        password = deployment.password(PUBLISHER)
        await log_in(publisher, node, PUBLISHER, password)
        await log_in(member, portal, PUBLISHER, password)
        producer = Producer(publisher)
        draft = await producer.draft()
        published = await producer.publish()
        record = await _find_record(publisher, published)
        download = record["available_formats"][0]["connector"]["url"]
        secret = deployment.machine.run(
            f"cat /etc/udi/secrets/node_credential_{deployment.names.slug}"
        ).strip()
        pusher = Pusher(machine, f"{deployment.names.slug}-node-hosted", secret, record)

        async def describe() -> httpx.Response:
            return await producer.describe(draft)

        yield {
            "portal page": (lambda: passer_by.get("/data"), 200),
            "portal API": (lambda: passer_by.get("/api/v1/datasets"), 200),
            "portal home": (lambda: passer_by.get("/"), 200),
            "portal, logged in": (lambda: member.get("/my-space"), 200),
            "push of a record": (pusher.push, 200),
            "node page": (lambda: passer_by.get(f"{node}/"), 200),
            "node API": (lambda: passer_by.get(f"{node}/api/v1/resources"), 200),
            "download": (lambda: passer_by.get(download), 200),
            "node, logged in": (lambda: publisher.get(f"/spaces/{SLUG}"), 200),
            "form": (describe, 303),
            "upload": (lambda: producer.send(TABLE, f"{uuid.uuid4()}.csv"), 303),
        }


async def _find_record(publisher: httpx.AsyncClient, dataset: str) -> dict[str, Any]:
    """The record of a dataset, once the portal has accepted it."""
    until = time.monotonic() + PATIENCE
    while (
        answer := await publisher.get(f"/api/v1/resources/{dataset}")
    ).status_code != httpx.codes.OK:
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.2)
    return dict(answer.json())


@dataclass
class Pusher:
    """A machine that sends the same record again and again, with a token of its own."""

    client: httpx.AsyncClient
    name: str
    secret: str
    record: dict[str, Any]
    token: str = ""
    since: float = 0.0

    async def push(self) -> httpx.Response:
        """The record, as its next version; with a fresh token when the one it has is old."""
        if not self.token or time.monotonic() > self.since + TOKEN_LIFE:
            self.since = time.monotonic()
            token_request = {"grant_type": "client_credentials"}
            granted = await self.client.post(
                "/oauth2/token", data=token_request, auth=(self.name, self.secret)
            )
            if granted.status_code != httpx.codes.OK:
                return granted
            self.token = granted.json()["access_token"]
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.client.put(
            "/kalim/v1/resources", json=self.record, headers=headers
        )

"""A machine of files on loopback that answers as told, and the rounds of a worker that looks at it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from sqlalchemy import select, text, update

from tests.portal.catalogue.corpus import Catalogue
from tests.portal.notifications.conftest import Relay, relay
from udi.portal.catalogue.links import probe
from udi.portal.catalogue.links.rounds import LinkChecker
from udi.portal.catalogue.models import Link
from udi.protocol.record import Record
from udi.ui.site import Site

__all__ = ["relay"]
Answer = Callable[[BaseHTTPRequestHandler], None]


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer of this status; `content_length` and the like are headers."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        named = {"Content-Length": str(len(body))} | {
            name.replace("_", "-").title(): value for name, value in headers.items()
        }
        for name, value in named.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return answer


def only_get(answer: Answer, status: int = 405) -> Answer:
    """Another answer to HEAD."""

    def answer_request(handler: BaseHTTPRequestHandler) -> None:
        (says(status) if handler.command == "HEAD" else answer)(handler)

    return answer_request


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    """No answer at all."""
    handler.connection.shutdown(2)


@dataclass
class Machine:
    """What answers at each path; `requests` are the moment, method, path and headers of each request; `sent`, bytes of bodies."""

    origin: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[float, str, str, dict[str, str]]] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    sent: int = 0

    @property
    def methods(self) -> list[str]:
        return [method for _, method, _, _ in self.requests]

    def url(self, path: str = "/file.csv") -> str:
        return f"{self.origin}{path}"


def open_machine(state: Machine) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append((time.monotonic(), self.command, self.path, headers))
            state.answers.get(self.path, says(404))(self)
            state.ended.append(time.monotonic())

        do_HEAD = do_GET  # noqa: N815 - the name that the server calls

        def log_message(self, *_: Any) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def machine() -> Iterator[Machine]:
    state = Machine()
    server = open_machine(state)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state.origin = f"http://{uuid4().hex[:8]}.localhost:{server.server_port}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines of tests need little rest."""
    monkeypatch.setattr(probe, "PAUSE", 0.01)


@dataclass
class Watcher:
    """A worker that looks at what a catalogue links to, and a clock that can be moved on."""

    catalogue: Catalogue
    site: Site
    rounds: LinkChecker

    async def publish(self, *urls: str, number: int = 1, **changes: Any) -> Record:
        """A dataset whose files are at these addresses; `changes` may say of its file `size`, `hash`, `contract`."""
        media = {
            "media_type": changes.pop("kind", "FILE"), "media_name": "tableau", "file_type": "text/csv",
            "file_size": changes.pop("size", 8),
            "checksum": {"algo": changes.pop("algo", "SHA-256"), "hash": changes.pop("hash", "0" * 64)},
        }  # fmt: skip
        files = [
            {
                **media,
                "media_id": str(uuid4()),
                "connector": {"url": url, "interface_contract": "dwnl"},
            }
            for url in urls
        ]
        return await self.catalogue.add(number, available_formats=files, **changes)

    async def look(self, times: int = 1) -> int:
        """So many rounds, in each of which all is due and may be said."""
        looks = 0
        for _ in range(times):
            async with self.catalogue.database.session(
                self.catalogue.territory.id, role="worker"
            ) as session:
                await session.execute(
                    update(Link).values(next_at=text("now() - interval '1 second'"))
                )
            await self.free()
            looks += await self.rounds.check_territory(self.catalogue.territory)
        return looks

    async def free(self) -> None:
        """As if every turn had ended, but for that of the morning's mails."""
        async with self.catalogue.database.platform_session(role="worker") as session:
            await session.execute(
                text("DELETE FROM ops.link_turn WHERE name NOT LIKE '%/tell'")
            )

    async def morning(self, days: float = 1) -> None:
        """As if all that is known had been so for longer, and a new morning had come."""
        longer = timedelta(days=days)
        async with self.catalogue.database.session(
            self.catalogue.territory.id, role="worker"
        ) as session:
            await session.execute(
                update(Link).values(
                    since=Link.since - longer, failing_since=Link.failing_since - longer
                )
            )
        async with self.catalogue.database.platform_session(role="worker") as session:
            await session.execute(
                text("DELETE FROM ops.link_turn WHERE name LIKE '%/tell'")
            )

    async def links(self) -> dict[str, Link]:
        async with self.catalogue.database.session(
            self.catalogue.territory.id, role="worker"
        ) as session:
            return {link.url: link for link in await session.scalars(select(Link))}

    async def link(self, url: str) -> Link:
        return (await self.links())[url]

    @property
    def tenant(self) -> UUID:
        return self.catalogue.territory.id


@pytest.fixture
def watcher(
    armor: Catalogue,
    portal_app: Litestar,
    portal_site: Site,
    monkeypatch: pytest.MonkeyPatch,
    hurried: None,
    relay: Relay,
) -> Watcher:
    settings = portal_site.settings.model_copy(update={"link_looks_per_hour": 1800})
    monkeypatch.setattr(portal_site, "settings", settings)
    return Watcher(armor, portal_site, LinkChecker(portal_site))

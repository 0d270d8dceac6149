"""Asking a site for its documents, politely: one at a time, at a pace, as robots.txt says, within bounds."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from udi import __version__
from udi.kit.http import (
    OutgoingClient,
    OutgoingError,
    RefusedAddressError,
    StreamedResponse,
)
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.trial import ACCEPT
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.document_bodies import (
    LARGEST,
    DocumentBody,
    TooLargeBodyError,
)
from udi.portal.nodes.sources.robots import Robots, parse_robots
from udi.portal.nodes.sources.site_turns import SiteTurns

LARGEST_ROBOTS = 512 * 1024
TRIES = 3
PATIENCE = 120.0
"""Seconds for one document, from the first byte asked to the last that came."""
LONGEST_MARK = 300
LONGEST_WAIT = 60.0
TRANSIENT_STATUSES = {408, 425, 429, 500, 502, 503, 504}
GONE = {404, 410}


@dataclass(frozen=True)
class FetchedDocument:
    """A document: its body, where it was, and how to ask for it only if it changed."""

    body: DocumentBody
    url: str
    etag: str = ""
    last_modified: str = ""


class NotModifiedError(Exception):
    """The site says that nothing changed since it was asked last."""


class FetchError(Exception):
    """A document cannot be had; `gone` when the site says that there is none."""

    def __init__(
        self,
        fault: HarvestFault,
        *,
        gone: bool = False,
        passing: bool = False,
        wait: float = 0,
    ) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.gone = gone
        self.passing = passing
        self.wait = wait


class SourceClient:
    """The one way out of a worker to the sites of sources; `pace` is in seconds between two requests to one site."""

    def __init__(
        self, outgoing: OutgoingClient, *, pace: float = 1.0, patience: float = PATIENCE
    ) -> None:
        self._outgoing = outgoing
        self._pace = pace
        self._patience = patience
        self.heavy = asyncio.Semaphore(1)
        self._robots: dict[str, Robots] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._last: dict[str, float] = {}
        self._answering: dict[str, float] = {}
        self.turns = SiteTurns()

    def forget(self, address: str) -> None:
        """Ask again what the site asks of programs: at the start of a reading."""
        self._robots.pop(host_of(address), None)

    def seconds_of(self, host: str) -> float:
        """How long the answers of a site took until now, without what we wait between two requests."""
        return self._answering.get(host, 0.0)

    async def get(
        self,
        address: str,
        *,
        agent: str,
        invited: bool,
        conditions: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> FetchedDocument:
        """The document at an address, tried three times where the site is only busy; `folder` is for one that is large.

        Raises:
            NotModifiedError: `conditions` were given, and nothing changed.
            FetchError: it cannot be had.
        """
        robots = await self._read_robots(address, agent)
        if not robots.allows(address, invited=invited):
            raise FetchError(source_kinds.SOURCE_CLOSED.at("", value=address))
        headers = {"Accept": ACCEPT, "User-Agent": agent, **(conditions or {})}
        for attempt in range(TRIES):
            try:
                return await self._request_document(
                    address, headers, robots.delay, LARGEST, folder
                )
            except FetchError as error:
                if not error.passing or attempt == TRIES - 1:
                    raise
                await asyncio.sleep(
                    max(self._pace * 4**attempt, min(error.wait, LONGEST_WAIT))
                )
        raise AssertionError

    async def _read_robots(self, address: str, agent: str) -> Robots:
        """What the site asks of programs; a site that has no such page asks nothing (RFC 9309, 2.3.1)."""
        host = host_of(address)
        if host not in self._robots:
            scheme = address.partition("://")[0]
            netloc = address.partition("://")[2].partition("/")[0].partition("?")[0]
            try:
                response = await self._request_document(
                    f"{scheme}://{netloc}/robots.txt",
                    {"User-Agent": agent},
                    0,
                    LARGEST_ROBOTS,
                )
                self._robots[host] = parse_robots(
                    response.body.beginning.decode("utf-8", "replace")
                )
            except FetchError as error:
                if error.passing:
                    raise
                self._robots[host] = Robots()
        return self._robots[host]

    async def _request_document(
        self,
        address: str,
        headers: Mapping[str, str],
        delay: float,
        largest: int,
        folder: Path | None = None,
    ) -> FetchedDocument:
        host = host_of(address)
        async with self._turns.setdefault(host, asyncio.Lock()):
            waited = time.monotonic() - self._last.get(host, -1e9)
            await asyncio.sleep(
                max(0.0, (max(self._pace, delay) if self._pace else 0) - waited)
            )
            began = time.monotonic()
            try:
                async with asyncio.timeout(self._patience):
                    return await self._fetch(
                        address, headers, DocumentBody(largest, folder)
                    )
            except TimeoutError as error:
                fault = source_kinds.SOURCE_SLOW.at("", seconds=int(self._patience))
                raise FetchError(fault) from error
            except RefusedAddressError as error:
                raise FetchError(source_kinds.SOURCE_REFUSED.at("")) from error
            except OutgoingError as error:
                raise FetchError(
                    source_kinds.SOURCE_SILENT.at("", value=str(error)), passing=True
                ) from error
            finally:
                self._last[host] = time.monotonic()
                self._answering[host] = self.seconds_of(host) + self._last[host] - began

    async def _fetch(
        self, address: str, headers: Mapping[str, str], body: DocumentBody
    ) -> FetchedDocument:
        async with self._outgoing.fetch(address, headers=headers) as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED:
                raise NotModifiedError
            if answer.status != HTTPStatus.OK:
                raise FetchError(
                    source_kinds.SOURCE_STATUS.at("", value=answer.status),
                    gone=answer.status in GONE,
                    passing=answer.status in TRANSIENT_STATUSES,
                    wait=_wait(answer),
                )
            try:
                async for piece in answer.pieces:
                    body.append(piece)
            except TooLargeBodyError as error:
                body.discard()
                fault = source_kinds.LARGE_DOCUMENT.at(
                    "", limit=error.limit // 1024**2, value=address
                )
                raise FetchError(fault) from error
            except BaseException:
                body.discard()
                raise
            body.flush()
            return FetchedDocument(
                body,
                answer.url,
                _header(answer, "etag"),
                _header(answer, "last-modified"),
            )


def agent_of(origin: str) -> str:
    """How we name ourselves: the program, and where to ask about it."""
    return f"UDI/{__version__} (+{origin})"


def _header(answer: StreamedResponse, name: str) -> str:
    value = answer.headers.get(name, "")
    if len(value) <= LONGEST_MARK and value.isprintable():
        return value
    return ""


def _wait(answer: StreamedResponse) -> float:
    """Seconds that the site asks to be left alone, where it says so in seconds."""
    retry_after = answer.headers.get("retry-after", "").strip()
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 6:  # noqa: PLR2004 - a day at most
        return float(retry_after)
    return 0

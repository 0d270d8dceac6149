"""One look at an address: HEAD, else a GET of its first byte, whose connection is closed before the rest comes.

Redirects lead to addresses that are checked as the first; a look takes a bounded time, and reads no body.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from udi import __version__
from udi.kit.clock import now
from udi.kit.http import Outgoing, OutgoingError, RefusedAddressError
from udi.portal.catalogue.links.content import UNSATISFIABLE, Content, Described, Headers, compare, read_size
from udi.portal.catalogue.models import LinkState

PATIENCE, PAUSE = 20.0, 1.0
"""Seconds for one request, and at least between two to one machine."""
AGENT = f"UDI-link-check/{__version__} (+{{origin}}/)"
WANTED = "sha-256=10, sha-512=5, md5=1"
LONGEST = 2000
SILENT, ADDRESS = "silent", "address"
REFUSED, GONE, BUSY, AWAY = {401, 402, 403, 407, 451}, {404, 410}, 429, 503


@dataclass(frozen=True)
class Asked:
    """An address to look at: what datasets say of it, and whether the last look failed."""

    url: str
    described: tuple[Described, ...] = ()
    is_service: bool = False
    doubted: bool = False


@dataclass(frozen=True)
class Seen:
    """What a look saw: `state` is None where the machine only asks to come back later."""

    state: LinkState | None
    answer: str
    wait: timedelta = timedelta()
    moved_to: str = ""
    size: int | None = None
    content: Content = Content.UNKNOWN


async def rest() -> None:
    """Leave the machine in peace between two requests."""
    await asyncio.sleep(PAUSE)


async def look(outgoing: Outgoing, asked: Asked, origin: str) -> Seen:
    """What is at the address now, as anybody would find it.

    Machines that know no HEAD, or lie in its answer, are asked for one byte; so is what could not be had the last time.
    """
    if not asked.doubted:
        seen = await _ask(outgoing, asked, origin, "HEAD")
        doubtful = seen.answer.isdigit() and int(seen.answer) not in {BUSY, AWAY} and not seen.answer.startswith("2")
        if not doubtful and seen.content != Content.OTHER_SIZE:
            return seen
        await rest()
    return await _ask(outgoing, asked, origin, "GET")


async def _ask(outgoing: Outgoing, asked: Asked, origin: str, method: str) -> Seen:
    headers = {"User-Agent": AGENT.format(origin=origin), "Want-Repr-Digest": WANTED}
    if method == "GET":
        headers["Range"] = "bytes=0-0"
    try:
        async with (
            asyncio.timeout(PATIENCE),
            outgoing.fetch(asked.url, method=method, headers=headers) as found,
        ):
            moved = "" if is_same(found.lasting, asked.url) else found.lasting
            return read_answer(found.status, found.headers, asked, moved, is_head=method == "HEAD")
    except RefusedAddressError:
        return Seen(LinkState.UNCHECKED, ADDRESS)
    except (OutgoingError, TimeoutError):
        return Seen(LinkState.UNREACHABLE, SILENT)


def is_same(address: str, other: str) -> bool:
    """Whether two addresses differ by no more than their scheme and a final slash: nobody calls this a move."""
    return _plain(address) == _plain(other) or len(address) > LONGEST


def _plain(address: str) -> str:
    return address.partition("://")[2].rstrip("/")


def read_answer(status: int, headers: Headers, asked: Asked, moved: str, *, is_head: bool) -> Seen:
    """What the head of an answer says of an address."""
    seen = Seen(_state_of(status, asked, moved), str(status), read_wait(headers.get("retry-after", "")))
    if seen.state not in {LinkState.REACHABLE, LinkState.MOVED}:
        return seen
    found = replace(seen, wait=timedelta(), moved_to=moved)
    if asked.is_service:
        return found
    content = compare(status, headers, asked.described, is_head=is_head)
    return replace(found, size=read_size(status, headers, is_head=is_head), content=content)


def _state_of(status: int, asked: Asked, moved: str) -> LinkState | None:
    if status == BUSY:
        return None
    if status in REFUSED:
        return LinkState.REFUSED
    if status in GONE:
        return LinkState.GONE
    # Nothing has no first byte; a service that is asked nothing may well say so.
    answers = 200 <= status < 300 or status == UNSATISFIABLE or (asked.is_service and 400 <= status < 500)  # noqa: PLR2004 - RFC 9110
    if answers:
        return LinkState.MOVED if moved else LinkState.REACHABLE
    return LinkState.UNREACHABLE


def read_wait(text: str) -> timedelta:
    """How long `Retry-After` asks to wait (RFC 9110, 10.2.3); nothing where it cannot be read."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), 10**9))
    try:
        moment: datetime = parsedate_to_datetime(text)
    except ValueError:
        return timedelta()
    return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now(), timedelta())

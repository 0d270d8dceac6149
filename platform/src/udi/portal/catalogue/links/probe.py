"""One look at an address: HEAD, else a GET of its first byte, whose connection is closed before the rest comes.

Redirects lead to addresses that are checked as the first; a look takes a bounded time, and reads no body.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from udi import __version__
from udi.kit.clock import now
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.portal.catalogue.links.content import (
    UNSATISFIABLE,
    ContentMatch,
    ExpectedFile,
    Headers,
    compare_content,
    read_size,
)
from udi.portal.catalogue.models import LinkState

PATIENCE = 20.0
PAUSE = 1.0
"""Seconds for one request, and at least between two to one machine."""
AGENT = f"UDI-link-check/{__version__} (+{{origin}}/)"
DIGEST_PREFERENCES = "sha-256=10, sha-512=5, md5=1"
LONGEST = 2000
SILENT = "silent"
ADDRESS = "address"
REFUSED = {401, 402, 403, 407, 451}
GONE = {404, 410}
BUSY = 429
AWAY = 503


@dataclass(frozen=True)
class LinkCheck:
    """An address to look at: what datasets say of it, and whether the last look failed."""

    url: str
    described: tuple[ExpectedFile, ...] = ()
    is_service: bool = False
    doubted: bool = False


@dataclass(frozen=True)
class LinkCheckResult:
    """What a look saw: `state` is None where the machine only asks to come back later."""

    state: LinkState | None
    answer: str
    wait: timedelta = timedelta()
    moved_to: str = ""
    size: int | None = None
    content: ContentMatch = ContentMatch.UNKNOWN


async def pause_between_requests() -> None:
    """Leave the machine in peace between two requests."""
    await asyncio.sleep(PAUSE)


async def probe_link(
    outgoing: OutgoingClient, target: LinkCheck, origin: str
) -> LinkCheckResult:
    """What is at the address now, as anybody would find it.

    Machines that know no HEAD, or lie in its answer, are asked for one byte; so is what could not be had the last time.
    """
    if not target.doubted:
        result = await _send_probe(outgoing, target, origin, "HEAD")
        doubtful = (
            result.answer.isdigit()
            and int(result.answer) not in {BUSY, AWAY}
            and not result.answer.startswith("2")
        )
        if not doubtful and result.content != ContentMatch.OTHER_SIZE:
            return result
        await pause_between_requests()
    return await _send_probe(outgoing, target, origin, "GET")


async def _send_probe(
    outgoing: OutgoingClient, target: LinkCheck, origin: str, method: str
) -> LinkCheckResult:
    headers = {
        "User-Agent": AGENT.format(origin=origin),
        "Want-Repr-Digest": DIGEST_PREFERENCES,
    }
    if method == "GET":
        headers["Range"] = "bytes=0-0"
    try:
        async with (
            asyncio.timeout(PATIENCE),
            outgoing.fetch(target.url, method=method, headers=headers) as response,
        ):
            if is_same_address(response.permanent_url, target.url):
                moved = ""
            else:
                moved = response.permanent_url
            return read_response(
                response.status,
                response.headers,
                target,
                moved,
                is_head=method == "HEAD",
            )
    except RefusedAddressError:
        return LinkCheckResult(LinkState.UNCHECKED, ADDRESS)
    except (OutgoingError, TimeoutError):
        return LinkCheckResult(LinkState.UNREACHABLE, SILENT)


def is_same_address(address: str, other: str) -> bool:
    """Whether two addresses differ by no more than their scheme and a final slash: nobody calls this a move."""
    return _strip_scheme(address) == _strip_scheme(other) or len(address) > LONGEST


def _strip_scheme(address: str) -> str:
    return address.partition("://")[2].rstrip("/")


def read_response(
    status: int, headers: Headers, target: LinkCheck, moved: str, *, is_head: bool
) -> LinkCheckResult:
    """What the head of an answer says of an address."""
    result = LinkCheckResult(
        _state_of(status, target, moved),
        str(status),
        read_retry_after(headers.get("retry-after", "")),
    )
    if result.state not in {LinkState.REACHABLE, LinkState.MOVED}:
        return result
    reachable_result = replace(result, wait=timedelta(), moved_to=moved)
    if target.is_service:
        return reachable_result
    content = compare_content(status, headers, target.described, is_head=is_head)
    return replace(
        reachable_result,
        size=read_size(status, headers, is_head=is_head),
        content=content,
    )


def _state_of(status: int, target: LinkCheck, moved: str) -> LinkState | None:
    if status == BUSY:
        return None
    if status in REFUSED:
        return LinkState.REFUSED
    if status in GONE:
        return LinkState.GONE
    # Nothing has no first byte; a service that is asked nothing may well say so.
    answers = (
        200 <= status < 300  # noqa: PLR2004 - RFC 9110
        or status == UNSATISFIABLE
        or (target.is_service and 400 <= status < 500)  # noqa: PLR2004 - RFC 9110
    )
    if answers:
        if moved:
            return LinkState.MOVED
        return LinkState.REACHABLE
    return LinkState.UNREACHABLE


def read_retry_after(text: str) -> timedelta:
    """How long `Retry-After` asks to wait (RFC 9110, 10.2.3); nothing where it cannot be read."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), 10**9))
    try:
        moment: datetime = parsedate_to_datetime(text)
    except ValueError:
        return timedelta()
    return max(
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now(), timedelta()
    )

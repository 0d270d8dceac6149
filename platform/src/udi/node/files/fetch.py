"""A file fetched from an address: its bytes into an upload, what the other side calls it, whether it changed."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

from udi.kit.clock import now
from udi.kit.errors import TooLargeError, UdiError, field_error
from udi.kit.file_names import clean_name
from udi.kit.http import (
    OutgoingClient,
    OutgoingError,
    RefusedAddressError,
    StreamedResponse,
)
from udi.node.files.assemble import store_whole_file
from udi.node.files.reception import (
    ConnectionLostError,
    UploadTooSlowError,
    enforce_timeouts,
)
from udi.node.files.upload_lock import UploadLease
from udi.node.files.uploads import too_large_error

NOT_MODIFIED = 304
OK = 200
LONGEST_ADDRESS = 2000
LONGEST_MARK = 300
LONGEST_WAIT = timedelta(days=31)


class FetchError(UdiError):
    """The file cannot be had; `passing` when another try may do, not before the other side's `wait` is over."""

    status = 502
    slug = "fetch"
    title = "The file could not be fetched"
    meaning = "The file is at another address, which does not give it."
    advice = "Check the address in a browser, then try again."

    def __init__(
        self,
        detail: str,
        *,
        remedy: str = "",
        passing: bool = False,
        wait: timedelta = timedelta(),
    ) -> None:
        super().__init__(detail, remedy=remedy)
        self.passing = passing
        self.wait = wait


@dataclass(frozen=True)
class HttpValidators:
    """What the other side said of the version that it gave, to be said back: another answer only if it changed."""

    etag: str = ""
    last_modified: str = ""

    def conditions(self) -> dict[str, str]:
        """The headers of a conditional request."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


def check_address(address: str) -> str:
    """An address as a person wrote it.

    Raises:
        InvalidError: it is none of the web, or holds a password.
    """
    try:
        parts = urlsplit(address.strip())
        hostname = parts.hostname
        _ = parts.port
    except ValueError:
        hostname = None
        parts = urlsplit("")
    if (
        parts.scheme not in {"http", "https"}
        or not hostname
        or len(address) > LONGEST_ADDRESS
    ):
        raise field_error(
            "address",
            "This is not an address of the web.",
            "It begins with https:// or http://.",
        )
    if parts.username or parts.password:
        raise field_error(
            "address",
            "This address holds a password.",
            "Use an address that needs no password, or send the file.",
        )
    return address.strip()


@dataclass(frozen=True)
class SizeLimit:
    """Bytes that a file may have: those left in its space, and the node's limit for one file."""

    left: int
    limit: int

    @property
    def bytes(self) -> int:
        return min(self.left, self.limit)

    @property
    def refusal(self) -> TooLargeError:
        return too_large_error(self.limit, self.left)


async def fetch_into(
    hold: UploadLease,
    outgoing: OutgoingClient,
    most: SizeLimit,
    marks: HttpValidators,
    *,
    agent: str,
) -> HttpValidators | None:
    """Fetch the address of an upload into its object; the marks of what was given, None when it did not change.

    `agent` tells the other side who asks.

    Raises:
        FetchError: it cannot be had.
        TooLargeError: it is larger than the node accepts, or than the space has left.
    """
    try:
        headers = {"User-Agent": agent, **marks.conditions()}
        async with outgoing.fetch(hold.upload.address, headers=headers) as response:
            if response.status == NOT_MODIFIED and marks.conditions():
                return None
            _check_response(response)
            length = _length(response.headers)
            if length is not None and length > most.bytes:
                raise most.refusal
            await hold.keep_alive(name=name_of(response), length=length)
            await store_whole_file(hold, _bound_pieces(response.pieces, most))
            return HttpValidators(
                _mark(response.headers, "etag"),
                _mark(response.headers, "last-modified"),
            )
    except RefusedAddressError as error:
        raise FetchError(
            "This address may not be reached from here.",
            remedy="Give one that anybody can open on the internet.",
        ) from error
    except (OutgoingError, ConnectionLostError, UploadTooSlowError) as error:
        raise FetchError(
            "The address does not answer, or broke off.",
            remedy="Open it in a browser, then try again.",
            passing=True,
        ) from error


def _check_response(response: StreamedResponse) -> None:
    if response.status != OK:
        raise FetchError(
            "The address answers that the file is not there.",
            remedy="Open it in a browser and correct the address.",
            passing=response.status >= 500 or response.status in {408, 425, 429},  # noqa: PLR2004 - statuses of HTTP
            wait=_wait(response.headers),
        )
    if response.headers.get("content-encoding", "identity").lower() not in {
        "",
        "identity",
    }:
        raise FetchError(
            "The address gives the file in a packed form that was not asked for."
        )


def _wait(headers: Mapping[str, str]) -> timedelta:
    """How long the other side asks to be left alone (`Retry-After`, in seconds or until a day and hour)."""
    retry_after = headers.get("retry-after", "").strip()
    try:
        if retry_after.isdecimal():
            wait = timedelta(seconds=int(retry_after))
        else:
            wait = parsedate_to_datetime(retry_after) - now()
    except (ValueError, TypeError, OverflowError):
        return timedelta()
    return max(timedelta(), min(wait, LONGEST_WAIT))


async def _bound_pieces(
    pieces: AsyncIterator[bytes], most: SizeLimit
) -> AsyncIterator[bytes]:
    size = 0
    async for piece in enforce_timeouts(pieces):
        size += len(piece)
        if size > most.bytes:
            raise most.refusal
        yield piece
    if not size:
        raise FetchError("The address gives an empty file.")


def _length(headers: Mapping[str, str]) -> int | None:
    content_length = headers.get("content-length", "")
    if (
        content_length.isascii()
        and content_length.isdigit()
        and len(content_length) < LONGEST_MARK
    ):
        return int(content_length)
    return None


def _mark(headers: Mapping[str, str], name: str) -> str:
    mark = headers.get(name, "")
    if len(mark) <= LONGEST_MARK and mark.isprintable():
        return mark
    return ""


def name_of(response: StreamedResponse) -> str:
    """The name that the other side gives the file, else the end of its address."""
    disposition = Message()
    disposition["Content-Disposition"] = response.headers.get(
        "content-disposition", ""
    ).replace("\n", " ")
    return clean_name(
        disposition.get_filename()
        or unquote(urlsplit(response.url).path).rpartition("/")[2]
    )

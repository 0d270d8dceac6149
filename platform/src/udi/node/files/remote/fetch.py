"""A file of another machine, of any kind of source: its bytes into an upload, within bounds of size and time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from udi.kit.errors import TooLargeError
from udi.kit.http import OutgoingError, RefusedAddressError
from udi.node.files.intake.assemble import store_whole_file
from udi.node.files.intake.reception import (
    ConnectionLostError,
    UploadTooSlowError,
    enforce_timeouts,
)
from udi.node.files.intake.upload_lock import UploadLease
from udi.node.files.intake.uploads import too_large_error
from udi.node.files.remote.remote_files import (
    FetchError,
    HttpValidators,
    RemoteRequest,
)
from udi.node.files.remote.source_kinds import find_source_kind


@dataclass(frozen=True)
class FetchLimit:
    """What a file may take: the bytes left in its space, the node's limit for one file, and time."""

    left: int
    limit: int
    seconds: float
    """How long one file may take, from the first question to the last byte."""

    @property
    def bytes(self) -> int:
        return min(self.left, self.limit)

    @property
    def refusal(self) -> TooLargeError:
        return too_large_error(self.limit, self.left)


async def fetch_into(
    hold: UploadLease, request: RemoteRequest, most: FetchLimit
) -> HttpValidators | None:
    """Fetch what is at a location into the object of an upload; the marks of what was given, None when it did not change.

    Raises:
        FetchError: it cannot be had.
        TooLargeError: it is larger than the node accepts, or than the space has left.
    """
    try:
        async with asyncio.timeout(most.seconds):
            return await _fetch(hold, request, most)
    except RefusedAddressError as error:
        raise FetchError(
            "This address may not be reached from here.",
            remedy="Give one that anybody can open on the internet.",
        ) from error
    except TimeoutError as error:
        raise FetchError(
            "The file took too long to come.",
            remedy="Try again when the server is faster, or make the file smaller.",
            passing=True,
        ) from error
    except (OutgoingError, ConnectionLostError, UploadTooSlowError) as error:
        raise FetchError(
            "The address does not answer, or broke off.",
            remedy="Open it in a browser, then try again.",
            passing=True,
        ) from error


async def _fetch(
    hold: UploadLease, request: RemoteRequest, most: FetchLimit
) -> HttpValidators | None:
    kind = find_source_kind(request.location.kind)
    if kind is None:
        raise FetchError(
            "This node does not read this kind of source any more.",
            remedy="Choose another source, or ask the operator of the node.",
            waits_for_person=True,
        )
    async with kind.load_opener()(request) as remote:
        if remote is None:
            return None
        if remote.length is not None and remote.length > most.bytes:
            raise most.refusal
        await hold.keep_alive(name=remote.name, length=remote.length)
        await store_whole_file(hold, _bound_pieces(remote.pieces, most))
        return remote.marks


async def _bound_pieces(
    pieces: AsyncIterator[bytes], most: FetchLimit
) -> AsyncIterator[bytes]:
    size = 0
    async for piece in enforce_timeouts(pieces):
        size += len(piece)
        if size > most.bytes:
            raise most.refusal
        yield piece
    if not size:
        raise FetchError("The address gives an empty file.")

"""A file on its way in: parsed from the form, digested and stored piece by piece."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import multipart
from litestar import Request
from litestar.datastructures import State

from udi.kit.errors import InvalidError, Refusal, TooLargeError, UdiError
from udi.kit.file_names import clean_name
from udi.node.files.store import ObjectStore
from udi.node.files.upload_stream import ConnectionLostError, enforce_timeouts
from udi.node.files.uploads import too_large_error

FIELD = "file"
FRAMING = 64 * 1024
DRAINED = 64 * 1024 * 1024
MOST_SEGMENTS = 8


@dataclass
class IncomingFile:
    """What is known of a file while it comes in, and after."""

    upload_limit: int
    quota_left: int
    name: str = ""
    size: int = 0
    sha256: str = ""
    """Of the whole file, once it came."""
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def limit(self) -> int:
        """Bytes that it may have."""
        return min(self.upload_limit, self.quota_left)

    @property
    def too_large(self) -> TooLargeError:
        """Why it does not fit."""
        return too_large_error(self.upload_limit, self.quota_left)

    def finish(self) -> None:
        """Note the digest of all that came."""
        self.sha256 = str(self._digest.hexdigest())

    def add_piece(self, piece: bytes) -> None:
        """Count and digest one piece."""
        self.size += len(piece)
        if self.size > self.limit:
            raise self.too_large
        self._digest.update(piece)


async def receive_file(
    request: Request[Any, Any, State],
    store: ObjectStore,
    key: str,
    *,
    limit: int,
    quota_left: int,
) -> IncomingFile:
    """Stream the file of a multipart form into the store under `key`.

    Raises:
        InvalidError: no file, an empty one, several, or a form that cannot be read. Nothing is left in the store.
        TooLargeError: more than the node accepts for one file, or than the space has left. Nothing is left either.
    """
    incoming = IncomingFile(limit, quota_left)
    announced = request.content_length
    if announced is not None and announced > incoming.limit + FRAMING:
        raise incoming.too_large
    stream = enforce_timeouts(request.stream())
    try:
        await store.put(key, _pieces(stream, _boundary(request), incoming))
    except (multipart.MultipartError, ConnectionLostError) as error:
        msg = "The file was not received in full."
        raise InvalidError(
            msg, refusals=[Refusal(FIELD, msg, "Send it again.")]
        ) from error
    except UdiError:
        await _drain(stream)
        raise
    incoming.finish()
    return incoming


def _boundary(request: Request[Any, Any, State]) -> str:
    kind, options = multipart.parse_options_header(
        request.headers.get("content-type", "")
    )
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise _no_file()
    return str(options["boundary"])


async def _pieces(
    stream: AsyncIterator[bytes], boundary: str, incoming: IncomingFile
) -> AsyncIterator[bytes]:
    """The bytes of the form's one file; other fields are passed over."""
    inside = False
    files = 0
    parser = multipart.PushMultipartParser(
        boundary, max_segment_count=MOST_SEGMENTS, header_charset="utf8"
    )
    with parser:
        async for chunk in stream:
            if parser.closed or not chunk:
                continue
            for event in parser.parse(chunk):
                if isinstance(event, multipart.MultipartSegment):
                    inside = event.name == FIELD and bool(event.filename)
                    if inside:
                        files += 1
                        incoming.name = clean_name(event.filename or "")
                elif event and inside:
                    if files > 1:
                        raise InvalidError(
                            refusals=[Refusal(FIELD, "Drop one file at a time.")]
                        )
                    piece = bytes(event)
                    incoming.add_piece(piece)
                    yield piece
    if not files:
        raise _no_file()
    if not incoming.size:
        raise InvalidError(
            refusals=[
                Refusal(
                    FIELD,
                    "This file is empty: nothing was saved.",
                    "Check it, then drop it again.",
                )
            ]
        )


def _no_file() -> InvalidError:
    return InvalidError(refusals=[Refusal(FIELD, "Choose the file to publish.")])


async def _drain(stream: AsyncIterator[bytes]) -> None:
    """Read some of what still comes, so that a browser gets to read the refusal."""
    left = DRAINED
    try:
        async for chunk in stream:
            left -= len(chunk)
            if left < 0:
                return
    except (RuntimeError, OSError, UdiError, ConnectionLostError):
        return

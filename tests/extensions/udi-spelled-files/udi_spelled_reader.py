"""Gives a file that is spelled in its address, in the worker that fetches files."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

from udi.node.files.remote.remote_files import (
    HttpValidators,
    RemoteFile,
    RemoteRequest,
)


@asynccontextmanager
async def open_spelled_file(request: RemoteRequest) -> AsyncIterator[RemoteFile | None]:
    """The file, unless it is the version that is known."""
    parts = urlsplit(request.location.address)
    header = request.location.credential["header"]
    content = f"{header}\n{unquote(parts.path[1:])}".encode()
    marks = HttpValidators(hashlib.sha256(content).hexdigest())
    if marks == request.marks:
        yield None
        return

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    yield RemoteFile(parts.netloc, len(content), marks, pieces())

"""The operator's own base map: a PMTiles archive in a file, a folder or the object store, given by parts to the maps that move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from litestar import HttpMethod, Response, route
from litestar.response import Stream
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from udi.kit.errors import NotFoundError, UnavailableError
from udi.node.files.delivery.ranges import (
    ByteRange,
    RangeNotSatisfiableError,
    parse_range,
)
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.site import site_of

ADDRESS = "/base-map.pmtiles"
STORED = "store:"
"""Before the name of an archive that is in the object store."""
PREFIX = "base-map"
"""Where it is there: no territory has this name for a folder."""
MEDIA_TYPE = "application/vnd.pmtiles"


@dataclass(frozen=True)
class BaseMapPart:
    """Bytes of the archive, how long it all is, and the mark of this very content."""

    size: int
    tag: str
    content: AsyncIterator[bytes]


@route(ADDRESS, http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def send_base_map(request: AnyRequest) -> Response[Any]:
    """The archive, or the part of it that is asked for.

    Raises:
        NotFoundError: the installation has no base map of its own, or it is not where the setting says.
    """
    try:
        whole = await _open(request, ByteRange(0, 1))
    except (FileNotFoundError, BaseError):
        raise NotFoundError("This installation has no base map of its own.") from None
    size = whole.size
    etag = f'"{whole.tag.strip(chr(34))}"'
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "public, max-age=86400",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(None, status_code=304, headers=headers)
    part_range = ByteRange(0, size)
    range_header = request.headers.get("range")
    is_same = request.headers.get("if-range", etag) == etag
    if range_header and is_same and request.method == "GET":
        try:
            part_range = parse_range(range_header, size) or part_range
        except RangeNotSatisfiableError:
            beyond = {**headers, "Content-Range": f"bytes */{size}"}
            return Response(None, status_code=416, headers=beyond)
    headers["Content-Length"] = str(part_range.end - part_range.start)
    if request.method == "HEAD":
        return Response(None, headers=headers)
    status = 200
    if part_range != ByteRange(0, size):
        status = 206
        headers["Content-Range"] = (
            f"bytes {part_range.start}-{part_range.end - 1}/{size}"
        )
    try:
        part = await _open(request, part_range, tag=whole.tag)
    except (FileNotFoundError, BaseError):
        raise UnavailableError(
            "The base map is being replaced.", remedy="Try again in a moment."
        ) from None
    return Stream(part.content, status_code=status, headers=headers)


async def _open(request: AnyRequest, part: ByteRange, *, tag: str = "") -> BaseMapPart:
    """A part of the archive, wherever the setting says that it is; of this very content, if its `tag` is given.

    Raises:
        FileNotFoundError: it is not there, or not any more.
        BaseError: it has no such part.
    """
    setting = site_of(request).settings.own_base_map
    if setting.startswith(STORED):
        key = f"{PREFIX}/{setting.removeprefix(STORED)}"
        content = (
            await site_of(request).services[OBJECTS].find(key, part.start, part.end)
        )
        if tag and content.tag != tag:
            raise FileNotFoundError
        return BaseMapPart(content.size, content.tag, content.pieces)
    path = await asyncio.to_thread(find_archive, setting)
    result = await obstore.get_async(
        LocalStore(path.parent), path.name, options={"range": (part.start, part.end)}
    )
    present = result.meta["e_tag"] or str(result.meta["size"])
    if tag and present != tag:
        raise FileNotFoundError
    return BaseMapPart(result.meta["size"], present, _list_pieces(result))


def find_archive(setting: str) -> Path:
    """The file that a setting names; of a folder, the archive that was written last.

    Raises:
        FileNotFoundError: there is none.
    """
    path = Path(setting)
    if setting and path.is_file():
        return path
    if not setting or not path.is_dir():
        raise FileNotFoundError
    archives = {}
    for archive in path.glob("*.pmtiles"):
        with suppress(OSError):  # a link that leads nowhere, or a file that just went
            status = archive.stat()
            if status.st_size:
                archives[archive] = status.st_mtime
    if not archives:
        raise FileNotFoundError
    return max(archives, key=lambda archive: archives[archive])


async def _list_pieces(result: Any) -> AsyncIterator[bytes]:
    async for piece in result.stream():
        yield bytes(piece)


routes: Routes = [send_base_map]

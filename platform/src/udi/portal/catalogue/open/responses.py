"""Sending a document to a machine: validators, 304, compression, and that pages of other sites may read it."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Response
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED

from udi.kit.public_reading import PublicReading
from udi.kit.tenancy import Territory
from udi.portal.catalogue.queries import is_reading_current
from udi.portal.catalogue.responses.cached_responses import (
    RELEASE,
    SPARE,
    VALIDATE,
    cache_key,
    followed_index,
    read_publicly,
)
from udi.portal.catalogue.responses.modification_dates import (
    is_not_modified_since,
    last_modified,
    last_modified_header,
)
from udi.portal.catalogue.search.cache import RESPONSE_CACHE
from udi.ui.content_encodings import choose_encoding, compress
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

SMALL = 1000
MARKS = {"gzip": "-gz", "br": "-br"}
"""What ends the validator of a compressed document, whose bytes are others."""
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link, Content-Location",
}


@dataclass(frozen=True)
class Validators:
    """What says whether a document changed: the facts it is made of, and when it last did (None: not known)."""

    facts: tuple[object, ...]
    modified: datetime | None = None
    cached_tag: str = ""
    """The tag itself, where it was made before."""

    @property
    def tag(self) -> str:
        """The same facts and the same release of the program make the same bytes."""
        if self.cached_tag:
            return self.cached_tag
        return hashlib.sha256(
            repr((RELEASE, *self.facts)).encode(errors="replace")
        ).hexdigest()[:32]


@dataclass(frozen=True)
class Document:
    """A document to send; it is only made when the reader has not got it."""

    media_type: str
    make: Callable[[], bytes]
    validators: Validators
    headers: Mapping[str, str] = field(default_factory=dict)
    vary: str = "Accept-Encoding"
    status: int = 200
    packed: bytes = b""
    """The same bytes compressed by `encoding`, where they are kept so."""
    encoding: str = ""


def is_not_modified(request: AnyRequest, validators: Validators) -> bool:
    """Whether the reader's copy is the present one (RFC 9110, 13.1.2 and 13.1.3)."""
    if (if_none_match := request.headers.get("if-none-match")) is not None:
        tags = {
            re.sub(r"-(gz|br)$", "", tag.strip().removeprefix("W/").strip('"'))
            for tag in if_none_match.split(",")
        }
        return if_none_match.strip() == "*" or validators.tag in tags
    return is_not_modified_since(request.headers, validators.modified)


def send_document(request: AnyRequest, document: Document) -> Response[Any]:
    """The document, or 304 without it."""
    headers = {
        "Cache-Control": VALIDATE,
        "Vary": document.vary,
        **OPEN,
        **document.headers,
    }
    headers |= last_modified_header(document.validators.modified)
    if is_not_modified(request, document.validators):
        if_none_match = request.headers.get("if-none-match", "")
        tag = document.validators.tag + next(
            (mark for mark in MARKS.values() if f'{mark}"' in if_none_match), ""
        )
        return Response(
            None,
            status_code=HTTP_304_NOT_MODIFIED,
            headers={**headers, "ETag": f'"{tag}"'},
        )
    tag = document.validators.tag
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    if encoding and encoding == document.encoding:
        packed = document.packed
    else:
        packed = b""
    body = packed or document.make()
    if encoding and (packed or len(body) > SMALL):
        body = packed or compress(body, encoding)
        tag = tag + MARKS[encoding]
        headers["Content-Encoding"] = encoding
    headers["ETag"] = f'"{tag}"'
    return Response(
        body,
        media_type=document.media_type,
        status_code=document.status,
        headers=headers,
    )


async def send_cached_document(
    request: AnyRequest,
    territory: Territory,
    make: Callable[[PublicReading], Awaitable[Document]],
    *,
    form: str = "",
) -> Response[Any]:
    """The document kept for this address and `form`, until the catalogue changes; else a new one.

    It is told by what it says, so that whoever has it is spared it even after other datasets changed.
    """
    reader = followed_index(request, territory.id)
    if reader is None:
        async with read_publicly(request, territory) as reading:
            return send_document(request, await make(reading))
    cache = site_of(request).services[RESPONSE_CACHE]
    key = ("document", form, *cache_key(request, territory, reader))
    encoding = choose_encoding(request.headers.get("accept-encoding", "")) or SPARE
    cached_answer = cache.find(key, encoding)
    if cached_answer is None:
        async with read_publicly(request, territory) as reading:
            document = await make(reading)
            is_good = document.status == HTTP_200_OK and await is_reading_current(
                reading, reader
            )
        if not is_good:
            return send_document(request, document)
        validators = document.validators
        headers = {**document.headers, "Vary": document.vary}
        body = document.make()
        cached_answer = cache.store(
            key,
            body,
            document.media_type,
            headers,
            encoding,
            etag=validators.tag,
            modified=validators.modified,
        )
    modified = cached_answer.modified or last_modified(
        reader, territory.fingerprint, territory.zone
    )
    validators = Validators((), modified, cached_answer.etag)
    document = Document(
        cached_answer.media_type,
        cached_answer.decompress,
        validators,
        cached_answer.headers,
        packed=cached_answer.body,
        encoding=cached_answer.encoding,
    )
    return send_document(request, document)

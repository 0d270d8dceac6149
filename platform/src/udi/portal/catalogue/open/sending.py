"""Sending a document to a machine: validators, 304, compression, and that pages of other sites may read it."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.answers import RELEASE, SPARE, VALIDATE, followed_index, key_of, reading
from udi.portal.catalogue.dating import as_header, is_known, last_modified
from udi.portal.catalogue.queries import is_current
from udi.portal.catalogue.search.cache import AnswerCache
from udi.ui.compression import choose_encoding, pack
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
    known: str = ""
    """The tag itself, where it was made before."""

    @property
    def tag(self) -> str:
        """The same facts and the same release of the program make the same bytes."""
        if self.known:
            return self.known
        return hashlib.sha256(repr((RELEASE, *self.facts)).encode(errors="replace")).hexdigest()[:32]


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


def has_it(request: Request[Any, Any, State], validators: Validators) -> bool:
    """Whether the reader's copy is the present one (RFC 9110, 13.1.2 and 13.1.3)."""
    if (known := request.headers.get("if-none-match")) is not None:
        tags = {re.sub(r"-(gz|br)$", "", tag.strip().removeprefix("W/").strip('"')) for tag in known.split(",")}
        return known.strip() == "*" or validators.tag in tags
    return is_known(request.headers, validators.modified)


def send(request: Request[Any, Any, State], document: Document) -> Response[Any]:
    """The document, or 304 without it."""
    headers = {"Cache-Control": VALIDATE, "Vary": document.vary, **OPEN, **document.headers}
    headers |= as_header(document.validators.modified)
    if has_it(request, document.validators):
        known = request.headers.get("if-none-match", "")
        tag = document.validators.tag + next((mark for mark in MARKS.values() if f'{mark}"' in known), "")
        return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers={**headers, "ETag": f'"{tag}"'})
    tag, encoding = document.validators.tag, choose_encoding(request.headers.get("accept-encoding", ""))
    packed = document.packed if encoding and encoding == document.encoding else b""
    body = packed or document.make()
    if encoding and (packed or len(body) > SMALL):
        body, tag = packed or pack(body, encoding), tag + MARKS[encoding]
        headers["Content-Encoding"] = encoding
    headers["ETag"] = f'"{tag}"'
    return Response(body, media_type=document.media_type, status_code=document.status, headers=headers)


async def send_kept(
    request: Request[Any, Any, State],
    territory: Territory,
    make: Callable[[AsyncSession], Awaitable[Document]],
    *,
    form: str = "",
) -> Response[Any]:
    """The document kept for this address and `form`, until the catalogue changes; else a new one.

    It is told by what it says, so that whoever has it is spared it even after other datasets changed.
    """
    reader = followed_index(request, territory)
    if reader is None:
        async with reading(request, territory) as session:
            return send(request, await make(session))
    cache: AnswerCache = site_of(request).parts["answers"]
    key = ("document", form, *key_of(request, territory, reader))
    encoding = choose_encoding(request.headers.get("accept-encoding", "")) or SPARE
    kept = cache.find(key, encoding)
    if kept is None:
        async with reading(request, territory) as session:
            document = await make(session)
            is_good = document.status == HTTP_200_OK and await is_current(session, reader)
        if not is_good:
            return send(request, document)
        validators, headers = document.validators, {**document.headers, "Vary": document.vary}
        made = document.make()
        kept = cache.keep(
            key, made, document.media_type, headers, encoding, etag=validators.tag, modified=validators.modified
        )
    modified = kept.modified or last_modified(reader, territory.said, territory.zone)
    validators = Validators((), modified, kept.etag)
    document = Document(kept.media_type, kept.plain, validators, kept.headers, packed=kept.body, encoding=kept.encoding)
    return send(request, document)

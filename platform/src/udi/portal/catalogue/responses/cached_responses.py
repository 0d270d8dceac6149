"""Answers to passers-by that depend on the catalogue alone: kept compressed, valid until the search index changes.

Every change of a dataset or of its producer changes the index. Where nothing follows the database any more, nothing is kept.
"""

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.serialization import encode_json
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.public_reading import PublicReading, open_public_reading
from udi.kit.tenancy import Territory
from udi.portal.catalogue.queries import SearchPage, search_datasets, search_index
from udi.portal.catalogue.responses.modification_dates import (
    is_not_modified_since,
    last_modified,
    last_modified_header,
)
from udi.portal.catalogue.search.cache import (
    RESPONSE_CACHE,
    CachedResponse,
    Key,
    etag_of,
)
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.index import SEARCH_INDEXES, IndexReader, SearchIndexes
from udi.portal.catalogue.search.joint_index import JOINT
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.ui.content_encodings import choose_encoding
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

LONGEST_KEPT = 2000
SPARE = "gzip"
"""What is unpacked for a reader of no compression."""
PACKAGE = Path(__file__).parents[3]
COMPILED = "__pycache__"
VALIDATE = "public, max-age=0, must-revalidate"
OWN_HEADERS = ("Link", "Content-Security-Policy", "Access-Control-Allow-Origin")
VARY = "Accept, Accept-Encoding, Accept-Language, Cookie"


def newest_modification(folder: Path) -> int:
    """When the last file of a folder was written, in nanoseconds; not what Python compiles there while programs start."""
    return max(
        path.stat().st_mtime_ns
        for path in folder.rglob("*.*")
        if path.parent.name != COMPILED and path.is_file()
    )


RELEASE = newest_modification(PACKAGE)
"""Changes with the code and the templates, which answers depend on too."""
BuiltResponse = tuple[Response[Any], bool]
"""An answer, and whether its rows are as new as the index: what follows the database may be a moment behind."""


def indexes_of(request: AnyRequest) -> SearchIndexes:
    """The search indexes of this program."""
    return site_of(request).services[SEARCH_INDEXES]


async def respond_from_cache(
    request: AnyRequest,
    territory: Territory,
    make: Callable[[], Awaitable[BuiltResponse]],
    *,
    facts: tuple[Hashable, ...] = (),
    index: UUID | None = None,
) -> Response[Any]:
    """The answer kept for this address and language, else a new one; someone logged in always gets a new one.

    What was updated this week differs from one day to the next: an answer is kept for its day. One made from rows older
    than the index is for this reader alone: nobody may keep it. `facts` are what else the answer depends on; `index` is the
    one that it is made from, where that is not the territory's.
    """
    reader = followed_index(request, index or territory.id)
    state = request.scope["state"]
    if reader is None:
        return (await make())[0]
    key = (*cache_key(request, territory, reader), *facts)
    etag = etag_of(key)
    sources: tuple[object, ...] = territory.fingerprint
    if index is not None or facts:
        source = (territory.id, index, bool(facts))
        sources = (source, *territory.fingerprint, *facts)
    modified = last_modified(reader, sources, territory.zone)
    headers = {
        "ETag": etag,
        "Cache-Control": VALIDATE,
        "Vary": VARY,
        "Content-Language": state["locale"],
    }
    headers |= last_modified_header(modified)
    if _is_not_modified(request, etag, modified):
        return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    cache = site_of(request).services[RESPONSE_CACHE]
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    cached_answer = cache.find(key, encoding or SPARE)
    if cached_answer is None:
        response, is_current = await make()
        if response.status_code not in {None, HTTP_200_OK} or not is_current:
            return response
        stored_headers = {
            name: response.headers[name]
            for name in OWN_HEADERS
            if name in response.headers
        }
        cached_answer = cache.store(
            key,
            _encode_body(response),
            str(response.media_type),
            stored_headers,
            encoding or SPARE,
            etag=etag,
        )
    return _build_response(cached_answer, headers, encoding)


def _is_not_modified(request: AnyRequest, etag: str, modified: datetime | None) -> bool:
    """Whether the reader's copy is the present one; a tag, where there is one, says so alone (RFC 9110, 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is None:
        return is_not_modified_since(request.headers, modified)
    return etag in tags


def open_public_session(
    request: AnyRequest, territory: Territory
) -> AbstractAsyncContextManager[AsyncSession]:
    """What reads open rows, whoever asks: an answer that is kept opens none."""
    return site_of(request).database.session(territory.id, role="public")


def read_publicly(
    request: AnyRequest, territory: Territory
) -> AbstractAsyncContextManager[PublicReading]:
    """The same, with a session only where something asks for one."""
    return open_public_reading(site_of(request).database, territory.id)


async def find_search_page(
    request: AnyRequest, territory: Territory, criteria: Criteria
) -> SearchPage:
    """What a search finds, without a session where the index and the database itself answer, which is nearly always."""
    words = thesaurus_of(territory.search)
    database = site_of(request).database
    reader = indexes_of(request).find(territory.id)
    if reader is not None and not database.has_replica:
        return await search_index(database.rows(territory.id), reader, criteria, words)
    async with open_public_session(request, territory) as session:
        return await search_datasets(
            session, indexes_of(request), territory.id, criteria, words
        )


def followed_index(request: AnyRequest, index: UUID) -> IndexReader | None:
    """The index whose generation says how long an answer to this passer-by is good; None where nothing may be kept."""
    indexes = indexes_of(request)
    if (
        request.scope["state"].get("actor") is not None
        or len(_address(request)) > LONGEST_KEPT
    ):
        return None
    if indexes.is_followed(str(JOINT) if index == JOINT else ""):
        return indexes.find(index)
    return None


def cache_key(request: AnyRequest, territory: Territory, reader: IndexReader) -> Key:
    """Everything that an answer depends on."""
    return (
        territory.fingerprint,
        reader.generation,
        today(territory.zone),
        RELEASE,
        request.scope["state"]["locale"],
        _address(request),
    )


def _address(request: AnyRequest) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}?{query}"


def _encode_body(response: Response[Any]) -> bytes:
    content = response.content
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    return encode_json(content)


def _build_response(
    cached_answer: CachedResponse, headers: dict[str, str], encoding: str
) -> Response[bytes]:
    sent = {
        **headers,
        **cached_answer.headers,
        **({"Content-Encoding": encoding} if encoding else {}),
    }
    return Response(
        cached_answer.body if encoding else cached_answer.decompress(),
        media_type=cached_answer.media_type,
        headers=sent,
    )

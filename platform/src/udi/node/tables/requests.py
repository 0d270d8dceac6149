"""What a reader asks of a table over HTTP: who, which table, in which words; and the headers of whatever is answered."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode
from uuid import UUID

from litestar import Response
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.kit.rates import RateLimiter, TimeLimiter, network_of
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.node.files.delivery.ranges import is_fresh
from udi.node.files.restricted import (
    PRIVATE,
    NotGrantedError,
    PermittedReading,
    authorize_reading,
)
from udi.node.spaces.limits import enforce_rate_limit
from udi.node.spaces.use_counts import UseKey, UseKind
from udi.node.spaces.uses import count_streamed_bytes, count_use
from udi.node.tables.addresses import TableAddresses
from udi.node.tables.finder import FIND_TABLE
from udi.node.tables.schemas import FileNamePath, ResourcePath, TableNamePath
from udi.node.tables.views import VIEWS
from udi.protocol.access_decision import RefusalReason
from udi.settings import Role
from udi.tabular.exports.exports import FORMATS
from udi.tabular.messages.query_errors import HiddenColumnError
from udi.tabular.queries.query import Query
from udi.tabular.queries.query_budget import QueryBudget
from udi.tabular.queries.table import DatasetTable
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Visitor
from udi.ui.rate_limits import address_of
from udi.ui.site import site_of

T = TypeVar("T")
PARTED = frozenset({"arrow", "parquet", "pmtiles"})
"""Kinds of file that readers take by parts."""
PART = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})")
MOST_PART = 8 * 1024**2
"""Bytes of a part; more is a download like any other."""
RATES = ServiceKey[RateLimiter]("table rates", "tables")


@dataclass(frozen=True)
class QueryTimes:
    """How long the queries of one reader may take together: of an address, or of whoever showed who they are."""

    passers_by: TimeLimiter
    people: TimeLimiter

    def find_budget(self, reader: str, *, is_known: bool) -> QueryBudget:
        """What a reader has."""
        limiter = self.people if is_known else self.passers_by
        return QueryBudget(limiter, reader, is_known=is_known)


QUERY_TIMES = ServiceKey[QueryTimes]("query times", "tables")
EXPOSED = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Last-Modified, Link, RateLimit, RateLimit-Policy"


@dataclass
class TableRequest:
    """One request about one table."""

    request: AnyRequest
    table: DatasetTable
    reader: str
    base: str
    """Address of the resource, without a final slash."""
    etag: str
    headers: dict[str, str]
    dataset_id: UUID
    budget: dict[str, str]
    """What is left of the space's requests."""
    passage: PermittedReading | None = None
    """How it was let through, where the table is restricted."""
    kind: UseKind = UseKind.API
    """What a use is counted as."""

    @property
    def query_string(self) -> str:
        """The query string."""
        return _query_string(self.request)

    async def parse_query(self, parse: Callable[[], T]) -> T:
        """What a question means, as `parse` reads it.

        Raises:
            NotGrantedError: it names a column that the agreement does not open.
        """
        try:
            return parse()
        except HiddenColumnError as error:
            raise await self.refuse_column(error.column) from None

    async def require_places(self) -> None:
        """Refuse a question about places, where an agreement does not show those of the table.

        Raises:
            NotGrantedError: it does not.
        """
        if self.table.hidden_places:
            raise await self.refuse_column(self.table.hidden_places)

    async def refuse_column(self, column: str) -> NotGrantedError:
        """That the agreement does not open a column, once this is in the log."""
        assert self.passage is not None  # noqa: S101 - columns are hidden by agreements alone
        return await self.passage.refuse(RefusalReason.OTHER_COLUMNS, (column,))

    @property
    def is_fresh(self) -> bool:
        """Whether the reader's copy is still good; of a restricted table nobody is told, as that would say what is in it."""
        return not self.table.is_restricted and is_fresh(
            self.request.headers, self.etag, self.table.modified
        )

    def charge_cost(self, cost: int) -> None:
        """Count what costs more than a page.

        Raises:
            TooManyRequestsError: nothing is left for this reader.
        """
        self.headers |= join_rate_headers(
            _rates(self.request).count_request(self.reader, cost), self.budget
        )

    def record_use(self, sent: int = 0, *, part: str = "") -> UseKey | None:
        """Count a use of what is open; `part` names what readers take in parts."""
        if not self.table.is_open or self.request.method == "HEAD":
            return None
        space = UUID(self.table.space)
        kind = self.kind
        return count_use(
            self.request,
            space_id=space,
            dataset_id=self.dataset_id,
            kind=kind,
            sent=sent,
            part=part,
        )

    async def charge_bytes(self, size: int) -> None:
        """Before bytes of a restricted table are sent.

        Raises:
            NotGrantedError: they are more than the agreement leaves.
        """
        if self.passage is not None and self.request.method != "HEAD":
            await self.passage.give(size)

    def stream_export(
        self, content: AsyncIterator[bytes], *, part: str = ""
    ) -> AsyncIterator[bytes]:
        """The same bytes, counted as an export."""
        if self.passage is not None:
            return self.passage.counted(content)
        self.kind = UseKind.EXPORT
        use = self.record_use(part=part)
        if use:
            return count_streamed_bytes(self.request, use, content)
        return content

    def not_modified(self) -> Response[None]:
        """304."""
        return Response(None, status_code=304, headers=self.headers)

    async def json_response(
        self, content: object, media_type: str = "application/json"
    ) -> Response[Any]:
        """An answer, or the news that the reader's copy is still good."""
        if self.is_fresh:
            return self.not_modified()
        body = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        await self.charge_bytes(len(body))
        self.record_use(len(body))
        return Response(body, media_type=media_type, headers=self.headers)

    def page_links(self, query: Query, total: int) -> dict[str, str]:
        """The addresses of the pages around one."""
        last = max(1, -(-total // query.size))
        numbers = {"first": 1, "last": last}
        if query.page > 1:
            numbers["prev"] = min(query.page - 1, last)
        if query.page < last:
            numbers["next"] = query.page + 1
        return {name: self._page_url(query, number) for name, number in numbers.items()}

    def _page_url(self, query: Query, number: int) -> str:
        other_parameters = [
            (name, value)
            for name, value in parse_qsl(self.query_string, keep_blank_values=True)
            if name not in {"page", "page_size"}
        ]
        parameters = [
            *other_parameters,
            ("page", str(number)),
            ("page_size", str(query.size)),
        ]
        return f"{self.base}/data/?{urlencode(parameters, quote_via=quote)}"


async def get_table_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    resource_id: ResourcePath,
) -> TableRequest:
    """The table that a request is about, once it is known that this reader may ask.

    The database is let go before the table is read, so that slow tables hold no connection.

    Raises:
        TooManyRequestsError: this reader asked too much.
        NotFoundError: there is no such table for this reader.
        RestrictedError, NotGrantedError: the table is restricted, and no agreement lets this through.
    """
    table_request = await get_description_request(
        request, territory, actor, resource_id
    )
    await open_table(table_request, territory)
    return table_request


async def get_named_table_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    resource_id: ResourcePath,
    table_name: TableNamePath,
) -> TableRequest:
    """The same for a table beside the main one; of a restricted dataset, not even its columns are told.

    Raises:
        TooManyRequestsError: this reader asked too much.
        NotFoundError: there is no such table for this reader.
        RestrictedError, NotGrantedError: the dataset is restricted, and no agreement opens all of it.
    """
    find = site_of(request).services.find(FIND_TABLE)
    if find is None:
        raise NotFoundError

    async def find_table(session: AsyncSession) -> DatasetTable:
        return await find(session, actor, resource_id, let=True, table_name=table_name)

    table_request = await request_table(
        request, territory, actor, resource_id, find_table
    )
    await open_table(table_request, territory)
    return table_request


async def get_named_file_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: ResourcePath,
    table_name: TableNamePath,
    file_name: FileNamePath,
) -> TableRequest:
    """The same for an address that ends in the name of a file.

    Raises:
        NotFoundError: the name is that of no file that a table is taken as.
    """
    if kind_of(file_name) not in FORMATS:
        raise NotFoundError
    return await get_named_table_request(
        request, territory, actor, dataset_id, table_name
    )


async def get_file_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    dataset_id: ResourcePath,
    file_name: FileNamePath,
) -> TableRequest:
    """The same for an address that ends in the name of a file.

    Raises:
        NotFoundError: the name is that of no file that a table is taken as.
    """
    if kind_of(file_name) not in FORMATS:
        raise NotFoundError
    return await get_table_request(request, territory, actor, dataset_id)


def kind_of(file_name: str) -> str:
    """The kind of export that the name of a file asks for; empty for a name without an extension."""
    stem, _, extension = file_name.rpartition(".")
    if stem:
        return extension.lower()
    return ""


async def open_table(
    table_request: TableRequest,
    territory: Territory,
    passage: PermittedReading | None = None,
) -> None:
    """Let a request read its table, as far as an agreement says where it is restricted; bring the table here.

    `passage` is how a person was let through already; a machine shows what it has with the request.

    Raises:
        RestrictedError, NotGrantedError: the table is restricted, and no agreement lets this through.
    """
    request = table_request.request
    if not table_request.table.is_restricted:
        await table_request.table.fetch_file()
        return
    table_request.passage = passage or await authorize_reading(
        request, territory, table_request.dataset_id, _access_format(request)
    )
    services = site_of(request).services
    budget = services[QUERY_TIMES].find_budget(table_request.reader, is_known=True)
    table_request.table = await services[VIEWS].open_view(
        replace(table_request.table, query_budget=budget), table_request.passage
    )
    table_request.etag, marks = _cache_validators(request, table_request.table)
    table_request.headers |= marks


async def get_description_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    resource_id: ResourcePath,
) -> TableRequest:
    """The same for what is said of a table and shows no row of it: a restricted one is described to everybody."""
    find = site_of(request).services.find(FIND_TABLE)
    if find is None:
        raise NotFoundError

    async def find_table(session: AsyncSession) -> DatasetTable:
        return await find(session, actor, resource_id, let=True)

    return await request_table(request, territory, actor, resource_id, find_table)


async def request_table(
    request: AnyRequest,
    territory: Territory,
    actor: Actor | None,
    resource_id: UUID,
    find_table: Callable[[AsyncSession], Awaitable[DatasetTable]],
    *,
    cost: int = 1,
) -> TableRequest:
    """The request about a table that `find_table` finds; it counts for as much as `cost` pages of rows.

    Raises:
        TooManyRequestsError: this reader asked too much.
    """
    reader = reader_of(request, territory, actor)
    rates = _rates(request)
    is_counted = not _is_part(request) or rates.is_counted_part(
        reader, request.url.path
    )
    headers = rates.count_request(reader, cost if is_counted else 0)
    role: Role = "app" if actor else "public"
    person = actor.person_id if actor else None
    async with site_of(request).database.session(
        territory.id, role=role, person=person
    ) as session:
        table = await find_table(session)
    budget: dict[str, str] = {}
    if is_counted:
        budget = await enforce_rate_limit(request, UUID(table.space))
    etag, marks = _cache_validators(request, table)
    node = territory.links["node"]
    addresses = TableAddresses.of(resource_id, table)
    times = site_of(request).services[QUERY_TIMES]
    table = replace(
        table,
        landing=table.landing or f"{node}{addresses.page}",
        query_budget=times.find_budget(reader, is_known=actor is not None),
    )
    base = f"{node}{addresses.api}"
    response_headers = {**join_rate_headers(headers, budget), **marks}
    return TableRequest(
        request, table, reader, base, etag, response_headers, resource_id, budget
    )


def head_without_length(headers: Mapping[str, str]) -> Response[Any]:
    """An answer to HEAD about bytes that are still to be made: it states no length (RFC 9110, 8.6)."""
    return Stream(iter(()), headers=dict(headers))


def _is_part(request: AnyRequest) -> bool:
    """Whether a small part is asked of a file that stays: a map that is looked at takes tens of them.

    With If-Range the answer may be the whole file.
    """
    match = PART.fullmatch(request.headers.get("range", ""))
    if match is None or "if-range" in request.headers:
        return False
    length = int(match[2]) - int(match[1]) + 1
    return _file_kind(request) in PARTED and 0 < length <= MOST_PART


def _file_kind(request: AnyRequest) -> str:
    """The kind of file that an address asks for; empty for rows."""
    return str(request.path_params.get("kind", "")) or kind_of(
        str(request.path_params.get("file_name", ""))
    )


def reader_of(request: AnyRequest, territory: Territory, actor: Actor | None) -> str:
    """Whose questions are counted together: a person's, or those of an address."""
    return f"{territory.id}:{actor.person_id if actor else network_of(address_of(request))}"


def join_rate_headers(
    reader: Mapping[str, str], space: Mapping[str, str]
) -> dict[str, str]:
    """The headers of both budgets, the reader's own and that of the data's producer, as lists."""
    return {
        name: f"{value}, {space[name]}" if name in space else value
        for name, value in reader.items()
    }


def _access_format(request: AnyRequest) -> str:
    """How a table is read, for the log: the kind of file, `places`, or `rows`."""
    kind = _file_kind(request)
    if kind in FORMATS:
        return kind
    if request.scope["path"].startswith("/ogc/"):
        return "places"
    return "rows"


def _cache_validators(
    request: AnyRequest, table: DatasetTable
) -> tuple[str, dict[str, str]]:
    """The tag of an answer, and the headers that say who may keep it."""
    meanings = "".join(f" {one}" for one in (table.roles, table.units) if one)
    path = request.url.path
    representation = f"{table.digest}{meanings} {path}?{_query_string(request)}"
    etag = f'"{hashlib.sha256(representation.encode()).hexdigest()[:32]}"'
    return etag, _headers(table, etag)


def _headers(table: DatasetTable, etag: str) -> dict[str, str]:
    if table.is_restricted:
        return dict(PRIVATE)
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(table.modified, usegmt=True),
    }
    if not table.is_open:
        return headers | PRIVATE
    return {
        **headers,
        "Cache-Control": "public, no-cache",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": EXPOSED,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _query_string(request: AnyRequest) -> str:
    return request.scope["query_string"].decode("ascii", "replace")


def _rates(request: AnyRequest) -> RateLimiter:
    return site_of(request).services[RATES]

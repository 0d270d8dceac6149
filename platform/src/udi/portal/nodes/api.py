"""What a producer's node calls: RUDI's push, its own requests and reports; and the keys that sign reports."""

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post, put
from litestar.exceptions import ClientException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ForbiddenError,
    InvalidError,
    MediaTypeError,
    NotFoundError,
    Refusal,
    TooLargeError,
    UdiError,
    UnauthenticatedError,
)
from udi.kit.keys import SIGNER
from udi.kit.tenancy import Territory
from udi.portal.identity.credentials.machines import get_machine_client
from udi.portal.nodes import queries
from udi.portal.nodes.actions import push
from udi.portal.nodes.encryption import FIND_KEY
from udi.portal.nodes.models import Node
from udi.portal.nodes.rudi import refusal_error, report_document, request_document
from udi.protocol import fault_kinds
from udi.protocol.faults import Gettext, InvalidDocument
from udi.protocol.texts import strip_html
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.errors import render_problem
from udi.ui.site import site_of

T = TypeVar("T")
V = TypeVar("V")
RESOURCES = "/kalim/v1/resources"
MIB = 1024 * 1024
MAX_RECORD = 2 * MIB
LONGEST_REASON = 500
LARGEST_SLICE = 100
USUAL_SLICE = 20


async def identify_client(request: AnyRequest, territory: Territory) -> str:
    """The client that calls.

    Raises:
        UnauthenticatedError: it has no valid token; says which header is wrong.
    """
    try:
        return await get_machine_client(request, territory)
    except UnauthenticatedError as error:
        error.refusals = (
            Refusal("Authorization", error.detail % error.values, error.remedy),
        )
        raise


@asynccontextmanager
async def node_session(
    request: AnyRequest, territory: Territory, client_id: str
) -> AsyncIterator[tuple[AsyncSession, Node]]:
    """One transaction for the node that calls."""
    async with site_of(request).database.session(territory.id) as session:
        yield session, await push.identify_node(session, client_id)


def translator(request: AnyRequest) -> Gettext:
    """Messages in the language that the caller accepts."""
    return site_of(request).pages.translator(request)


def as_json(value: object) -> Response[bytes]:
    """A JSON answer that nobody keeps."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(
        body, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def parse_id(text: str) -> UUID:
    """The id of a record in an address.

    Raises:
        RefusedRecordError: it is no UUID.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise refusal_error(
            [fault_kinds.BAD_UUID.at("global_id", value=text)]
        ) from error


def decode_report(body: bytes, kind: type[T], refusal: InvalidError) -> T:
    """What a node reports, as the type of the protocol.

    Raises:
        InvalidError: the refusal that is given, where the body is something else.
    """
    if b"\x00" in body or b"\\u0000" in body:
        raise refusal  # no database of ours keeps this character
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise refusal from error


async def take_report(
    request: AnyRequest,
    territory: Territory,
    read: Callable[[bytes], T],
    take: Callable[[AsyncSession, Node, T], Awaitable[V]],
    *,
    largest: int,
) -> V:
    """Read what the node that calls reports, and take it in, in one transaction.

    `largest`, in bytes, is what the handler declares as well.
    """
    client_id = await identify_client(request, territory)
    report = read(await read_json_body(request, largest=largest))
    async with node_session(request, territory, client_id) as (session, node):
        return await take(session, node, report)


async def read_json_body(request: AnyRequest, *, largest: int = MAX_RECORD) -> bytes:
    """The body of a push, announced as JSON; `largest`, in bytes, is what the handler takes.

    Raises:
        MediaTypeError: it is announced as something else.
        TooLargeError: it is larger.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        refusal = Refusal(
            "Content-Type",
            "The body is not announced as JSON.",
            "Send it with “Content-Type: application/json”.",
        )
        raise MediaTypeError("Records are read as JSON.", refusals=[refusal])
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
    except RequestEntityTooLarge as error:
        values = {"limit": largest // MIB}
        refusal = Refusal(
            "body",
            "What was sent is larger than %(limit)s MiB.",
            "Shorten its texts, or split it.",
            values=values,
        )
        raise TooLargeError("The record is too large.", refusals=[refusal]) from error
    except ClientException as error:
        refusal = Refusal(
            "Content-Length",
            "The announced length is no number.",
            "Send the length of the body.",
        )
        raise UdiError("The body cannot be read.", refusals=[refusal]) from error
    return bytes(body)


def clean_reason(text: str) -> str:
    """The words of a withdrawal, on one line."""
    return " ".join(strip_html(text).replace("\0", "").split())[:LONGEST_REASON]


async def receive_record(
    request: AnyRequest,
    territory: Territory,
    method: Literal["POST", "PUT"],
    resource_id: UUID | None = None,
) -> Response[Any]:
    """Identify, read, decide; nothing of the database is held while the body arrives."""
    client_id = await identify_client(request, territory)
    body = await read_json_body(request)
    try:
        async with node_session(request, territory, client_id) as (session, node):
            outcome = await push.push_record(
                session, node, method=method, body=body, resource_id=resource_id
            )
    except InvalidDocument as error:
        raise refusal_error(error.faults, translator(request)) from error
    return push_response(request, outcome)


def push_response(request: AnyRequest, outcome: push.PushResult) -> Response[Any]:
    """The report's id when accepted (as RUDI answers), else a problem that names it."""
    if not outcome.faults:
        return as_json(str(outcome.report.id))
    refused = render_problem(
        request, refusal_error(outcome.faults, translator(request))
    )
    refused.content["report_id"] = str(outcome.report.id)
    return refused


@post(RESOURCES, status_code=200, request_max_body_size=MAX_RECORD)
async def create_resource(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Publish a record."""
    return await receive_record(request, territory, "POST")


@put(RESOURCES, request_max_body_size=MAX_RECORD)
async def replace_resource(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Publish a new version of a record."""
    return await receive_record(request, territory, "PUT")


@put(f"{RESOURCES}/{{resource_id:str}}", request_max_body_size=MAX_RECORD)
async def replace_one_resource(
    request: AnyRequest, territory: CurrentTerritory, resource_id: FromPath[str]
) -> Response[Any]:
    """The same, with the id in the address too."""
    return await receive_record(request, territory, "PUT", parse_id(resource_id))


@delete(f"{RESOURCES}/{{resource_id:str}}", status_code=200)
async def withdraw_resource(
    request: AnyRequest,
    territory: CurrentTerritory,
    resource_id: FromPath[str],
    reason: FromQuery[str] = "",
) -> Response[Any]:
    """Withdraw a record; `reason` (not RUDI's) is shown at its address, 500 characters at most."""
    client_id = await identify_client(request, territory)
    async with node_session(request, territory, client_id) as (session, node):
        outcome = await push.withdraw_record(
            session, node, parse_id(resource_id), reason=clean_reason(reason)
        )
    return push_response(request, outcome)


@delete(RESOURCES, status_code=200)
async def refuse_missing_id(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Say which record is missing from the address."""
    await identify_client(request, territory)
    raise refusal_error(
        [fault_kinds.MISSING_PARAMETER.at("global_id", name="global_id")],
        translator(request),
    )


@get(f"{RESOURCES}/{{resource_id:str}}/report")
async def read_latest_report(
    request: AnyRequest, territory: CurrentTerritory, resource_id: FromPath[str]
) -> Response[Any]:
    """The node's newest report about a record, for a node that lost it."""
    client_id = await identify_client(request, territory)
    async with node_session(request, territory, client_id) as (session, node):
        report = await queries.get_latest_report(session, node, parse_id(resource_id))
    return as_json(report_document(report, translator(request)))


@get(["/kalim/v1/id_generation", f"{RESOURCES}/id_generation"])
async def generate_id(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """A fresh id for a record."""
    await identify_client(request, territory)
    return as_json(str(uuid.uuid4()))


@get("/kalim/v1/integrationRequest/search")
async def search_requests(
    request: AnyRequest,
    territory: CurrentTerritory,
    *,
    status: Annotated[
        Literal["OK", "KO"] | None, QueryParameter(name="integrationStatus")
    ] = None,
    resource_id: Annotated[UUID | None, QueryParameter(name="globalId")] = None,
    since: Annotated[datetime | None, QueryParameter(name="creationDateMin")] = None,
    until: Annotated[datetime | None, QueryParameter(name="creationDateMax")] = None,
    limit: FromQuery[int] = USUAL_SLICE,
    offset: FromQuery[int] = 0,
) -> Response[Any]:
    """The node's own requests, newest first, with what became of each and of its report."""
    client_id = await identify_client(request, territory)
    report_filter = queries.ReportFilter(
        status and status == "OK", resource_id, since, until
    )
    size = min(max(limit, 1), LARGEST_SLICE)
    start = min(max(offset, 0), 1_000_000)
    async with node_session(request, territory, client_id) as (session, node):
        reports, total = await queries.search_reports(
            session, node, report_filter, limit=size, offset=start
        )
    return as_json(
        {
            "total": total,
            "elements": [
                request_document(report, translator(request)) for report in reports
            ],
        }
    )


@get(["/apigateway/v1/encryption-key", "/konsult/v1/encryption-key"])
async def read_encryption_key(
    request: AnyRequest,
    territory: CurrentTerritory,
    media_id: Annotated[UUID | None, QueryParameter(name="media-id")] = None,
) -> Response[bytes]:
    """The public key of the project that may read a file, for the node that has it.

    RUDI's portal has a key of its own, and decrypts files on their way; ours never has them.

    Raises:
        NotFoundError: for everybody else, for any other file, and while there is no such key.
    """
    find = site_of(request).services[FIND_KEY]
    try:
        client_id = await get_machine_client(request, territory)
        async with node_session(request, territory, client_id) as (session, node):
            datasets = await queries.list_datasets_of_media(session, node, media_id)
            pem = await find(session, datasets) if datasets else None
    except (UnauthenticatedError, ForbiddenError):
        pem = None
    if pem is None:
        raise NotFoundError(
            "This portal has no key to encrypt files with: data stay with their producer, and never pass here.",
            remedy="Ask with the token of the node that published the file, once a project that may read it gave its key.",
        )
    return Response(
        pem.encode(),
        media_type="application/octet-stream",
        headers={"Cache-Control": "no-store"},
    )


@get("/.well-known/jwks.json", sync_to_thread=False)
def public_keys(request: AnyRequest) -> Response[dict[str, Any]]:
    """The keys that sign what this portal sends (RFC 7517)."""
    signer = site_of(request).services[SIGNER]
    return Response(
        signer.public_keys(), headers={"Cache-Control": "public, max-age=300"}
    )


routes: Routes = [
    create_resource,
    replace_resource,
    replace_one_resource,
    withdraw_resource,
    refuse_missing_id,
    read_latest_report,
    generate_id,
    search_requests,
    read_encryption_key,
    public_keys,
]

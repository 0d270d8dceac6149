"""`/dsp/2025-1`: the Dataspace Protocol over HTTPS, as provider and as consumer, for connectors of projects."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Refusal,
    UdiError,
    UnauthenticatedError,
)
from udi.kit.tenancy import Territory
from udi.portal.dataspace import transfers
from udi.portal.dataspace.connectors import find_connector_by_secret, owns_address
from udi.portal.dataspace.messages import (
    CONTEXT,
    LARGEST,
    PATH,
    VERSION,
    MessageType,
    read_message,
    write_process,
)
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.negotiations import (
    consumer_negotiations,
    provider_negotiations,
)
from udi.portal.dataspace.negotiations.offers import (
    PAGE,
    get_negotiable,
    list_negotiable,
    participant_of,
    write_dataset,
)
from udi.portal.dataspace.negotiations.principals import set_session_project
from udi.portal.dataspace.processes import get_process
from udi.portal.dataspace.refusals import (
    NEGOTIATIONS,
    PROCESS,
    TRANSFERS,
    on_http_exception,
    on_refusal,
)
from udi.portal.dataspace.transitions import DataspaceEvent, DataspaceSide, ProcessKind
from udi.portal.nodes.api import read_json_body
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.rate_limits import count_request
from udi.ui.site import site_of

JSON = "application/json"
PRIVATE = {"Cache-Control": "no-store"}
Answer = Response[dict[str, Any]]


@get("/.well-known/dspace-version", sync_to_thread=False)
def send_versions() -> Answer:
    """Which versions are spoken here, and where."""
    version = {"version": VERSION, "path": PATH, "binding": "HTTPS"}
    return Response({"protocolVersions": [version]}, media_type=JSON)


@post("/catalog/request", status_code=200)
async def send_catalogue(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    after: FromQuery[UUID | None] = None,
) -> Answer:
    """What may be negotiated, a page at a time."""
    await _receive_message(request, MessageType.CATALOG_REQUEST)
    negotiable_datasets = await list_negotiable(session, after)
    endpoint = f"{territory.origin}{PATH}"
    body: dict[str, Any] = {
        "@context": [CONTEXT],
        "@id": f"{endpoint}/catalog",
        "@type": "Catalog",
        "dct:title": territory.name,
        "participantId": participant_of(territory),
        "service": [
            {
                "@id": f"{endpoint}#service",
                "@type": "DataService",
                "endpointURL": endpoint,
            }
        ],
    }
    if datasets := [
        write_dataset(negotiable_dataset, territory)
        for negotiable_dataset in negotiable_datasets[:PAGE]
    ]:
        body["dataset"] = datasets
    if negotiable_datasets[PAGE:]:
        more = {
            "Link": f'<{endpoint}/catalog/request?after={negotiable_datasets[PAGE - 1][0].id}>; rel="next"'
        }
    else:
        more = {}
    return Response(body, media_type=JSON, headers={**PRIVATE, **more})


@get("/catalog/datasets/{name:str}")
async def send_dataset(
    session: Session, territory: CurrentTerritory, name: FromPath[str]
) -> Answer:
    """One dataset, with its offer."""
    document = write_dataset(await get_negotiable(session, name), territory)
    return Response(
        {"@context": [CONTEXT], **document}, media_type=JSON, headers=PRIVATE
    )


async def identify_connector(request: AnyRequest, session: AsyncSession) -> Connector:
    """The connector that speaks; its use is noted, to the hour.

    Raises:
        UnauthenticatedError: it shows no secret of this territory.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        connector = await find_connector_by_secret(session, secret.strip())
    else:
        connector = None
    if connector is None:
        raise UnauthenticatedError(
            "This connector is not known here.",
            remedy="Send the secret that was created for it on the page of its project, after the word Bearer.",
        )
    hour = now().replace(minute=0, second=0, microsecond=0)
    if connector.last_used_at != hour:
        connector.last_used_at = hour
    return connector


@asynccontextmanager
async def connector_session(
    request: AnyRequest, territory: Territory
) -> AsyncIterator[tuple[AsyncSession, Connector]]:
    """One transaction for the connector that speaks."""
    async with site_of(request).database.session(territory.id) as session:
        connector = await identify_connector(request, session)
        await set_session_project(session, connector)
        yield session, connector


@dataclass(frozen=True)
class ProcessCall:
    """What a message about a process works with, in one transaction."""

    session: AsyncSession
    connector: Connector
    process: DataspaceProcess


@asynccontextmanager
async def process_session(
    request: AnyRequest,
    territory: Territory,
    pid: UUID,
    side: DataspaceSide | None = None,
    *,
    kind: ProcessKind,
) -> AsyncIterator[ProcessCall]:
    """One transaction for a process of the connector that speaks, in which we are on this side.

    Raises:
        NotFoundError: it has none of this identifier.
        ForbiddenError: such a message is for the other side of the process.
    """
    async with connector_session(request, territory) as (session, connector):
        process = await get_process(session, connector, pid, kind)
        request.scope["state"][PROCESS] = write_process(process)
        if side is not None and process.side != side:
            raise ForbiddenError("This message is for the other side of the process.")
        yield ProcessCall(session, connector, process)
        await session.flush()


open_negotiation = partial(process_session, kind=ProcessKind.NEGOTIATION)
open_transfer = partial(process_session, kind=ProcessKind.TRANSFER)


async def _receive_message(
    request: AnyRequest, message_type: MessageType
) -> dict[str, Any]:
    return read_message(await read_json_body(request, largest=LARGEST), message_type)


def _require_own_address(connector: Connector, message: dict[str, Any]) -> None:
    if not owns_address(connector, message["callbackAddress"]):
        refusal = Refusal(
            "callbackAddress",
            "This is not an address of the connector.",
            "It lies below %(address)s, as its project said.",
            values={"address": connector.address},
        )
        raise InvalidError("The message cannot be accepted.", refusals=[refusal])


def _empty_response() -> Answer:
    return Response({}, media_type=JSON, headers=PRIVATE)


def _process_response(process: DataspaceProcess, *, status: int = 200) -> Answer:
    return Response(
        write_process(process), status_code=status, media_type=JSON, headers=PRIVATE
    )


@post(f"{NEGOTIATIONS}/request", status_code=201)
async def begin_negotiation(request: AnyRequest, territory: CurrentTerritory) -> Answer:
    """A connector asks for a dataset."""
    message = await _receive_message(request, MessageType.REQUEST)
    if "callbackAddress" not in message:
        refusal = Refusal(
            "callbackAddress",
            "It is not said where answers go.",
            "Give the address of the connector.",
        )
        raise InvalidError("The message cannot be accepted.", refusals=[refusal])
    async with connector_session(request, territory) as (session, connector):
        _require_own_address(connector, message)
        process = await provider_negotiations.receive_request(
            session, territory, connector, message
        )
        return _process_response(process, status=201)


@get(f"{NEGOTIATIONS}/{{pid:uuid}}")
async def send_negotiation(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """How a negotiation stands."""
    async with open_negotiation(request, territory, pid) as call:
        return _process_response(call.process)


@post(f"{NEGOTIATIONS}/{{pid:uuid}}/request", status_code=200)
async def receive_counter(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """A connector asks for something else."""
    message = await _receive_message(request, MessageType.REQUEST)
    async with open_negotiation(
        request, territory, pid, DataspaceSide.PROVIDER
    ) as call:
        await provider_negotiations.receive_counter(
            call.session, territory, call.connector, call.process, message
        )
        return _process_response(call.process)


@post(f"{NEGOTIATIONS}/{{pid:uuid}}/events", status_code=200)
async def receive_event(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """A consumer takes an offer; a provider says that the agreement is in force."""
    message = await _receive_message(request, MessageType.EVENT)
    async with open_negotiation(request, territory, pid) as call:
        if call.process.side == DataspaceSide.PROVIDER:
            await provider_negotiations.receive_event(
                call.session, call.process, message
            )
        else:
            consumer_negotiations.receive_event(call.process, message)
        return _empty_response()


@post(f"{NEGOTIATIONS}/{{pid:uuid}}/agreement/verification", status_code=200)
async def receive_verification(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """A consumer confirms the agreement."""
    message = await _receive_message(request, MessageType.VERIFICATION)
    async with open_negotiation(
        request, territory, pid, DataspaceSide.PROVIDER
    ) as call:
        await provider_negotiations.receive_verification(
            call.session, call.process, message
        )
        return _empty_response()


@post(f"{NEGOTIATIONS}/{{pid:uuid}}/offers", status_code=200)
async def receive_offer(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """A provider offers something else than what was asked."""
    message = await _receive_message(request, MessageType.OFFER)
    async with open_negotiation(
        request, territory, pid, DataspaceSide.CONSUMER
    ) as call:
        consumer_negotiations.receive_offer(call.process, message)
        return _empty_response()


@post(f"{NEGOTIATIONS}/{{pid:uuid}}/agreement", status_code=200)
async def receive_agreement(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """A provider agrees."""
    message = await _receive_message(request, MessageType.AGREEMENT)
    async with open_negotiation(
        request, territory, pid, DataspaceSide.CONSUMER
    ) as call:
        consumer_negotiations.receive_agreement(call.process, message)
        return _empty_response()


@post(f"{NEGOTIATIONS}/{{pid:uuid}}/termination", status_code=200)
async def receive_termination(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """Either side ends a negotiation."""
    message = await _receive_message(request, MessageType.TERMINATION)
    async with open_negotiation(request, territory, pid) as call:
        if call.process.side == DataspaceSide.PROVIDER:
            await provider_negotiations.receive_termination(
                call.session, territory, call.connector, call.process, message
            )
        else:
            consumer_negotiations.receive_termination(call.process, message)
        return _empty_response()


@post(f"{TRANSFERS}/request", status_code=201)
async def begin_transfer(request: AnyRequest, territory: CurrentTerritory) -> Answer:
    """A connector asks for the data of an agreement."""
    message = await _receive_message(request, MessageType.TRANSFER_REQUEST)
    async with connector_session(request, territory) as (session, connector):
        _require_own_address(connector, message)
        process = await transfers.receive_request(session, connector, message)
        return _process_response(process, status=201)


@get(f"{TRANSFERS}/{{pid:uuid}}")
async def send_transfer(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """How a transfer stands."""
    async with open_transfer(request, territory, pid) as call:
        return _process_response(call.process)


@post(f"{TRANSFERS}/{{pid:uuid}}/start", status_code=200)
async def receive_start(
    request: AnyRequest, territory: CurrentTerritory, pid: FromPath[UUID]
) -> Answer:
    """A provider gives the data; a consumer goes on with what it suspended."""
    message = await _receive_message(request, MessageType.TRANSFER_START)
    async with open_transfer(request, territory, pid) as call:
        await transfers.receive_start(call.session, call.process, message)
        return _empty_response()


CLOSES = {
    "suspension": (MessageType.TRANSFER_SUSPENSION, DataspaceEvent.SUSPEND),
    "completion": (MessageType.TRANSFER_COMPLETION, DataspaceEvent.COMPLETE),
    "termination": (MessageType.TRANSFER_TERMINATION, DataspaceEvent.TERMINATE),
}


@post(f"{TRANSFERS}/{{pid:uuid}}/{{end:str}}", status_code=200)
async def receive_close(
    request: AnyRequest,
    territory: CurrentTerritory,
    pid: FromPath[UUID],
    end: FromPath[str],
) -> Answer:
    """Either side suspends, completes or ends a transfer."""
    if end not in CLOSES:
        raise NotFoundError
    kind, event = CLOSES[end]
    message = await _receive_message(request, kind)
    async with open_transfer(request, territory, pid) as call:
        await transfers.receive_close(call.session, call.process, event, message)
        return _empty_response()


routes: Routes = [
    send_versions,
    Router(
        PATH,
        route_handlers=[
            send_catalogue,
            send_dataset,
            begin_negotiation,
            send_negotiation,
            receive_counter,
            receive_event,
            receive_verification,
            receive_offer,
            receive_agreement,
            receive_termination,
            begin_transfer,
            send_transfer,
            receive_start,
            receive_close,
        ],
        guards=[count_request],
        exception_handlers={UdiError: on_refusal, HTTPException: on_http_exception},
        request_max_body_size=LARGEST,
    ),
]

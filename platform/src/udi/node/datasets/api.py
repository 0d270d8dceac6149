"""What machines ask a node: RUDI's public catalogue of what is published, and the portal's reports."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal, UnauthenticatedError, UnavailableError
from udi.kit.http import OutgoingError
from udi.kit.keys import InvalidSignatureError
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.actions.outbox import settle
from udi.node.datasets.portal import PortalKeys
from udi.node.datasets.queries import PUBLIC_PAGE, find_dataset, find_delivery, get_public, list_public
from udi.protocol.report import read_report, write_report
from udi.ui.site import site_of

Asked = Request[Any, Any, State]
CATALOGUES = ["/api/v1/resources", "/catalog/v1/resources"]
REPORTS = ["/resources/{dataset_id:uuid}/report", "/api/v1/resources/{dataset_id:uuid}/report"]
PUBLIC = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=60"}
LONGEST_REPORT = 1024 * 1024


@get(CATALOGUES)
async def list_resources(request: Asked, session: NamedDependency[AsyncSession]) -> Response[bytes]:
    """What is published here: `{total, items}`; 206 when there is more than the page."""
    limit, offset = _number(request, "limit", PUBLIC_PAGE), _number(request, "offset", 0)
    since = _moment(request, "updated_after")
    total, items = await list_public(session, limit=limit, offset=offset, updated_after=since)
    return _json({"total": total, "items": items}, status=200 if len(items) == total else 206, headers=PUBLIC)


@get([f"{path}/{{dataset_id:uuid}}" for path in CATALOGUES])
async def show_resource(session: NamedDependency[AsyncSession], dataset_id: FromPath[UUID]) -> Response[bytes]:
    """The record of one dataset."""
    return _json(await get_public(session, dataset_id), headers=PUBLIC)


@put(REPORTS, status_code=200, request_max_body_size=LONGEST_REPORT)
async def receive_report(
    request: Asked, territory: NamedDependency[Territory], dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """The portal says what became of a record."""
    await _require_portal(request, territory)
    report = read_report(await _body(request))
    if report.resource_id not in {None, dataset_id}:
        raise InvalidError(refusals=[Refusal("resource_id", "The report is about another dataset than its address.")])
    with space_context(None):
        taken = await _take(request, territory, dataset_id, write_report(report))
    return _json({"report_id": str(report.id), "taken": taken})


async def _take(request: Asked, territory: Territory, dataset_id: UUID, report: dict[str, Any]) -> bool:
    async with site_of(request).database.session(territory.id) as session:
        dataset = await find_dataset(session, dataset_id, lock=True)
        if dataset is None:
            raise NotFoundError("This node has no such dataset.")
        return await settle(session, dataset, report)


@get(REPORTS)
async def show_report(
    request: Asked, territory: NamedDependency[Territory], dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """The last report the portal gave, for the portal."""
    await _require_portal(request, territory)
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            delivery = await find_delivery(session, dataset_id)
    if delivery is None or delivery.report is None:
        raise NotFoundError("No report is known for this dataset.")
    return _json(delivery.report)


async def _require_portal(request: Asked, territory: Territory) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    keys: PortalKeys = site_of(request).parts["portal_keys"]
    challenge = {"WWW-Authenticate": "Bearer"}
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("Only the territory's portal may do this.", headers=challenge)
    try:
        await keys.claims(territory, token.strip())
    except InvalidSignatureError as error:
        raise UnauthenticatedError("This token is not one of the territory's portal.", headers=challenge) from error
    except OutgoingError as error:
        raise UnavailableError("The portal's keys cannot be read.", headers={"Retry-After": "30"}) from error


async def _body(request: Asked) -> object:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InvalidError(refusals=[Refusal("", "This is not JSON.", "Send one JSON object.")]) from error


def _number(request: Asked, name: str, default: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 9:  # noqa: PLR2004 - more is no page
        raise InvalidError(refusals=[Refusal(name, "This is not a number.", "Write digits only.")])
    return int(value)


def _moment(request: Asked, name: str) -> datetime | None:
    value = request.query_params.get(name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        refusal = Refusal(name, "This is not a date.", "Write it as 2026-01-31T12:00:00Z.")
        raise InvalidError(refusals=[refusal]) from error


def _json(content: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(
        body, status_code=status, media_type="application/json", headers=headers or {"Cache-Control": "no-store"}
    )


routes: Sequence[ControllerRouterHandler] = [list_resources, show_resource, receive_report, show_report]

"""`/api/3/action/…`, by GET and POST, in CKAN's envelope: connectors made for CKAN work as they are."""

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from litestar import HttpMethod, Response, Router, route
from litestar.params import FromPath
from litestar.response import Stream
from litestar.serialization import encode_json
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST, HTTP_409_CONFLICT

from udi.kit.errors import NotFoundError, UdiError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.ckan_actions import ACTIONS, CkanContext, WrongValueError
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.queries import WithdrawnError
from udi.portal.catalogue.responses.cached_responses import (
    indexes_of,
    open_public_session,
)
from udi.portal.identity.credentials.bearers import PROGRAMS
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST_BODY = 64 * 1024
LISTS = ("facet.field", "fq_list")
JSON = "application/json;charset=utf-8"
HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}


class UnreadableBodyError(ValueError):
    """The body is no JSON object."""


@route(
    "/{action:str}",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    status_code=HTTP_200_OK,
)
async def run_action(
    request: AnyRequest, territory: CurrentTerritory, action: FromPath[str]
) -> Response[bytes] | Stream:
    """Answer an action; everybody reads what is public, whoever asks and by whichever method."""
    handler = ACTIONS.get(action)
    if handler is None:
        return _json_response(
            f"Bad request - Action name not known: {action}", HTTP_400_BAD_REQUEST
        )
    try:
        values = await _read_parameters(request)
    except UnreadableBodyError as error:
        return _json_response(
            f"Bad request - JSON Error: {error}", HTTP_400_BAD_REQUEST
        )
    reader = indexes_of(request).find(territory.id)
    language = request.scope["state"]["locale"]
    opening = partial(open_public_session, request, territory)
    try:
        async with opening() as session:
            result = await handler(
                CkanContext(session, opening, territory, reader, language), values
            )
    except WrongValueError as error:
        kind, status = (
            ("Search Query Error", HTTP_400_BAD_REQUEST)
            if error.name == "query"
            else ("Validation Error", HTTP_409_CONFLICT)
        )
        return _error_response(
            territory,
            action,
            {"__type": kind, error.name: [error.reason], "message": error.reason},
            status,
        )
    except (NotFoundError, WithdrawnError) as error:
        message = error.detail % error.values if error.values else error.detail
        error_payload = {
            "__type": "Not Found Error",
            "message": f"Not found: {message}",
        }
        return _error_response(territory, action, error_payload, error.status)
    except UdiError as error:
        return _error_response(
            territory,
            action,
            {"__type": "Search Error", "message": error.detail},
            error.status,
        )
    return _success_response(
        {"help": _help_url(territory, action), "success": True, "result": result}
    )


async def _stream_envelope(
    envelope: dict[str, Any], pieces: AsyncIterator[list[Any]]
) -> AsyncIterator[bytes]:
    """An envelope whose last value, an empty list, is filled while it is sent."""
    before = encode_json(envelope)[:-2]
    after = b"]}"
    yield before
    comma = b""
    async for piece in pieces:
        yield comma + encode_json(piece)[1:-1]
        comma = b","
    yield after


async def _read_parameters(request: AnyRequest) -> dict[str, Any]:
    """The parameters: those of the address, and the JSON object of the body."""
    values: dict[str, Any] = dict(read_pairs(request))
    if request.method == "POST" and (body := await request.body()):
        try:
            posted = json.loads(body[:LARGEST_BODY])
        except RecursionError as error:
            raise UnreadableBodyError(
                "Request data has too many levels inside one another"
            ) from error
        except ValueError as error:
            raise UnreadableBodyError(str(error)) from error
        if not isinstance(posted, dict):
            raise UnreadableBodyError(
                "Request data JSON decoded to something that is no object"
            )
        values |= posted
    for name in LISTS:
        if isinstance(values.get(name), str) and values[name].startswith("["):
            try:
                values[name] = json.loads(values[name])
            except (ValueError, RecursionError) as error:
                raise UnreadableBodyError(f"{name}: it is no list in JSON") from error
    return values


def _success_response(envelope: dict[str, Any]) -> Response[bytes] | Stream:
    result = envelope["result"]
    if isinstance(result, AsyncIterator):
        return Stream(
            _stream_envelope(envelope | {"result": []}, result),
            media_type=JSON,
            headers=HEADERS,
        )
    return _json_response(envelope, HTTP_200_OK)


def _help_url(territory: Territory, action: str) -> str:
    return f"{territory.origin}/api/3/action/help_show?name={action}"


def _error_response(
    territory: Territory, action: str, error: dict[str, Any], status: int
) -> Response[bytes]:
    return _json_response(
        {"help": _help_url(territory, action), "success": False, "error": error}, status
    )


def _json_response(content: Any, status: int) -> Response[bytes]:
    return Response(
        encode_json(content), status_code=status, media_type=JSON, headers=HEADERS
    )


routes: Routes = [
    Router(
        base,
        route_handlers=[run_action],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    )
    for base in ("/api/3/action", "/api/action")
]

"""`/mcp`: what a program that reasons asks, and what it is told."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, post
from litestar.types import Guard
from msgspec import DecodeError, json

from udi import __version__
from udi.kit.agent_tokens import MCP_PATH as PATH
from udi.kit.agent_tokens import Agent
from udi.kit.clock import now
from udi.kit.errors import ForbiddenError
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.locale import localise
from udi.ui.mcp.authorization import (
    find_agent,
    show_resource_metadata,
    write_challenge,
)
from udi.ui.mcp.inner_calls import (
    AnswerTooLargeError,
    InnerResponse,
    call_address,
)
from udi.ui.mcp.messages import (
    HANDSHAKE_VERSIONS,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    UNAUTHORIZED,
    VERSIONS,
    Message,
    MessageError,
    read_message,
)
from udi.ui.mcp.tools import ToolOperation, list_tool_operations, write_answer
from udi.ui.openapi.agent_tools import AgentTool, ToolResponse
from udi.ui.openapi.document import list_details
from udi.ui.openapi.pages import ApiPage, find_document
from udi.ui.rate_limits import READS_ONLY, address_of
from udi.ui.site import site_of

LARGEST_MESSAGE = 64 * 1024
LARGEST_ANSWER = 256 * 1024
"""Bytes of what a call answers: more is not read by whoever reasons."""
LARGEST_BODY = 2 * 1024 * 1024
"""Bytes that are read of an operation: more is in its answer than in that of a tool."""
TIMEOUT = 60.0
"""Seconds that a call may take."""
TOO_LARGE = "This answer is larger than 256 kB. Ask for fewer rows or columns, or for sums of groups."
TOO_SLOW = (
    "This took longer than a minute. Ask for fewer rows or columns, or again later."
)
NO_JSON = "This address answered something that is no JSON. Try again later; if it stays so, tell whoever runs this site."
REDIRECTED = 300
OK = 200
UNAUTHENTICATED = 401
RESTRICTED = "/restricted"
"""How the type of the problem of restricted data ends."""
GET_KEY = "Ask the portal's tool open_agreement for a key, and give it as reading_key."
LOG_IN = "This tool answers to a person, or to the key of a project. Get a token as WWW-Authenticate says, and send it as Authorization: Bearer."
TOOLS_TTL = 3_600_000
"""Milliseconds for which a client may keep the list of tools."""
FORWARDED = ("authorization", "accept-language")
"""What a call is asked with; no cookie, so that a browser lends nobody its session."""
SERVER = "udi"
READING_KEY = "reading_key"
"""An argument that is shown to the operation as a credential, in place of the caller's."""
ToolsByOperation = Mapping[tuple[str, str], Sequence[AgentTool]]
TOOLS = ServiceKey[ToolsByOperation]("tools for programs that reason", "ui")


@dataclass(frozen=True)
class McpServer:
    """What answers at one territory, in one language."""

    page: ApiPage
    instructions: str

    async def answer(
        self,
        request: AnyRequest,
        territory: Territory,
        message: Message,
        agent: Agent | None,
    ) -> dict[str, Any]:
        """The result of a request, asked for the person behind `agent`, or for nobody in particular.

        Raises:
            MessageError: nobody here knows the method, or the tool, or the tool needs somebody.
        """
        match message.method:
            case "initialize" if not message.is_modern:
                return self._initialize(territory, message)
            case "ping" if not message.is_modern:
                return {}
            case "server/discover" if message.is_modern:
                return self._discover(territory)
            case "tools/list":
                return self._list_tools(request, territory, message)
            case "tools/call":
                return await self._call_tool(request, territory, message, agent)
        raise MessageError(
            METHOD_NOT_FOUND,
            f"Nobody here answers {message.method[:100]}: there are tools/list and tools/call.",
            status=0 if message.is_modern else 200,
        )

    def _server_info(self, territory: Territory) -> dict[str, str]:
        title = localise(territory.name, territory.languages[0])
        return {"name": SERVER, "title": title, "version": __version__}

    def _initialize(self, territory: Territory, message: Message) -> dict[str, Any]:
        requested = message.params.get("protocolVersion")
        known = requested in HANDSHAKE_VERSIONS
        return {
            "protocolVersion": requested if known else HANDSHAKE_VERSIONS[0],
            "capabilities": {"tools": {}},
            "serverInfo": self._server_info(territory),
            "instructions": self.instructions,
        }

    def _discover(self, territory: Territory) -> dict[str, Any]:
        return {
            "resultType": "complete",
            "supportedVersions": list(VERSIONS),
            "capabilities": {"tools": {}},
            "serverInfo": self._server_info(territory),
            "instructions": self.instructions,
            "ttlMs": TOOLS_TTL,
            "cacheScope": "public",
            "_meta": {
                "io.modelcontextprotocol/serverInfo": self._server_info(territory)
            },
        }

    def _list_tools(
        self, request: AnyRequest, territory: Territory, message: Message
    ) -> dict[str, Any]:
        operations = self._operations(request, territory)
        result: dict[str, Any] = {"tools": [entry.describe() for entry in operations]}
        if message.is_modern:
            result |= {
                "resultType": "complete",
                "ttlMs": TOOLS_TTL,
                "cacheScope": "public",
            }
        return result

    def _operations(
        self, request: AnyRequest, territory: Territory
    ) -> list[ToolOperation]:
        services = site_of(request).services
        tools = services.find(TOOLS)
        if tools is None:
            tools = {
                place: details.tools
                for place, details in list_details(request.app)
                if details.tools
            }
            services.provide(TOOLS, tools)
        return list_tool_operations(find_document(request, territory, self.page), tools)

    async def _call_tool(
        self,
        request: AnyRequest,
        territory: Territory,
        message: Message,
        agent: Agent | None,
    ) -> dict[str, Any]:
        name = message.params.get("name")
        arguments = message.params.get("arguments") or {}
        operation = next(
            (
                entry
                for entry in self._operations(request, territory)
                if entry.tool.name == name
            ),
            None,
        )
        if operation is None:
            raise MessageError(
                INVALID_PARAMS,
                f"There is no tool {str(name)[:100]}: tools/list names them.",
                status=0 if message.is_modern else 200,
            )
        faults = operation.list_faults(arguments)
        if faults:
            return _write_result(message, {"faults": faults}, is_error=True)
        try:
            async with asyncio.timeout(TIMEOUT):
                answer, is_error = await _ask(
                    request, territory, operation, arguments, agent
                )
        except AnswerTooLargeError:
            return _write_result(message, {"faults": [TOO_LARGE]}, is_error=True)
        except TimeoutError:
            return _write_result(message, {"faults": [TOO_SLOW]}, is_error=True)
        if is_error and answer["status"] == UNAUTHENTICATED:
            if _is_restricted(answer):
                answer = {**answer, "remedy": GET_KEY}
            else:
                _require_credential(request, territory, answer)
        if len(json.encode(answer)) > LARGEST_ANSWER:
            return _write_result(message, {"faults": [TOO_LARGE]}, is_error=True)
        return _write_result(message, answer, is_error=is_error)


async def _ask(
    request: AnyRequest,
    territory: Territory,
    operation: ToolOperation,
    arguments: Mapping[str, Any],
    agent: Agent | None,
) -> tuple[dict[str, Any], bool]:
    """What the operation answers to the caller, and whether it refused.

    Raises:
        AnswerTooLargeError: it answers too much.
    """
    origin = territory.links[site_of(request).program]
    address = operation.address_of(arguments)
    record_address = operation.record_address_of(arguments)
    headers = {
        name: value for name in FORWARDED if (value := request.headers.get(name))
    }
    if agent is not None:
        del headers["authorization"]
    key = str(arguments.get(READING_KEY) or "")
    if key and key.isascii():
        headers["authorization"] = f"Bearer {key}"
    headers["accept"] = "application/json"
    headers["host"] = request.headers.get("host", urlsplit(origin).netloc)

    async def read(path: str) -> InnerResponse:
        return await call_address(
            request.app,
            path,
            origin=origin,
            client=address_of(request),
            headers=headers,
            limit=LARGEST_BODY,
            agent=agent,
        )

    response = await read(address)
    problem = find_problem(response)
    if problem is not None:
        return problem, True
    record = None
    if record_address:
        cited = await read(record_address)
        if cited.status == OK:
            record = _read_json(cited.content)
    body = _read_json(response.content)
    tool_response = ToolResponse(body, f"{origin}{address}", arguments, record)
    return write_answer(operation, tool_response, now()), False


def _require_credential(
    request: AnyRequest, territory: Territory, answer: Mapping[str, Any]
) -> None:
    """Where a tool refused somebody who showed nothing, say where a token is given, so that a client asks its person.

    Raises:
        MessageError: nothing was shown.
    """
    if request.headers.get("authorization"):
        return
    raise MessageError(
        UNAUTHORIZED,
        LOG_IN,
        answer,
        status=UNAUTHENTICATED,
        challenge=write_challenge(request, territory),
    )


def _is_restricted(answer: Mapping[str, Any]) -> bool:
    """Whether the key of a project alone opens what was asked for: no token of a person does."""
    problem = answer["problem"]
    return isinstance(problem, dict) and str(problem.get("type")).endswith(RESTRICTED)


def find_problem(response: InnerResponse) -> dict[str, Any] | None:
    """Why an operation did not answer, in its words or in ours; None where it did."""
    body = _read_json(response.content)
    if body is None:
        return {"status": response.status, "problem": {"title": NO_JSON}}
    if response.status < REDIRECTED:
        return None
    answer = {"status": response.status, "problem": body}
    if response.retry_after:
        answer["retry_after"] = response.retry_after
    return answer


def _read_json(content: bytes) -> Any:
    try:
        return json.decode(content)
    except (DecodeError, UnicodeDecodeError):
        return None


def _write_result(
    message: Message, answer: Mapping[str, Any], *, is_error: bool
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "content": [{"type": "text", "text": json.encode(answer).decode()}],
        "structuredContent": answer,
        "isError": is_error,
    }
    return result | ({"resultType": "complete"} if message.is_modern else {})


def mcp_routes(
    page: ApiPage, instructions: str, guards: Sequence[Guard] = ()
) -> Routes:
    """`/mcp` of a program, over the API that `page` presents; `guards` count its messages."""
    server = McpServer(page, instructions)

    @post(
        PATH,
        status_code=200,
        request_max_body_size=LARGEST_MESSAGE,
        guards=list(guards),
        opt={READS_ONLY: True},
    )
    async def answer_message(
        request: AnyRequest, territory: CurrentTerritory
    ) -> Response[Any]:
        """One message of the Model Context Protocol."""
        _require_own_origin(request, territory)
        message_id: Any = None
        try:
            message = read_message(await request.body(), request.headers)
            if message.is_notification:
                return Response(b"", status_code=202, media_type="text/plain")
            message_id = message.id
            agent = await find_agent(request, territory)
            result = await server.answer(request, territory, message, agent)
        except MessageError as error:
            return _respond(
                error.write(message_id), error.status, challenge=error.challenge
            )
        return _respond({"jsonrpc": "2.0", "id": message_id, "result": result}, 200)

    return [answer_message, show_resource_metadata]


def _respond(
    content: dict[str, Any], status: int, *, challenge: str = ""
) -> Response[Any]:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Authorization"}
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return Response(
        json.encode(content),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


def _require_own_origin(request: AnyRequest, territory: Territory) -> None:
    """Refuse the pages of other sites, as the protocol demands.

    They are compared with the names of the territory and not with `Host`, which another site's name may lead to us.

    Raises:
        ForbiddenError: a browser says that another site asks.
    """
    origin = request.headers.get("origin")
    if origin and not _is_own_origin(origin, territory):
        raise ForbiddenError(
            "Pages of other sites may not ask here.",
            remedy="Ask from a program, or from a page of this site.",
        )


def _is_own_origin(origin: str, territory: Territory) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return (
        parts.hostname in territory.hosts
        or parts.netloc == urlsplit(territory.origin).netloc
    )

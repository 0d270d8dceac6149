"""Messages of the Model Context Protocol, as a client sends them."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from udi.ui.mcp.messages import HANDSHAKE_VERSIONS, MODERN_VERSION
from udi.ui.mcp.server import PATH

MODERN = MODERN_VERSION
HANDSHAKE = HANDSHAKE_VERSIONS[0]
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}


def write_message(
    method: str, params: Mapping[str, Any] | None = None, message_id: object = 1
) -> dict[str, Any]:
    """A request of a modern client."""
    return {
        "jsonrpc": "2.0",
        "id": message_id,
        "method": method,
        "params": {"_meta": META, **(params or {})},
    }


def headers_of(message: Mapping[str, Any]) -> dict[str, str]:
    """What a modern client repeats of a message in headers."""
    headers = {
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": str(message["method"]),
        "Accept": "application/json, text/event-stream",
    }
    if "name" in message["params"]:
        headers["Mcp-Name"] = str(message["params"]["name"])
    return headers


async def send(
    client: httpx.AsyncClient, message: Mapping[str, Any], **headers: str
) -> httpx.Response:
    """Send a message with the headers that belong to it."""
    return await client.post(PATH, json=message, headers=headers_of(message) | headers)


async def request_result(
    client: httpx.AsyncClient,
    method: str,
    params: Mapping[str, Any] | None = None,
    **headers: str,
) -> dict[str, Any]:
    """The result of a request that is answered."""
    return read_result(await send(client, write_message(method, params), **headers))


def read_result(response: httpx.Response) -> dict[str, Any]:
    """The result of an answer that is one."""
    body = response.json()
    assert (response.status_code, body.get("error")) == (200, None), body
    result: dict[str, Any] = body["result"]
    return result


async def call_tool(
    client: httpx.AsyncClient, name: str, arguments: Mapping[str, Any], **headers: str
) -> dict[str, Any]:
    """What a tool answers, which its text has too; what it refuses somebody who shows nothing comes as an error."""
    params = {"name": name, "arguments": dict(arguments)}
    response = await send(client, write_message("tools/call", params), **headers)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        assert "resource_metadata=" in response.headers["www-authenticate"]
        refusal: dict[str, Any] = response.json()["error"]["data"]
        return refusal
    result = read_result(response)
    content: dict[str, Any] = result["structuredContent"]
    assert json.loads(result["content"][0]["text"]) == content
    assert result["isError"] is ("faults" in content or "problem" in content)
    return content

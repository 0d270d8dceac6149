"""Messages of the Model Context Protocol over HTTP: JSON-RPC 2.0, one message a POST, answered as JSON.

Specification 2026-07-28 (no session, each request carries its version); clients of 2025-03-26 to 2025-11-25, which
begin with `initialize`, are answered too.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import DecodeError, json

MODERN_VERSION = "2026-07-28"
HANDSHAKE_VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26")
"""Of clients that begin with `initialize`, newest first."""
VERSIONS = (MODERN_VERSION, *HANDSHAKE_VERSIONS)
VERSION_HEADER = "mcp-protocol-version"
METHOD_HEADER = "mcp-method"
NAME_HEADER = "mcp-name"
NAMED_METHODS = {"tools/call": "name", "resources/read": "uri", "prompts/get": "name"}
"""The parameter whose value the header `Mcp-Name` repeats."""
META = "_meta"
META_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
UNAUTHORIZED = -32001
"""Ours: the code that HTTP 401 stands for."""
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
STATUSES = {METHOD_NOT_FOUND: 404}
"""HTTP statuses of errors for modern clients; 400 for all others."""
ENCODED = "=?base64?"
ENCODED_END = "?="


class MessageError(Exception):
    """What is wrong with a message, as an error of JSON-RPC."""

    def __init__(
        self,
        code: int,
        message: str,
        data: Any = None,
        *,
        status: int = 0,
        challenge: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.data = data
        self.status = status or STATUSES.get(code, 400)
        self.challenge = challenge

    def write(self, message_id: Any) -> dict[str, Any]:
        """The answer."""
        error: dict[str, Any] = {"code": self.code, "message": str(self)}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": message_id, "error": error}


@dataclass(frozen=True)
class Message:
    """A request, or a notification, which nobody answers."""

    id: str | int | None
    method: str
    params: Mapping[str, Any]
    is_modern: bool

    @property
    def is_notification(self) -> bool:
        """Whether it waits for no answer."""
        return self.id is None


def read_message(body: bytes, headers: Mapping[str, str]) -> Message:
    """The message of a POST.

    Raises:
        MessageError: it is none, its headers and body differ, or nobody here speaks its version.
    """
    try:
        content = json.decode(body)
    except (DecodeError, RecursionError, UnicodeDecodeError):
        raise MessageError(PARSE_ERROR, "The body is no JSON.") from None
    if not isinstance(content, dict) or content.get("jsonrpc") != "2.0":
        raise MessageError(
            INVALID_REQUEST, "Send one JSON-RPC 2.0 message, an object, in each POST."
        )
    method = content.get("method")
    message_id = content.get("id")
    params = content.get("params", {})
    is_identifier = isinstance(message_id, str | int) and not isinstance(
        message_id, bool
    )
    if not isinstance(method, str) or not (is_identifier or "id" not in content):
        raise MessageError(
            INVALID_REQUEST,
            "A message has a method, a text, and an id, a text or a whole number.",
        )
    if not isinstance(params, dict):
        raise MessageError(INVALID_PARAMS, "The parameters are an object.")
    version = _read_version(params, headers)
    is_modern = version == MODERN_VERSION
    if is_modern and "id" in content:
        _require_matching_headers(method, params, headers)
    return Message(message_id, method, params, is_modern)


def _read_version(params: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The version of a message; empty: it says none, as a first message `initialize`."""
    meta = params.get(META)
    meta = meta if isinstance(meta, dict) else {}
    named = meta.get(META_VERSION)
    header = headers.get(VERSION_HEADER, "")
    if named is None:
        if header == MODERN_VERSION:
            raise MessageError(
                INVALID_PARAMS,
                f"Each request says {META_VERSION} and {META_CAPABILITIES} in params.{META}.",
            )
        version = header
    elif not isinstance(named, str) or META_CAPABILITIES not in meta:
        raise MessageError(
            INVALID_PARAMS,
            f"params.{META} has {META_VERSION}, a text, and {META_CAPABILITIES}.",
        )
    else:
        if header != named:
            raise MessageError(
                HEADER_MISMATCH,
                "The header MCP-Protocol-Version is not the version that the body says.",
            )
        version = named
    if version and version not in VERSIONS:
        raise MessageError(
            UNSUPPORTED_VERSION,
            "Unsupported protocol version",
            {"supported": list(VERSIONS), "requested": version},
        )
    return version


def _require_matching_headers(
    method: str, params: Mapping[str, Any], headers: Mapping[str, str]
) -> None:
    if headers.get(METHOD_HEADER) != method:
        raise MessageError(
            HEADER_MISMATCH, "The header Mcp-Method is not the method of the body."
        )
    field = NAMED_METHODS.get(method)
    if field and decode_header(headers.get(NAME_HEADER, "")) != params.get(field):
        raise MessageError(
            HEADER_MISMATCH, f"The header Mcp-Name is not params.{field} of the body."
        )


def decode_header(value: str) -> str | None:
    """The text of a header, which may be wrapped in Base64 (`=?base64?…?=`); None where that is broken."""
    if not (value.startswith(ENCODED) and value.endswith(ENCODED_END)):
        return value
    payload = value.removeprefix(ENCODED).removesuffix(ENCODED_END)
    try:
        return base64.b64decode(payload, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None

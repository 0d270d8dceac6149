"""Messages of the Model Context Protocol: each fault of a message has its code (specification 2026-07-28)."""

import json
from typing import Any

import pytest

from tests.mcp import HANDSHAKE, META, MODERN, headers_of, write_message
from udi.ui.mcp.messages import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    UNSUPPORTED_VERSION,
    MessageError,
    decode_header,
    read_message,
)

LIST = write_message("tools/list")
CALL = write_message("tools/call", {"name": "read_rows"})
VERSION = "io.modelcontextprotocol/protocolVersion"


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def with_meta(**changes: Any) -> dict[str, Any]:
    meta = {name: value for name, value in {**META, **changes}.items() if value != ""}
    return {**LIST, "params": {"_meta": meta}}


def test_a_modern_request_is_read() -> None:
    message = read_message(json.dumps(CALL).encode(), lower(headers_of(CALL)))

    assert (message.id, message.method, message.is_modern) == (1, "tools/call", True)
    assert not message.is_notification


@pytest.mark.parametrize("version", ["", "2025-03-26", "2025-06-18", HANDSHAKE])
def test_a_request_of_an_earlier_version_is_read(version: str) -> None:
    body = {"jsonrpc": "2.0", "id": "a", "method": "tools/list"}
    message = read_message(
        json.dumps(body).encode(), {"mcp-protocol-version": version} if version else {}
    )

    assert (message.id, message.params, message.is_modern) == ("a", {}, False)


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"{", {}, PARSE_ERROR),
        (b"\xff\xfe", {}, PARSE_ERROR),
        (b"[" * 100_000, {}, PARSE_ERROR),
        (b"[]", {}, INVALID_REQUEST),
        (json.dumps([LIST]).encode(), {}, INVALID_REQUEST),
        (b'{"id": 1, "method": "tools/list"}', {}, INVALID_REQUEST),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', {}, INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', {}, INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', {}, INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', {}, INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 2}', {}, INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', {}, INVALID_PARAMS),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}', {"mcp-protocol-version": MODERN}, INVALID_PARAMS),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}', {"mcp-protocol-version": "1999-01-01"}, UNSUPPORTED_VERSION),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(
    body: bytes, headers: dict[str, str], code: int
) -> None:
    with pytest.raises(MessageError) as refusal:
        read_message(body, headers)

    assert (refusal.value.code, refusal.value.status) == (code, 400)


@pytest.mark.parametrize(
    ("message", "changes", "code"),
    [
        (LIST, {"mcp-method": "tools/call"}, HEADER_MISMATCH),
        (LIST, {"mcp-method": ""}, HEADER_MISMATCH),
        (LIST, {"mcp-protocol-version": HANDSHAKE}, HEADER_MISMATCH),
        (LIST, {"mcp-protocol-version": ""}, HEADER_MISMATCH),
        (CALL, {"mcp-name": "another"}, HEADER_MISMATCH),
        (CALL, {"mcp-name": "=?base64?%%%?="}, HEADER_MISMATCH),
        (CALL, {"mcp-name": "=?base64?//8=?="}, HEADER_MISMATCH),
        (with_meta(**{"io.modelcontextprotocol/clientCapabilities": ""}), {}, INVALID_PARAMS),
        (with_meta(**{VERSION: 3}), {}, INVALID_PARAMS),
        (with_meta(**{VERSION: "2099-01-01"}), {"mcp-protocol-version": "2099-01-01"}, UNSUPPORTED_VERSION),
    ],
)  # fmt: skip
def test_headers_say_the_same_as_the_body(
    message: dict[str, Any], changes: dict[str, str], code: int
) -> None:
    headers = lower(headers_of(message)) | changes

    with pytest.raises(MessageError) as refusal:
        read_message(json.dumps(message).encode(), headers)

    assert refusal.value.code == code


def test_a_name_may_come_encoded() -> None:
    assert decode_header("=?base64?cmVhZF9yb3dz?=") == "read_rows"
    assert decode_header("read_rows") == "read_rows"

"""What a tool asks of its own program: read up to a limit, for the caller's address, and in words where it is no JSON."""

import asyncio
from typing import Any

import pytest
from litestar.types import Receive, Scope, Send

from udi.ui.mcp.inner_calls import AnswerTooLargeError, InnerResponse, call_address
from udi.ui.mcp.server import NO_JSON, find_problem

LIMIT = 1000


class Program:
    """Answers with pieces of 100 bytes, and keeps what it was asked."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.sent = 0
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await receive()
        start: Any = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        for number in range(self.pieces):
            body: Any = {
                "type": "http.response.body",
                "body": b"x" * 100,
                "more_body": number < self.pieces - 1,
            }
            await send(body)
            self.sent += 1


async def call(program: Any, address: str = "/api/v1/datasets") -> InnerResponse:
    return await call_address(
        program,
        address,
        origin="https://portal.example",
        client="192.0.2.7",
        headers={"accept": "application/json", "host": "portal.example"},
        limit=LIMIT,
    )


async def test_an_answer_within_the_limit_is_read_whole() -> None:
    program = Program(10)

    response = await call(program, "/api/v1/d%20x?q=a%20b")

    assert (response.status, len(response.content)) == (200, LIMIT)
    [scope] = program.scopes
    assert scope["client"] == ("192.0.2.7", 0)
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
        "/api/v1/d x",
        b"/api/v1/d%20x",
        b"q=a%20b",
    )
    assert dict(scope["headers"]) == {
        b"accept": b"application/json",
        b"host": b"portal.example",
    }


async def test_an_answer_over_the_limit_is_stopped() -> None:
    program = Program(1_000_000)

    with pytest.raises(AnswerTooLargeError):
        await call(program)

    assert program.sent == 10


async def test_a_call_that_takes_too_long_is_ended() -> None:
    ended = asyncio.Event()

    async def wait(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        try:
            await receive()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await call(wait)

    assert ended.is_set()


async def test_a_program_that_fails_answers_500() -> None:
    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError

    response = await call(fail)

    assert find_problem(response) == {"status": 500, "problem": {"title": NO_JSON}}


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (InnerResponse(200, b'{"a": 1}'), None),
        (InnerResponse(200, b"<html>"), {"title": NO_JSON}),
        (InnerResponse(200, b"\xff"), {"title": NO_JSON}),
        (InnerResponse(303, b""), {"title": NO_JSON}),
        (InnerResponse(404, b'{"title": "None"}'), {"title": "None"}),
    ],
    ids=["json", "html", "no text", "elsewhere", "refused"],
)
def test_what_is_no_json_is_said_in_words(
    response: InnerResponse, problem: dict[str, str] | None
) -> None:
    result = find_problem(response)

    assert (result or {}).get("problem") == problem

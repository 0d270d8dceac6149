"""A body of which nothing more comes is given up; one that comes slowly is not."""

import asyncio
from typing import Any

import pytest

from udi.ui import body_timeout
from udi.ui.body_timeout import BodyTimeoutMiddleware

SCOPE: Any = {"type": "http"}


async def read(messages: list[Any]) -> list[Any]:
    """What a program is given of these messages; None stands for silence without end."""
    waiting = iter(messages)
    received_messages: list[Any] = []

    async def receive() -> Any:
        message = next(waiting)
        if message is None:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        return message

    async def program(_scope: Any, receive: Any, _send: Any) -> None:
        while len(received_messages) < len(messages):
            received_messages.append(await receive())

    async with asyncio.timeout(30):
        await BodyTimeoutMiddleware(program)(SCOPE, receive, None)  # type: ignore[arg-type]  # nothing is sent
    return received_messages


def piece(*, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": b"x", "more_body": more}


async def test_who_sends_nothing_more_of_a_body_counts_as_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_timeout, "TIMEOUT", 0.05)

    assert await read([piece(more=True), None]) == [
        piece(more=True),
        {"type": "http.disconnect"},
    ]


async def test_a_body_that_goes_on_is_read_to_its_end() -> None:
    messages = [piece(more=True), piece(more=True), piece(more=False)]

    assert await read(messages) == messages


async def test_after_the_body_a_program_waits_as_long_as_it_likes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_timeout, "TIMEOUT", 0.05)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await read([piece(more=False), None])

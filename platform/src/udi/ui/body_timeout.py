"""How long the next piece of a body is waited for."""

import asyncio

from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPDisconnectEvent,
    HTTPReceiveMessage,
    Receive,
    Scope,
    Send,
)

TIMEOUT = 60.0
"""Seconds without a byte, after which a body that has not ended is given up."""


class BodyTimeoutMiddleware:
    """Wraps a program: who sends nothing more of a body counts as gone, and what arrived is treated as after any cut."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        ended = False

        async def receive_soon() -> HTTPReceiveMessage:
            nonlocal ended
            if ended:
                return await receive()  # type: ignore[return-value]  # of an HTTP scope
            try:
                async with asyncio.timeout(TIMEOUT):
                    message = await receive()
            except TimeoutError:
                ended = True
                return HTTPDisconnectEvent(type="http.disconnect")
            ended = message["type"] != "http.request" or not message.get(
                "more_body", False
            )
            return message  # type: ignore[return-value]  # of an HTTP scope

        await self._inner(scope, receive_soon, send)

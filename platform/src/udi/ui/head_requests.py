"""HEAD wherever there is GET: harvesters ask for the media type of an address, and machines for its links, without the body."""

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Send


class HeadMiddleware:
    """Wraps a program that has no handler of its own for HEAD: it answers as to GET, and the body is left out (RFC 9110, 9.3.2)."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._inner(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        scope["method"] = "GET"
        await self._inner(scope, receive, send_head)

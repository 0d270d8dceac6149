"""Letting pages of other sites read what is open to all (CORS, as the Fetch standard has it)."""

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED = "Content-Language, ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate"
ANSWER = {
    b"access-control-allow-origin": b"*",
    b"access-control-expose-headers": EXPOSED.encode(),
}
PREFLIGHT = {
    b"access-control-allow-methods": b"GET, HEAD",
    b"access-control-allow-headers": b"Accept, Accept-Language, Authorization, If-Modified-Since, If-None-Match",
    b"access-control-max-age": b"86400",
}


class CrossOriginMiddleware(ASGIMiddleware):
    """Opens the answers of some addresses, refusals included; no cookie of ours is ever sent along."""

    scopes = (ScopeType.HTTP,)

    async def handle(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                put = ANSWER | PREFLIGHT if scope.get("method") == "OPTIONS" else ANSWER
                headers = [
                    header
                    for header in message.get("headers", ())
                    if header[0].lower() not in put
                ]
                message["headers"] = [*headers, *put.items()]
            await send(message)

        await next_app(scope, receive, send_open)

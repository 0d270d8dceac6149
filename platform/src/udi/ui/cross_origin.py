"""Letting pages of other sites read what is open to all (CORS, as the Fetch standard has it)."""

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED = "Content-Language, ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Authorization, If-Modified-Since, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class OpenToAll(ASGIMiddleware):
    """Opens the answers of some addresses, refusals included; no cookie of ours is ever sent along."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = EXPOSED
                if scope.get("method") == "OPTIONS":
                    headers.update(PREFLIGHT)
            await send(message)

        await next_app(scope, receive, send_open)

"""Targets of requests as they come, in the one shape that addresses have here.

RUDI's clients send whole addresses (`GET http://host/path`, RFC 9112, 3.2.2), which some servers pass on as a path, and
begin paths with two slashes.
"""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

SCHEMES = ("http://", "https://")


class RequestTargetMiddleware:
    """Wraps a program, before any other part."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            if path.startswith((*SCHEMES, "//")):
                scope["path"] = path_of(path)
                raw = scope.get("raw_path")
                if raw:
                    scope["raw_path"] = path_of(raw.decode("latin-1")).encode("latin-1")
        await self._inner(scope, receive, send)


def path_of(target: str) -> str:
    """The path of a target, with one slash where it begins."""
    if target.startswith(SCHEMES):
        target = target.partition("://")[2].partition("/")[2]
    return f"/{target.lstrip('/')}"

"""The least that an answer costs here: the framework alone, which figures of another machine are compared by."""

import sys

from litestar import Litestar, Response, get

KIND = "a handler alone"
LENGTH = 12_000
"""Bytes, about those of a page of results."""
BODY = b"x" * LENGTH


@get(["/", "/health"])
async def answer() -> Response[bytes]:
    """The same bytes each time."""
    return Response(BODY, media_type="application/json")


def create() -> Litestar:
    """A program with one handler: no middleware, no database."""
    return Litestar([answer], openapi_config=None)


def command(workers: int) -> list[str]:
    """What serves it; the port is to be added."""
    served = [
        "--interface",
        "asgi",
        "--no-ws",
        "--factory",
        "--workers",
        str(workers),
        "bench.load.floor:create",
    ]
    return [sys.executable, "-P", "-m", "granian", *served]

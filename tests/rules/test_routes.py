"""Addresses are promises: one that goes away, or comes, is written down in routes.txt first."""

from pathlib import Path

from litestar import Litestar
from litestar.routes import HTTPRoute

LISTED = Path(__file__).with_name("routes.txt")


def addresses(app: Litestar, program: str) -> set[str]:
    """`program METHOD path` for each address."""
    return {
        f"{program} {method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS", "HEAD"}
    }


async def test_the_addresses_are_those_written_down(
    portal_app: Litestar, node_app: Litestar
) -> None:
    actual = addresses(portal_app, "portal") | addresses(node_app, "node")

    assert actual == set(LISTED.read_text().splitlines())

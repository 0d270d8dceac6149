"""Bodies and headers that nest without end, at every address of both programs that takes any: refused, never an accident."""

import re
import uuid
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.depth import examples, thorough
from tests.sign_in import sign_in
from tests.visitors import make_person
from udi.kit.sessions import SESSIONS
from udi.kit.tenancy import Territory
from udi.ui.login import cookie_name
from udi.ui.site import Site

DEEP = "[" * 200_000
BODIES: dict[str, dict[str, Any]] = {
    "json": {"content": DEEP, "headers": {"Content-Type": "application/json"}},
    "objects": {
        "content": '{"a":' * 40_000,
        "headers": {"Content-Type": "application/json"},
    },
    "form": {"data": {"q": DEEP[:60_000], "fl": DEEP[:60_000], "data": DEEP[:60_000]}},
}
VALUES = {
    "uuid": str(uuid.UUID(int=7)),
    "int": "7",
    "str": "x",
    "path": "x",
    "float": "7",
}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def address(path: str) -> str:
    """An address of a route, with a value of its kind in each place."""
    return re.sub(r"{[^}:]+(?::(\w+))?}", lambda match: VALUES[match[1] or "str"], path)


def addresses(app: Litestar) -> list[tuple[str, str]]:
    return [
        (method, address(route.path))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in sorted(route.methods)
        if method in UNSAFE
    ]


def list_bodies(rank: int) -> list[str]:
    """The bodies that the address of this number is shown: by default one, another than its neighbours."""
    if thorough():
        return list(BODIES)
    return [list(BODIES)[rank % len(BODIES)]]


@pytest.mark.parametrize("program", ["portal", "node"])
async def test_no_address_stumbles_over_what_nests_without_end(
    program: str, demo: Territory, portal_app: Litestar, node_app: Litestar
) -> None:
    app = {"portal": portal_app, "node": node_app}[program]
    site: Site = app.state.site
    origin = demo.links[program]
    request_count = 0
    accidents = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=origin, timeout=60
    ) as client:
        for rank, (method, path) in enumerate(addresses(app)[:: examples(2, 1)]):
            # Budgets and logouts would answer instead of the address: somebody new each time.
            person = make_person(demo, moderator=True)
            token = await sign_in(site.services[SESSIONS], demo, person)
            client.cookies.set(cookie_name(origin), token)
            for name in list_bodies(rank):
                body = BODIES[name]
                headers = {
                    "Sec-Fetch-Site": "same-origin",
                    "Accept": "application/json",
                    **body.get("headers", {}),
                }
                answer = await client.request(
                    method, path, **{**body, "headers": headers}
                )
                request_count += 1
                if answer.status_code == 500:
                    accidents.append(f"{method} {path} ({name})")

    assert request_count > examples(40, 200)
    assert accidents == []


async def test_a_deep_body_is_a_bad_request_of_the_action_api(
    portal_app: Litestar, demo: Territory
) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=portal_app), base_url=demo.links["portal"]
    ) as client:
        answer = await client.post(
            "/api/3/action/package_search",
            content=DEEP,
            headers={"Content-Type": "application/json"},
        )

    assert answer.status_code == 400
    assert "levels" in answer.text

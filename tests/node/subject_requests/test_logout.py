"""The identity service ends sessions of those who ask at any host, however many territories a node has."""

import pytest
from litestar import Litestar

from tests.visitors import browse
from udi.kit.tenancy import Territory


@pytest.mark.parametrize(
    "path", ["/logout/back-channel", "/subjects/logout/back-channel"]
)
async def test_a_logout_is_heard_at_any_host_with_two_territories(
    node_app: Litestar, demo: Territory, other: Territory, path: str
) -> None:
    async with browse(node_app, demo) as client:
        answer = await client.post(
            f"http://127.0.0.1{path}", data={"logout_token": "nonsense"}
        )

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")

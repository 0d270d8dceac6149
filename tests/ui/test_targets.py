"""Whole addresses and doubled slashes, as RUDI's clients send them, lead where the plain path does."""

import pytest
from litestar import Litestar

from udi.kit.tenancy import Territory
from udi.ui.request_targets import path_of


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://h.example/storage/download/x", "/storage/download/x"),
        ("https://h.example:8080/conf", "/conf"),
        ("http://h.example", "/"),
        ("//conf", "/conf"),
        ("///catalog//admin", "/catalog//admin"),
    ],
)
def test_a_target_is_read_as_a_path(target: str, path: str) -> None:
    assert path_of(target) == path


@pytest.mark.parametrize("given", ["http://{host}/conf", "//conf", "/conf"])
async def test_a_server_that_passes_the_target_on_as_it_came_is_understood(
    node_app: Litestar, demo: Territory, given: str
) -> None:
    host = demo.links["node"].partition("//")[2]
    messages = list[dict[str, object]]()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        messages.append(message)

    path = given.format(host=host)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "state": {}, "client": None,
        "server": None, "headers": [(b"host", host.encode())],
    }  # fmt: skip

    await node_app(scope, receive, send)  # type: ignore[arg-type]  # a scope as a server makes it, in plain words

    assert messages[0]["status"] == 200

"""Metadata of identity services of others: an address that they name leads nowhere that nobody allowed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from udi.portal.identity.provision.provider_metadata import (
    ProviderError,
    read_openid_metadata,
)
from udi.portal.tenants.toml.schema import ProviderPart

SECRET = "what the provider gave"


@dataclass
class Provider:
    """An identity service that names the addresses that a test gives."""

    addresses: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """Paths of the requests that it received."""
    issuer: str = ""

    @property
    def part(self) -> ProviderPart:
        """The entry of a territory's files."""
        return ProviderPart.model_validate(
            {
                "name": "town",
                "kind": "oidc",
                "label": {"en": "the Town"},
                "issuer": self.issuer,
                "client_id": "udi",
            }
        )

    def describe(self) -> dict[str, str]:
        """Its metadata."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout",
            **self.addresses,
        }


def make_handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, body: Any) -> None:
            provider.requests.append(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.answer(200, provider.describe())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(400, {"error": "invalid_grant"})

        def log_message(self, *_: object) -> None:
            """Nothing on the screen."""

    return Handler


def serve(provider: Provider) -> Iterator[Provider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(provider))
    provider.issuer = f"http://localhost:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    yield from serve(Provider())


@pytest.fixture
def inside() -> Iterator[Provider]:
    """A service at a private address of which the operator wrote nothing."""
    yield from serve(Provider())


async def test_metadata_give_the_origin_of_the_logout(provider: Provider) -> None:
    metadata = await read_openid_metadata(provider.part, SECRET)

    assert metadata.logout_origin == provider.issuer
    assert provider.requests == ["/.well-known/openid-configuration", "/token"]


@pytest.mark.parametrize(
    "address",
    [
        "https://logout.example; frame-ancestors *",
        "https://* ",
        "https://someone:secret@logout.example/",
        "http://logout.example/",
        "javascript:alert(1)",
        "//logout.example/",
        "https://logout.example\x01/",
    ],
)
@pytest.mark.parametrize("name", ["end_session_endpoint", "token_endpoint"])
async def test_an_address_that_would_change_a_header_or_is_open_is_refused(
    provider: Provider, name: str, address: str
) -> None:
    """The origin of the logout stands in a header of every page of the territory."""
    provider.addresses[name] = address

    with pytest.raises(ProviderError, match="no encrypted address"):
        await read_openid_metadata(provider.part, SECRET)


async def test_the_secret_goes_to_no_private_address_that_metadata_name(
    provider: Provider, inside: Provider
) -> None:
    provider.addresses["token_endpoint"] = f"{inside.issuer}/token"

    with pytest.raises(ProviderError, match="Nothing answers"):
        await read_openid_metadata(provider.part, SECRET)
    before = list(inside.requests)
    host = inside.issuer.removeprefix("http://")
    await read_openid_metadata(provider.part, SECRET, [host])

    assert before == []
    assert inside.requests == ["/token"]

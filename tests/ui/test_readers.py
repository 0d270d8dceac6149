"""Where a request comes from: what a proxy that is near says of it, never what the reader says of itself."""

import pytest
from litestar import Request

from udi.ui.rate_limits import address_of

NEAR = "10.0.0.7"
FAR = "93.184.215.14"


def request_from(address: str, forwarded: str) -> Request[None, None, None]:  # type: ignore[type-var]
    if forwarded:
        headers = [(b"x-forwarded-for", forwarded.encode())]
    else:
        headers = []
    return Request(
        {
            "type": "http",
            "client": (address, 4000),
            "headers": headers,
            "method": "GET",
            "path": "/",
        }
    )  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("direct", "forwarded", "address"),
    [
        (FAR, "", FAR),
        (FAR, "203.0.113.9", FAR),
        (NEAR, "", NEAR),
        (NEAR, "203.0.113.9", "203.0.113.9"),
        (NEAR, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("unix", "203.0.113.9", "unix"),
    ],
)
def test_address_of_believes_a_proxy_that_is_near(
    direct: str, forwarded: str, address: str
) -> None:
    assert address_of(request_from(direct, forwarded)) == address

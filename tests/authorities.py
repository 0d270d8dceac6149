"""A pytest plugin: the authorities of the machine are read once for all HTTP clients of a process.

`httpx` reads them for each client, and for each `httpx.get` of a loop that waits: 30 ms of processor each time. A test
that has other authorities hands its own context to its client, or sets a variable that says where they are.
"""

import os
import ssl
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from httpx._transports import default

PLACES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_create_context = httpx.create_ssl_context


@cache
def _read_authorities(_places: tuple[str | None, ...]) -> ssl.SSLContext:
    return _create_context()


def find_context(
    verify: Any = True,  # noqa: FBT002 - as httpx calls it
    cert: Any = None,
    trust_env: bool = True,  # noqa: FBT001, FBT002 - likewise
) -> ssl.SSLContext:
    """The context of whoever asks for the usual one; a new one for everybody else."""
    if verify is True and cert is None and trust_env:
        return _read_authorities(tuple(map(os.environ.get, PLACES)))
    return _create_context(verify=verify, cert=cert, trust_env=trust_env)


@pytest.fixture(scope="session", autouse=True)
def authorities() -> Iterator[None]:
    """Have clients share what they trust, for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default, "create_ssl_context", find_context)
        yield

"""Who reads: where requests come from, and how many of them one reader may send to the API."""

import ipaddress
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from udi.kit.rates import RateLimiter, network_of
from udi.kit.service_registry import ServiceKey

Connection = ASGIConnection[Any, Any, Any, State]


@dataclass(frozen=True)
class ApiRateLimiters:
    """What one reader may ask of the API in a while: passers-by by their address, people by their token."""

    passers_by: RateLimiter
    people: RateLimiter


READS_ONLY = "reads_only"
"""Name among the options of a handler (`opt`): it changes nothing, whatever its method, and is counted as a request."""
API_RATES = ServiceKey[ApiRateLimiters]("API rates", "tenants")


def address_of(connection: Connection) -> str:
    """Where a request comes from; a proxy that is near is believed, for it replaces what the reader would have it say."""
    direct = connection.client.host if connection.client else ""
    forwarded = connection.headers.get("x-forwarded-for", "")
    if forwarded and _is_private(direct):
        return forwarded.rpartition(",")[2].strip()
    return direct


async def count_request(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Count one request of a program; each answer says what is left (RateLimit, IETF draft).

    A coroutine that waits for nothing: the framework would take a function to another thread.

    Raises:
        TooManyRequestsError: this reader asked too much.
    """
    state = connection.scope["state"]
    rates = connection.app.state.site.services[API_RATES]
    territory = state.get("territory")
    person = state.get("token_of")
    reader_rates, reader = (
        (rates.people, person)
        if person
        else (rates.passers_by, network_of(address_of(connection)))
    )
    state["limits"] = reader_rates.count_request(
        f"{territory.id if territory else ''}:{reader}"
    )


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False

"""Where PostgreSQL is, and how connections to it are encrypted, for each driver that reaches it."""

import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from udi.settings import Settings

LOOPBACK_HOSTS = {"127.0.0.1", "::1", "localhost"}


def is_external(settings: Settings) -> bool:
    """Whether PostgreSQL is a service that others run; our own are reached through loopback, those of a cluster too."""
    is_verified = settings.database_sslmode == "verify-full"
    return is_verified or settings.database_host not in LOOPBACK_HOSTS


def find_port(settings: Settings) -> int:
    """The port of PostgreSQL."""
    return settings.database_port or settings.port(4)


def find_encryption(settings: Settings) -> ssl.SSLContext | Literal["prefer"]:
    """What asyncpg takes as `ssl`.

    Raises:
        OSError: the file of authorities cannot be read, or holds none.
    """
    if settings.database_sslmode == "prefer":
        return "prefer"
    return _create_context(settings.database_ca)


@lru_cache(maxsize=4)
def _create_context(authorities: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authorities))


def list_encryption_options(settings: Settings) -> Mapping[str, str]:
    """The same as options of an address, which libpq, asyncpg and JDBC name alike."""
    if settings.database_sslmode == "prefer":
        return {}
    return {
        "sslmode": settings.database_sslmode,
        "sslrootcert": str(settings.database_ca),
    }


def make_superuser_address(settings: Settings, secret: str) -> str:
    """Address of the superuser's connection, with the password of a secret."""
    password = quote(settings.secret(secret), safe="")
    place = f"{settings.database_host}:{find_port(settings)}"
    options = urlencode(list_encryption_options(settings))
    query = f"?{options}" if options else ""
    return f"postgresql://postgres:{password}@{place}/postgres{query}"


def make_jdbc_address(settings: Settings, name: str, options: Mapping[str, str]) -> str:
    """Address of a database as Java takes it."""
    place = f"{settings.database_host}:{find_port(settings)}"
    query = urlencode({**options, **list_encryption_options(settings)}, safe="/")
    return f"jdbc:postgresql://{place}/{name}{f'?{query}' if query else ''}"

"""Which territory a request or a job belongs to. Nothing runs for «all territories»."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

_tenant: ContextVar[UUID | None] = ContextVar("tenant", default=None)


class NoTenantError(RuntimeError):
    """Code that needs a territory ran without one."""


@dataclass(frozen=True)
class Territory:
    """What every page and job knows of its territory; `name` and `tagline` by language."""

    id: UUID
    slug: str
    name: dict[str, str]
    tagline: dict[str, str]
    languages: tuple[str, ...]
    hosts: tuple[str, ...]
    origin: str
    """Public address of this program for the territory, without a final slash."""
    contact: str
    box: tuple[float, ...] | None = None
    """West, south, east and north, in degrees (WGS 84)."""
    theme: dict[str, Any] = field(default_factory=dict)
    theme_css: str = ""
    links: dict[str, str] = field(default_factory=dict)
    """Addresses of the other programs: `portal`, `node`."""


def current_tenant() -> UUID:
    """The tenant in context.

    Raises:
        NoTenantError: none was set.
    """
    tenant = _tenant.get()
    if tenant is None:
        msg = "No territory in context: open the session with one."
        raise NoTenantError(msg)
    return tenant


def find_tenant() -> UUID | None:
    """The tenant in context, or None."""
    return _tenant.get()


@contextmanager
def tenant_context(tenant_id: UUID) -> Iterator[None]:
    """Set the tenant for the code inside."""
    token = _tenant.set(tenant_id)
    try:
        yield
    finally:
        _tenant.reset(token)

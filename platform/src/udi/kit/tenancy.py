"""Which territory a request or a job belongs to, and which producers' spaces a request may touch there.

Nothing runs for «all territories».
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from udi.kit.login_providers import LoginProvider
from udi.kit.outlines import OutlineLayer

TIME_ZONE = "Europe/Paris"
"""Where a territory that says nothing lives."""

INSTALLATION_SLUG = "_installation"
"""No territory can have it: the installation itself, where its operators log in."""
INSTALLATION_ID = uuid5(NAMESPACE_URL, f"udi:{INSTALLATION_SLUG}")
"""Under which the people, sessions and figures of the installation are kept apart, as those of a territory are."""

_tenant: ContextVar[UUID | None] = ContextVar("tenant", default=None)
_spaces: ContextVar[frozenset[str] | None] = ContextVar("spaces", default=None)


class TerritoryClosedError(RuntimeError):
    """A task is of a territory that is not served now: it waits until that opens."""


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
    box: tuple[float, float, float, float] | None = None
    """West, south, east and north, in degrees (WGS 84)."""
    theme: dict[str, Any] = field(default_factory=dict)
    theme_css: str = ""
    links: dict[str, str] = field(default_factory=dict)
    """Addresses of the other programs: `portal`, `node`."""
    search: dict[str, Any] = field(default_factory=dict)
    """`shared`, `partners` and `synonyms`, as the territory's files say."""
    time_zone: str = TIME_ZONE
    """Name in the IANA's list: its mornings, its days and the hours on its pages."""
    second_factor: bool = True
    """Whether its managers and its team need a second factor, where the installation asks for one."""
    mail_sender: dict[str, str] = field(default_factory=dict)
    """`name` and `address` that its mails come from."""
    site: dict[str, Any] = field(default_factory=dict)
    """On the portal: the blocks of its `home`, its `menu`, its `footer`, and the `version` of its files."""
    login_providers: tuple[LoginProvider, ...] = ()
    """Other identity services by which its people log in, in the order of their buttons."""
    outlines: tuple[OutlineLayer, ...] = ()
    """Outlines of areas that its maps may stand on: its own and those of the whole installation."""
    read_only: bool = False
    """Whether nothing of it may be changed for now; it is read as ever."""

    @property
    def zone(self) -> ZoneInfo:
        """The clock that its inhabitants live by."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def look_version(self) -> str:
        """What changes with its colours, its rules of style, its logo and its icon."""
        look = repr((sorted(self.theme.items()), self.theme_css))
        return hashlib.sha256(look.encode()).hexdigest()[:8]

    @property
    def logo_path(self) -> str:
        """Where its logo is, at each of its programs; empty without one."""
        logo = self.theme.get("logo")
        if not logo:
            return ""
        extension = "png" if logo["type"] == "image/png" else "svg"
        return f"/logo.{extension}?{logo['version']}"

    @cached_property
    def fingerprint(self) -> tuple[UUID, str]:
        """Its identifier, and what changes with anything that pages say of it."""
        texts = (self.name, self.tagline, self.links, self.search, self.site)
        facts = (
            self.origin,
            self.contact,
            self.languages,
            self.time_zone,
            self.box,
            texts,
            self.look_version,
            self.login_providers,
            self.outlines,
        )
        return self.id, hashlib.sha256(repr(facts).encode()).hexdigest()


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


@contextmanager
def tenant_context(tenant_id: UUID) -> Iterator[None]:
    """Set the tenant for the code inside."""
    token = _tenant.set(tenant_id)
    try:
        yield
    finally:
        _tenant.reset(token)


def find_spaces() -> frozenset[str] | None:
    """The slugs of the spaces that the code inside is kept to; None when it is kept to none (jobs, commands)."""
    return _spaces.get()


@contextmanager
def space_context(slugs: Iterable[str] | None) -> Iterator[None]:
    """Keep the transactions opened inside to these spaces.

    None frees them: for a machine that has proved who it is, and for what belongs to nobody (counts, limits).
    """
    token = _spaces.set(None if slugs is None else frozenset(slugs))
    try:
        yield
    finally:
        _spaces.reset(token)

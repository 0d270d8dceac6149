"""The register of territories of a program (schema `platform`): which host is whose."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import Double, LargeBinary, Text, literal_column, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, defer, mapped_column

from udi.kit.clock import now
from udi.kit.db import Database, is_unavailable
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.login_providers import read_login_providers
from udi.kit.outlines import LAYERS_OF_TERRITORY, read_layers
from udi.kit.tenancy import TIME_ZONE, Territory, TerritoryClosedError

log = structlog.get_logger()
TerritoryState = Literal["active", "read_only", "suspended"]
READ_ONLY: TerritoryState = "read_only"
"""Its pages are read as ever; what would change something is refused for some minutes, and its schedules wait."""
ARRIVING = "arriving"
"""State of a territory in both registers until its archive is whole here: served to nobody."""
TEXTS = ("charter", "legal", "logo", "vocabularies")
"""What only their own pages read."""
FIND_STATE = """
    SELECT (SELECT coalesce(sum(hashtextextended(concat(id, xmin, ctid), 0)), 0)::text FROM platform.territory),
           (SELECT coalesce(sum(hashtextextended(concat(id, xmin, ctid), 0)), 0)::text FROM platform.outline_layer)
"""
"""Another pair once any row of what the register reads was made, changed or removed."""


class TerritoryColumns:
    """Columns of `platform.territory`, the same in both programs; only the owner's role writes them."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[dict[str, str]]
    tagline: Mapped[dict[str, str]]
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    hosts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    links: Mapped[dict[str, str]]
    box: Mapped[list[float] | None] = mapped_column(ARRAY(Double), default=None)
    contact: Mapped[str] = mapped_column(Text)
    privacy_contact: Mapped[str] = mapped_column(Text)
    mail_sender: Mapped[dict[str, str]]
    theme: Mapped[dict[str, Any]]
    theme_css: Mapped[str] = mapped_column(Text, default="")
    charter: Mapped[dict[str, str]]
    legal: Mapped[dict[str, str]]
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    search: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default=text("'{}'")
    )
    vocabularies: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default=text("'{}'")
    )
    """What words of other catalogues mean, by table."""
    time_zone: Mapped[str] = mapped_column(
        Text, default=TIME_ZONE, server_default=TIME_ZONE
    )
    second_factor: Mapped[bool] = mapped_column(
        default=True, server_default=text("true")
    )
    login_providers: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'")
    )
    """Other identity services, as `login_providers.read_login_providers` reads them."""
    state: Mapped[str] = mapped_column(Text, default="active")
    fingerprint: Mapped[str] = mapped_column(Text, default="")
    applied_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class TerritoryRegistry:
    """Finds the territory of a host; asks the table again when what it knows is older than `max_age` seconds.

    For a host that it does not know, it asks again after `recheck_age` seconds: the territory may just have been made.
    Where no row changed, none is read: of a thousand territories, all would be read every two seconds.
    """

    def __init__(
        self,
        database: Database,
        row: Any,
        origin: Callable[[str], str],
        *,
        max_age: float = 2.0,
        recheck_age: float = 0.5,
    ) -> None:
        self._database = database
        self._row = row
        self._origin = origin
        self._max_age = max_age
        self._recheck_age = recheck_age
        self._texts = [getattr(row, name) for name in TEXTS]
        self._known: list[Territory] = []
        self._read_only: list[Territory] = []
        self._suspended: list[Territory] = []
        self._by_host: dict[str, Territory] = {}
        self._by_id: dict[UUID, Territory] = {}
        self._suspended_by_host: dict[str, Territory] = {}
        self._read_at = -max_age - 1
        self._state: tuple[str, ...] | None = None

    async def _read_if_older(self, age: float) -> list[Territory]:
        if time.monotonic() - self._read_at > age:
            has_territories = bool(self._known or self._read_only or self._suspended)
            before = self._read_at
            if has_territories:
                self._read_at = (
                    time.monotonic()
                )  # who asks meanwhile is answered by what is known: one reads for all
            try:
                await self._reload()
            except BaseException as error:
                if not has_territories or not (
                    isinstance(error, Exception) and is_unavailable(error)
                ):
                    self._read_at = before
                    raise
                log.warning(
                    "database away, the territories known are served",
                    error=type(error).__name__,
                )
            self._read_at = time.monotonic()
        return self._known

    async def list(self) -> list[Territory]:
        """Every active territory, by slug; none that is only read, where nothing is done for now. What was known is served while the database does not answer."""
        return await self._read_if_older(self._max_age)

    async def list_served(self) -> Sequence[Territory]:
        """Every territory whose pages are read, by slug: those that are active, and those that are only read."""
        served = [*await self.list(), *self._read_only]
        return sorted(served, key=lambda known: known.slug)

    async def list_all(self) -> Sequence[Territory]:
        """Every territory by slug, those that are suspended too: what concerns people's data leaves none out."""
        active = await self.list()
        every = [*active, *self._read_only, *self._suspended]
        return sorted(every, key=lambda known: known.slug)

    async def _read_state(self) -> tuple[str, ...]:
        if self._database.is_for_pages:
            return tuple((await self._database.rows(None).fetch(FIND_STATE))[0])
        async with self._database.platform_session(role="public") as session:
            return tuple((await session.execute(text(FIND_STATE))).one())

    async def _reload(self) -> None:
        state = await self._read_state()
        if state == self._state:
            return
        async with self._database.platform_session(role="public") as session:
            read = (
                select(self._row, literal_column(LAYERS_OF_TERRITORY, JSONB))
                .options(*(defer(column) for column in self._texts))
                .order_by(self._row.slug)
            )
            rows = (await session.execute(read)).all()
        known = list[Territory]()
        read_only = list[Territory]()
        suspended = list[Territory]()
        by_state = {"active": known, READ_ONLY: read_only}
        for row, layers in rows:
            same = by_state.get(row.state, suspended)
            same.append(self._territory(row, layers))
        self._known = known
        self._read_only = read_only
        self._suspended = suspended
        self._by_host = _group_by_host([*known, *read_only])
        self._by_id = {territory.id: territory for territory in [*known, *read_only]}
        self._suspended_by_host = _group_by_host(suspended)
        self._state = state  # last: what cannot be read is tried again, and fails again

    async def find(self, host: str, *, installation_host: str) -> Territory | None:
        """The territory of a host name (port ignored), or None; one that is only read is served too.

        One territory alone answers to any host except the installation's own.
        """
        await self.list()
        name = _without_port(host)
        if name != installation_host and not self._knows(name):
            await self._read_if_older(self._recheck_age)
        return self.find_known(host, installation_host=installation_host)

    def _knows(self, name: str) -> bool:
        return name in self._by_host or name in self._suspended_by_host

    def find_known(self, host: str, *, installation_host: str) -> Territory | None:
        """The same among the territories read last."""
        name = _without_port(host)
        territory = self._by_host.get(name)
        served = [*self._known, *self._read_only]
        is_single = len(served) == 1 and not self._suspended
        if territory is None and is_single and name != installation_host:
            return served[0]
        return territory

    def find_suspended(self, host: str) -> Territory | None:
        """The suspended territory of a host name (port ignored), among those read last."""
        return self._suspended_by_host.get(_without_port(host))

    async def by_slug(self, slug: str) -> Territory | None:
        """The active territory of this slug, or None."""
        return next(
            (territory for territory in await self.list() if territory.slug == slug),
            None,
        )

    async def by_id(self, tenant: UUID) -> Territory | None:
        """The territory of this id, or None; one that is only read too: what was queued for it is done.

        One that is not known is looked for again: it may just have been opened.
        """
        await self.list()
        if tenant not in self._by_id:
            await self._read_if_older(0)
        return self._by_id.get(tenant)

    async def get_served(self, tenant: UUID) -> Territory:
        """The territory of a task, as `by_id`.

        Raises:
            TerritoryClosedError: it is suspended, still arriving or gone; the worker keeps the task of one that is not gone.
        """
        territory = await self.by_id(tenant)
        if territory is None:
            raise TerritoryClosedError(str(tenant))
        return territory

    async def is_active(self, tenant: UUID) -> bool:
        """Whether things may be changed in a territory."""
        territory = await self.by_id(tenant)
        return territory is not None and not territory.read_only

    async def read_logo(self, tenant: UUID) -> bytes | None:
        """The logo of a territory, an SVG or a PNG that is safe to show."""
        async with self._database.platform_session(role="public") as session:
            logo: bytes | None = await session.scalar(
                select(self._row.logo).where(self._row.id == tenant)
            )
        return logo

    def invalidate(self) -> None:
        """Read the table again at the next question, whether or not it changed."""
        self._read_at = -self._max_age - 1
        self._state = None

    def _territory(self, row: Any, layers: Sequence[Sequence[Any]]) -> Territory:
        return Territory(
            id=row.id,
            slug=row.slug,
            name=row.name,
            tagline=row.tagline,
            languages=tuple(row.languages),
            hosts=tuple(row.hosts),
            origin=self._origin(row.hosts[0]),
            box=tuple(row.box) if row.box else None,
            contact=row.contact,
            theme=row.theme,
            theme_css=row.theme_css,
            links=row.links,
            search=row.search,
            time_zone=row.time_zone,
            second_factor=row.second_factor,
            mail_sender=row.mail_sender,
            site=getattr(row, "site", {}),
            login_providers=read_login_providers(row.login_providers),
            outlines=read_layers(layers),
            read_only=row.state == READ_ONLY,
        )


def _group_by_host(territories: Sequence[Territory]) -> dict[str, Territory]:
    """Each host, which leads to the first that has it: a request is not compared with every territory."""
    by_host: dict[str, Territory] = {}
    for territory in territories:
        for host in territory.hosts:
            by_host.setdefault(host, territory)
    return by_host


def _without_port(host: str) -> str:
    return (
        host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    ).lower()


async def find_taken_hosts(
    session: AsyncSession, row: Any, slug: str, hosts: Sequence[str]
) -> dict[str, str]:
    """The hosts of the list that belong to another territory, with its slug."""
    others = await session.scalars(
        select(row).where(row.slug != slug, row.hosts.overlap(list(hosts)))
    )
    return {
        host: other.slug for other in others for host in hosts if host in other.hosts
    }


async def set_state(
    session: AsyncSession, row: Any, slug: str, state: TerritoryState
) -> str:
    """Suspend a territory, have it only read, or resume it, as the owner: "updated", or "unchanged" when it was so already.

    One that is suspended stays so rather than be read.

    Raises:
        NotFoundError: none has this slug.
        ConflictError: it is a copy that no archive opened yet.
    """
    tenant = await session.scalar(select(row).where(row.slug == slug))
    if tenant is None:
        raise NotFoundError(
            f"No territory is called «{slug}».", remedy="See `udi tenant list`."
        )
    if tenant.state == ARRIVING:
        raise ConflictError(
            f"The territory «{slug}» is arriving: an archive opens it, nothing else.",
            remedy="Import its last archive without --follow (`udi tenant import`), or remove it (`udi tenant retire`).",
        )
    is_closed = state == READ_ONLY and tenant.state == "suspended"
    if tenant.state == state or is_closed:
        return "unchanged"
    tenant.state = state
    return "updated"


async def upsert(session: AsyncSession, row: Any, values: Mapping[str, Any]) -> str:
    """Write a territory's row as the owner: "created", "updated", or "unchanged" when it says this already."""
    tenant = await session.scalar(select(row).where(row.slug == values["slug"]))
    if tenant is None:
        session.add(row(**values))
        return "created"
    if all(getattr(tenant, key) == value for key, value in values.items()):
        return "unchanged"
    for key, value in values.items():
        setattr(tenant, key, value)
    tenant.applied_at = now()
    return "updated"

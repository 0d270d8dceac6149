"""A producer moves from the hosted node to its own and back: each node lets go of a whole space, and takes one up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.local.errors import LocalError
from udi.cli.own.space_archive import SpaceArchive, opened, put_files, require_known, write_space
from udi.cli.own.space_rows import Held, bring, hold, remove
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.node.datasets.archive import announce_again, take_up
from udi.node.datasets.leaving.holding import list_addresses
from udi.node.datasets.models import Dataset
from udi.node.files.sealing import SealingStore
from udi.node.portals.queries import list_portals
from udi.node.spaces.models import Space
from udi.node.spaces.moved import bring_back, move_addresses
from udi.portal.nodes.actions.hand_over import find_hosted, find_own, hand_over
from udi.portal.nodes.models import Node
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisations
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import Settings


@dataclass(frozen=True)
class Moved:
    """What left or arrived."""

    producer: str
    datasets: int
    files: int
    archive: str


@dataclass(frozen=True)
class Place:
    """A node where a space is: its database and files, the territory there, its address."""

    settings: Settings
    tenant: UUID
    territory: str
    origin: str

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[AsyncSession, SealingStore]]:
        """One transaction of the owner, and the files."""
        database = Database(self.settings, "node", pool_size=3)
        try:
            async with database.session(self.tenant, role="owner") as session:
                yield session, SealingStore.over(self.settings, database)
        finally:
            await database.close()


@dataclass(frozen=True)
class Handing:
    """The portal lets a node publish what another did."""

    settings: Settings
    tenant: UUID
    producer: str
    to: str
    """The node of the producer's own that takes, or empty for the hosted one, which takes back."""
    giver: str = ""

    async def run(self) -> int:
        """Do it; how many datasets. May be repeated."""
        database = Database(self.settings, "portal", pool_size=1)
        try:
            async with database.session(self.tenant, role="worker") as session:
                producer = await find_producer(session, self.producer)
                own = await find_own(session, self.to or self.giver, producer)
                hosted = await find_hosted(session)
                giver, taker = (hosted, own) if self.to else (own, hosted)
                return await hand_over(session, producer, giver=giver, taker=taker)
        finally:
            await database.close()


async def let_go(place: Place, slug: str, target: Path, *, to: str, handing: Handing | None = None) -> Moved:
    """Write a whole space into an archive, then forget it here; its addresses lead to the other node.

    The space is locked meanwhile, nothing of it is on its way to the portal, and nothing is forgotten before the archive was read again whole. `handing` tells the
    portal, where it is at hand, before.

    Raises:
        LocalError: a file is gone or damaged; nothing changed.
    """
    async with place.opened() as (session, store):
        held = await _held(session, slug)
        await _require_alone(session, held)
        files = await write_space(session, held, store, target, territory=place.territory, origin=place.origin)
        if handing:
            await handing.run()
        await move_addresses(session, held.space, to, await list_addresses(session, held.space))
        await remove(session, held)
        held.space.figures_dataset_id, held.space.publishes_figures = None, False
    if handing:
        await handing.run()  # a push whose sender was killed on the way may have arrived meanwhile
    return Moved(slug, len(held.datasets), files, str(target))


async def _require_alone(session: AsyncSession, held: Held) -> None:
    """Nobody would bring what a further portal shows up to date: it is left before."""
    shown = [each for each in await list_portals(session) if held.space.slug in each.spaces]
    if shown:
        cause = f"«{held.space.slug}» is shown on {', '.join(each.origin for each in shown)} too"
        raise LocalError(cause, "leave it first: udi node leave-portal <folder> <address>, then let the node run")


async def _held(session: AsyncSession, slug: str) -> Held:
    held = await hold(session, slug)
    if held is None:
        raise NotFoundError(f"No space is called «{slug}» here.", remedy="See `udi producer list`.")
    if not held.known:
        raise LocalError(f"The space «{slug}» holds nothing", "there is nothing to move; publish where you want to")
    return held


async def take(place: Place, path: Path, *, handing: Handing | None = None) -> Moved:
    """Put an archive's space here, and tell the portal the new addresses of what it shows. A stopped one begins again.

    Raises:
        RefusedArchiveError, LocalError: it is not whole, of another territory, or its datasets are here already.
    """
    with opened(path) as archive:
        require_known(place.settings, archive)
        about, slug = archive.about, str(archive.about["producer"]["slug"])
        if about["territory"]["id"] != str(place.tenant):
            raise LocalError(f"The archive is of the territory «{about['territory']['slug']}»", "take it to its node")
        async with place.opened() as (session, store):
            space = await _space_for(session, archive)
            files = await put_files(archive, store, place.tenant, space.id)
            if handing:
                await handing.run()
            await bring_back(session, slug)
            await bring(session, space, archive.lines(), {about["origin"]: place.origin})
            datasets = [row["id"] for row in archive.rows("dataset")]
            await announce_again(session, datasets)
            await take_up(session, datasets)
            _set_figures(space, archive)
    return Moved(slug, len(datasets), files, str(path))


async def _space_for(session: AsyncSession, archive: SpaceArchive) -> Space:
    wanted = archive.about["producer"]
    query = select(Space).where(Space.organisation_id == UUID(wanted["id"]), Space.slug == wanted["slug"])
    space = await session.scalar(query.with_for_update())
    if space is None:
        raise LocalError(f"This node has no space for «{wanted['slug']}»", "invite it for this producer first")
    ids = [row["id"] for row in archive.rows("dataset")]
    if await session.scalar(select(Dataset.id).where(Dataset.id.in_(ids)).limit(1)):
        raise LocalError("Its datasets are here already", "there is nothing more to do")
    return space


def _set_figures(space: Space, archive: SpaceArchive) -> None:
    said = archive.about["producer"]
    if said["figures_dataset_id"]:
        space.figures_dataset_id, space.publishes_figures = UUID(said["figures_dataset_id"]), said["publishes_figures"]


async def find_producer(session: AsyncSession, slug: str) -> Organisation:
    """An organisation of the territory.

    Raises:
        NotFoundError: there is none of this name.
    """
    found = (await find_organisations(session, [slug])).get(slug)
    if found is None:
        raise NotFoundError(f"No organisation is called «{slug}».", remedy="See `udi producer list`.")
    return found


async def find_hosted_place(settings: Settings, territory: str) -> tuple[Place, Tenant]:
    """The hosted node of a territory of this installation."""
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
    finally:
        await database.close()
    return Place(settings, tenant.id, territory, tenant.links["node"]), tenant


async def find_own_node_of(settings: Settings, tenant: UUID, producer: str, slug: str) -> Node:
    """The producer's own node of this name, as the portal knows it.

    Raises:
        NotFoundError, ConflictError: there is none, or it may not publish for this producer.
    """
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.session(tenant, role="worker") as session:
            return await find_own(session, slug, await find_producer(session, producer))
    finally:
        await database.close()

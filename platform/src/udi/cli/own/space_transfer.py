"""A producer moves from the hosted node to its own and back: each node lets go of a whole space, and takes one up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.local.errors import LocalError
from udi.cli.own.space_archive import (
    SpaceTransferArchive,
    import_files,
    open_space_archive,
    require_known_revision,
    write_space,
)
from udi.cli.own.space_rows import (
    SpaceContents,
    delete_space_rows,
    import_rows,
    lock_space,
)
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.node.datasets.archive import reannounce_datasets, requeue_pending
from udi.node.datasets.models import Dataset
from udi.node.datasets.space_export.contents import list_addresses
from udi.node.files.encryption.sealing_store import SealingStore
from udi.node.portals.queries import list_portals
from udi.node.spaces.models import Space
from udi.node.spaces.redirects import move_addresses, remove_redirects
from udi.portal.nodes.actions.hand_over import (
    get_hosted_node,
    get_own_node,
    hand_over_datasets,
)
from udi.portal.nodes.models import Node
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisations
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import Settings


@dataclass(frozen=True)
class MoveResult:
    """What left or arrived."""

    producer: str
    datasets: int
    files: int
    archive: str


@dataclass(frozen=True)
class SpaceHost:
    """A node where a space is: its database and files, the territory there, its address."""

    settings: Settings
    tenant: UUID
    territory: str
    origin: str

    @asynccontextmanager
    async def open_session(self) -> AsyncIterator[tuple[AsyncSession, SealingStore]]:
        """One transaction of the owner, and the files."""
        database = Database(self.settings, "node", pool_size=3)
        try:
            async with database.session(self.tenant, role="owner") as session:
                yield session, SealingStore.from_settings(self.settings, database)
        finally:
            await database.close()


@dataclass(frozen=True)
class PublicationHandover:
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
                producer = await get_producer(session, self.producer)
                producer_node = await get_own_node(
                    session, self.to or self.giver, producer
                )
                hosted = await get_hosted_node(session)
                giver, taker = (
                    (hosted, producer_node) if self.to else (producer_node, hosted)
                )
                return await hand_over_datasets(
                    session, producer, giver=giver, taker=taker
                )
        finally:
            await database.close()


async def export_space(
    place: SpaceHost,
    slug: str,
    target: Path,
    *,
    to: str,
    handing: PublicationHandover | None = None,
) -> MoveResult:
    """Write a whole space into an archive, then forget it here; its addresses lead to the other node.

    The space is locked meanwhile, nothing of it is on its way to the portal, and nothing is forgotten before the archive was read again whole. `handing` tells the
    portal, where it is at hand, before.

    Raises:
        LocalError: a file is gone or damaged; nothing changed.
    """
    async with place.open_session() as (session, store):
        inventory = await _lock_existing_space(session, slug)
        await _require_single_portal(session, inventory)
        files = await write_space(
            session,
            inventory,
            store,
            target,
            territory=place.territory,
            origin=place.origin,
        )
        if handing:
            await handing.run()
        await move_addresses(
            session, inventory.space, to, await list_addresses(session, inventory.space)
        )
        await delete_space_rows(session, inventory)
        inventory.space.figures_dataset_id = None
        inventory.space.publishes_figures = False
    if handing:
        await (
            handing.run()
        )  # a push whose sender was killed on the way may have arrived meanwhile
    return MoveResult(slug, len(inventory.datasets), files, str(target))


async def _require_single_portal(
    session: AsyncSession, inventory: SpaceContents
) -> None:
    """Nobody would bring what a further portal shows up to date: it is left before."""
    further_portals = [
        portal
        for portal in await list_portals(session)
        if inventory.space.slug in portal.spaces
    ]
    if further_portals:
        cause = f"«{inventory.space.slug}» is shown on {', '.join(portal.origin for portal in further_portals)} too"
        raise LocalError(
            cause,
            "leave it first: udi node leave-portal <folder> <address>, then let the node run",
        )


async def _lock_existing_space(session: AsyncSession, slug: str) -> SpaceContents:
    inventory = await lock_space(session, slug)
    if inventory is None:
        raise NotFoundError(
            f"No space is called «{slug}» here.", remedy="See `udi producer list`."
        )
    if not inventory.all_datasets:
        raise LocalError(
            f"The space «{slug}» holds nothing",
            "there is nothing to move; publish where you want to",
        )
    return inventory


async def import_space(
    place: SpaceHost, path: Path, *, handing: PublicationHandover | None = None
) -> MoveResult:
    """Put an archive's space here, and tell the portal the new addresses of what it shows. A stopped one begins again.

    Raises:
        InvalidArchiveError, LocalError: it is not whole, of another territory, or its datasets are here already.
    """
    with open_space_archive(path) as archive:
        require_known_revision(place.settings, archive)
        about = archive.description
        slug = str(archive.description["producer"]["slug"])
        if about["territory"]["id"] != str(place.tenant):
            raise LocalError(
                f"The archive is of the territory «{about['territory']['slug']}»",
                "take it to its node",
            )
        async with place.open_session() as (session, store):
            space = await _get_space(session, archive)
            files = await import_files(archive, store, place.tenant, space.id)
            if handing:
                await handing.run()
            await remove_redirects(session, slug)
            await import_rows(
                session, space, archive.read_lines(), {about["origin"]: place.origin}
            )
            datasets = [row["id"] for row in archive.read_rows("dataset")]
            await reannounce_datasets(session, datasets)
            await requeue_pending(session, datasets)
            _set_figures(space, archive)
    return MoveResult(slug, len(datasets), files, str(path))


async def _get_space(session: AsyncSession, archive: SpaceTransferArchive) -> Space:
    producer = archive.description["producer"]
    query = select(Space).where(
        Space.organisation_id == UUID(producer["id"]), Space.slug == producer["slug"]
    )
    space = await session.scalar(query.with_for_update())
    if space is None:
        raise LocalError(
            f"This node has no space for «{producer['slug']}»",
            "invite it for this producer first",
        )
    ids = [row["id"] for row in archive.read_rows("dataset")]
    if await session.scalar(select(Dataset.id).where(Dataset.id.in_(ids)).limit(1)):
        raise LocalError("Its datasets are here already", "there is nothing more to do")
    return space


def _set_figures(space: Space, archive: SpaceTransferArchive) -> None:
    producer = archive.description["producer"]
    if producer["figures_dataset_id"]:
        space.figures_dataset_id = UUID(producer["figures_dataset_id"])
        space.publishes_figures = producer["publishes_figures"]


async def get_producer(session: AsyncSession, slug: str) -> Organisation:
    """An organisation of the territory.

    Raises:
        NotFoundError: there is none of this name.
    """
    organisation = (await find_organisations(session, [slug])).get(slug)
    if organisation is None:
        raise NotFoundError(
            f"No organisation is called «{slug}».", remedy="See `udi producer list`."
        )
    return organisation


async def find_space_host(
    settings: Settings, territory: str
) -> tuple[SpaceHost, Tenant]:
    """The hosted node of a territory of this installation."""
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
    finally:
        await database.close()
    return SpaceHost(settings, tenant.id, territory, tenant.links["node"]), tenant


async def find_registered_node(
    settings: Settings, tenant: UUID, producer: str, slug: str
) -> Node:
    """The producer's own node of this name, as the portal knows it.

    Raises:
        NotFoundError, ConflictError: there is none, or it may not publish for this producer.
    """
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.session(tenant, role="worker") as session:
            return await get_own_node(
                session, slug, await get_producer(session, producer)
            )
    finally:
        await database.close()

"""What uses a dataset whose page goes: followers, reuses, calls, services and reports of faults go on with the page that stays."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from uuid import UUID

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.jobs import Handlers, Job
from udi.kit.service_registry import Hook
from udi.portal.catalogue.feeds.topics import DATASET
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.services.models import CatalogueServiceDataset
from udi.portal.nodes.sources.matches.proposals import order_pair
from udi.portal.nodes.sources.models import DatasetMatch, MatchState, SourceRecord
from udi.portal.nodes.sources.service_changes import (
    date_services,
    note_changed_services,
)
from udi.portal.notifications.models import Following
from udi.ui.site import Site

MOVE_USES = "move_uses"
MOVE_RENAMED = "move_uses_of_renamed"
MoveUses = Callable[[AsyncSession, UUID, UUID], Awaitable[None]]
"""Have what a domain keeps of the first dataset be of the second."""
DATASET_USES = Hook[MoveUses]("uses of a dataset that is one with another")
FindBound = Callable[[AsyncSession, Collection[UUID]], Awaitable[set[UUID]]]
"""Those of some datasets whose page may not go: somebody signed for it, or waits for an answer."""
BOUND_DATASETS = Hook[FindBound]("datasets whose page may not go")
QUIET = {"synchronize_session": False}


async def queue_move(session: AsyncSession, former: UUID, later: UUID) -> None:
    """Have the uses moved by the worker: followings are seen by their own people alone, and by it."""
    payload = {"dataset": str(former), "instead": str(later)}
    await jobs.enqueue(session, MOVE_USES, payload)


async def queue_renamed(session: AsyncSession, stays: Mapping[UUID, UUID]) -> None:
    """The same for records that a person said to be renamed: by each page that goes, the one that stays."""
    if stays:
        moves = {str(goes): str(later) for goes, later in stays.items()}
        await jobs.enqueue(session, MOVE_RENAMED, {"moves": moves})


def task_handlers(site: Site) -> Handlers:
    """The jobs of this module; those of a closed territory wait, and once the answer is taken back they do nothing."""

    async def move(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        former = UUID(job.payload["dataset"])
        later = UUID(job.payload["instead"])
        async with site.database.session(territory.id, role="worker") as session:
            if await _is_same(session, former, later):
                stays = await _find_page(session, former, later)
                await move_uses(site, session, former, stays)

    async def move_renamed(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        async with site.database.session(territory.id, role="worker") as session:
            for goes, later in job.payload["moves"].items():
                stays = await _find_page(session, UUID(goes), UUID(later))
                await move_uses(site, session, UUID(goes), stays)

    return {MOVE_USES: move, MOVE_RENAMED: move_renamed}


async def _is_same(session: AsyncSession, former: UUID, later: UUID) -> bool:
    """Whether two datasets are one still; nobody takes that back before the transaction ends."""
    first, second = order_pair(former, later)
    query = select(DatasetMatch.state).where(
        DatasetMatch.first_id == first, DatasetMatch.second_id == second
    )
    state = await session.scalar(query.with_for_update(read=True))
    return state == MatchState.SAME


async def _find_page(session: AsyncSession, former: UUID, later: UUID) -> UUID:
    """The page of the later dataset, or the published one that it is the same as meanwhile, whatever stands between."""
    page = later
    passed = {former}
    while page not in passed:
        passed.add(page)
        state = await session.scalar(select(Dataset.state).where(Dataset.id == page))
        if state == DatasetState.PUBLISHED:
            return page
        following = select(SourceRecord.same_as).where(
            SourceRecord.id == page, SourceRecord.same_as.not_in(passed)
        )
        page = (
            await session.scalar(following.order_by(SourceRecord.source_id).limit(1))
            or page
        )
    return page


async def move_uses(
    site: Site, session: AsyncSession, former: UUID, later: UUID
) -> None:
    """Move followings, services and what other domains keep; done again, it changes nothing."""
    await _move_followings(session, former, later)
    await _move_services(session, former, later)
    for move in site.services.contributions(DATASET_USES):
        await move(session, former, later)


async def _move_followings(session: AsyncSession, former: UUID, later: UUID) -> None:
    theirs = (Following.kind == DATASET, Following.target == str(former))
    rows = await session.execute(
        select(Following.person_id, Following.created_at).where(*theirs)
    )
    moved = [
        {
            "person_id": row.person_id,
            "kind": DATASET,
            "target": str(later),
            "created_at": row.created_at,
        }
        for row in rows
    ]
    if moved:
        await session.execute(insert(Following).on_conflict_do_nothing(), moved)
        await session.execute(delete(Following).where(*theirs), execution_options=QUIET)


async def _move_services(session: AsyncSession, former: UUID, later: UUID) -> None:
    link = CatalogueServiceDataset
    of_former = link.dataset_id == former
    copied = select(
        link.tenant_id, link.service_id, literal(later, link.dataset_id.type)
    ).where(of_former)
    columns = ["tenant_id", "service_id", "dataset_id"]
    await session.execute(
        insert(link).from_select(columns, copied).on_conflict_do_nothing()
    )
    left = delete(link).where(of_former).returning(link.service_id)
    services = (await session.execute(left, execution_options=QUIET)).scalars().all()
    if services:
        await date_services(session, services, now())
        await note_changed_services(session, [former, later])

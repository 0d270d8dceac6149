"""What the tests of a copy that follows do at its origin."""

import asyncio
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, select

from tests.cli.archiving import HALL, Life, bring, export_to
from tests.contract.node import make_record
from udi.cli.archive.contents import PROGRAMS
from udi.cli.archive.difference import DifferenceCounts, export_difference
from udi.cli.archive.exporter import LETTING_TASKS_END
from udi.cli.archive.retire import JOBS
from udi.kit.db import Database
from udi.portal.catalogue.actions import store_dataset
from udi.portal.catalogue.models import Dataset as Listed
from udi.portal.nodes.models import Report
from udi.portal.organisations.models import Organisation
from udi.protocol.record import read_record
from udi.settings import Settings


async def begin_copy(life: Life, elsewhere: Settings, target: Path) -> Path:
    """A whole archive, and the copy that follows from it."""
    await export_to(life, target)
    await bring(elsewhere, target, follow=True)
    return target


async def difference_to(life: Life, target: Path, since: Path) -> DifferenceCounts:
    """Write what changed at home since an archive."""
    counts, _ = await _export(life, target, since, refuse_writes=False)
    return counts


async def last_difference_to(life: Life, target: Path, since: Path) -> DifferenceCounts:
    """The same once changes are refused: it waits for the tasks of home, which workers end meanwhile."""
    counts, tasks = await _export(life, target, since, refuse_writes=True)
    assert tasks > 0
    return counts


async def _export(
    life: Life, target: Path, since: Path, *, refuse_writes: bool
) -> tuple[DifferenceCounts, int]:
    """What a difference has, and how often it waited for tasks."""
    ending = list[asyncio.Task[None]]()

    def tell(step: str) -> None:
        if step == LETTING_TASKS_END:
            ending.append(asyncio.create_task(end_tasks(life)))

    _, counts = await export_difference(
        life.settings, life.slug, target, since=since, refuse_writes=refuse_writes, tell=tell
    )  # fmt: skip
    await asyncio.gather(*ending)
    return counts, len(ending)


async def end_tasks(life: Life) -> None:
    """As if the workers of both programs had done what was queued at home."""
    for program in PROGRAMS:
        database = Database(life.settings, program, pool_size=1)
        async with database.session(life.id, role="owner") as session:
            await session.execute(JOBS, {"tenant": str(life.id)})
        await database.close()


async def change_catalogue(life: Life, title: str) -> None:
    """One dataset more and one renamed, at home; no report of a push any more."""
    database = Database(life.settings, "portal", pool_size=1)
    async with database.session(life.id, role="owner") as session:
        hall = (
            await session.scalars(select(Organisation).where(Organisation.slug == HALL))
        ).one()
        dataset = await session.get_one(Listed, (life.id, UUID(life.published[0])))
        dataset.title = title
        dataset.record = {**dataset.record, "resource_title": title}
        record = make_record(hall.id, resource_title=title, local_id=f"new-{title}")
        await store_dataset(session, read_record(record), node_id=dataset.node_id)
        await session.execute(delete(Report).where(Report.tenant_id == life.id))
    await database.close()

"""What the tests of a copy that follows do at its origin."""

from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from tests.cli.archiving import HALL, Life, bring, export_to, quiet
from tests.contract.node import make_record
from udi.cli.archive.difference import DifferenceCounts, export_difference
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


async def difference_to(
    life: Life, target: Path, since: Path, **options: Any
) -> DifferenceCounts:
    """Write what changed at home since an archive."""
    _, counts = await export_difference(
        life.settings, life.slug, target, since=since, tell=quiet, **options
    )
    return counts


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

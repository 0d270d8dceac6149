"""What a version changes of the one before it: found once in a child, when its table is made, and kept beside it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.child import ChildError, run
from udi.node.datasets.models import Dataset, Preparation, PreparationState, Version
from udi.node.datasets.versions.findings import COMPARED_WITH, DIFFERENCE
from udi.node.files.storage.local_copies import open_temporary_folder
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.limits import enqueue_heavy_job
from udi.tabular.columns.column import TypedColumn
from udi.tabular.difference.difference import compute_difference
from udi.tabular.profiles.profile import Profile

log = structlog.get_logger()
SECONDS = 120.0
MEMORY = 2048
ROOM = 4 * 1024**3
COMPARE_VERSION = "compare_version"
MADE_FROM = "made_from"
"""Among the corrections of a file that the node made harmless."""


async def find_earlier_version(
    session: AsyncSession, version: Version
) -> Version | None:
    """The last version before this one whose table is here."""
    query = (
        select(Version)
        .join(Preparation)
        .where(Preparation.state == PreparationState.READY)
    )
    query = query.where(
        Version.dataset_id == version.dataset_id,
        Version.part_id.is_not_distinct_from(version.part_id),
        Version.number < version.number,
    )
    earlier_version: Version | None = await session.scalar(
        query.order_by(Version.number.desc()).limit(1)
    )
    return earlier_version


async def compare_tables(
    before: Version,
    old: Path,
    new: Path,
    columns: Sequence[TypedColumn],
    *,
    examples: bool,
) -> dict[str, Any]:
    """The difference between an earlier version's table and a new one; empty when it is too heavy.

    Without `examples` for a file that the node made harmless: they would say which code stands for whom.
    """
    old_columns = Profile.from_json(before.profile).columns
    try:
        difference = await run(
            compute_difference,
            old,
            old_columns,
            new,
            columns,
            scratch=new.parent,
            memory_mb=MEMORY,
            seconds=SECONDS,
            file_bytes=ROOM,
        )
    except ChildError as error:
        log.warning(
            "versions not compared", version=str(before.id), error=type(error).__name__
        )
        return {}
    return {
        COMPARED_WITH: before.number,
        **(difference if examples else replace(difference, examples=())).as_json(),
    }


async def compare_with_earlier(
    store: ObjectStore,
    before: Version,
    table: Path,
    columns: Sequence[TypedColumn],
    *,
    examples: bool,
) -> dict[str, Any]:
    """The same, the earlier table copied beside the new one; empty when it is gone."""
    old = table.parent / "before.parquet"
    try:
        await store.copy(
            before.file.derived_key(
                before.preparation.table if before.preparation else ""
            ),
            old,
        )
    except FileNotFoundError:
        return {}
    return await compare_tables(before, old, table, columns, examples=examples)


async def request_comparison(session: AsyncSession, version: Version) -> None:
    """Forget what a version changes of one that is gone, and have it compared with the one that is before it now."""
    if version.preparation is not None:
        version.preparation.findings = {**version.preparation.findings, DIFFERENCE: {}}
        await enqueue_heavy_job(
            session,
            version.file.space_id,
            COMPARE_VERSION,
            {"version": str(version.id)},
        )


async def compare_version(storage: TenantStorage, version_id: UUID) -> None:
    """Compare a version with the one before it, unless it is looked at meanwhile, which does the same."""
    async with storage.session() as session:
        version = await session.scalar(select(Version).where(Version.id == version_id))
        if version:
            before = await find_earlier_version(session, version)
        else:
            before = None
    preparation = version.preparation if version else None
    if (
        version is None
        or before is None
        or preparation is None
        or preparation.state != PreparationState.READY
    ):
        return
    memory = await storage.store.reading_folder(version.file.key)
    with open_temporary_folder("udi-prepare-", memory) as folder:
        table = folder / "table.parquet"
        columns = Profile.from_json(version.profile).columns
        try:
            await storage.store.copy(version.file.derived_key(preparation.table), table)
        except FileNotFoundError:
            return
        examples = MADE_FROM not in preparation.corrections and memory is None
        difference = await compare_with_earlier(
            storage.store, before, table, columns, examples=examples
        )
    await _save_difference(storage, version, before, difference)


async def _save_difference(
    storage: TenantStorage,
    compared: Version,
    before: Version,
    difference: dict[str, Any],
) -> None:
    """Keep it, or begin again when the version before was removed meanwhile."""
    async with storage.session() as session:
        dataset = await session.scalar(
            select(Dataset)
            .where(Dataset.id == compared.dataset_id)
            .with_for_update(of=Dataset)
        )
        if dataset:
            versions = {version.id: version for version in dataset.files}
        else:
            versions = {}
        version = versions.get(compared.id)
        revision = compared.preparation.revision if compared.preparation else 0
        if (
            version is None
            or version.preparation is None
            or version.preparation.revision != revision
        ):
            return
        if before.id in versions:
            version.preparation.findings = {
                **version.preparation.findings,
                DIFFERENCE: difference,
            }
        else:
            await request_comparison(session, version)

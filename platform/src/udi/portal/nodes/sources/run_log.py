"""What a reading did and met, kept as rows: so many at most, then only counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.sources.models import (
    RecordOutcome,
    SourceAction,
    SourceFault,
    SourceRecord,
    SourceRun,
)
from udi.protocol.faults import shorten

MOST_LOGGED_FAULTS = 1000
MOST_ACTIONS = 10_000
LONGEST = 200


@dataclass(frozen=True)
class RecordLogEntry:
    """What was done with a record, and what there is to say of it."""

    action: RecordOutcome
    identifier: str
    title: str
    dataset: UUID | None = None
    faults: Sequence[HarvestFault] = ()


async def log_faults(
    session: AsyncSession, run: SourceRun, faults: Iterable[HarvestFault]
) -> None:
    """Keep what is wrong with the source itself; what was sent is cut short in it already."""
    await _keep_faults(session, run, [(None, "", "", fault) for fault in faults])


async def log_non_datasets(
    session: AsyncSession,
    run: SourceRun,
    others: Iterable[tuple[str, str, HarvestFault]],
) -> None:
    """Keep what a source holds that is no dataset, and is not taken: identifier, title and why."""
    entries = [
        RecordLogEntry(RecordOutcome.LEFT_OUT, identifier, title, faults=(fault,))
        for identifier, title, fault in others
    ]
    run.left_out += len(entries)
    await log_records(session, run, entries)


async def log_records(
    session: AsyncSession, run: SourceRun, entries: Iterable[RecordLogEntry]
) -> None:
    """Keep what was done with records, and what is wrong with them; one that has faults that are kept is kept too."""
    rows = []
    faults = list[tuple[int | None, str, str, HarvestFault]]()
    for entry in entries:
        run.actions += 1
        identifier = shorten(entry.identifier, LONGEST)
        title = shorten(entry.title, LONGEST)
        if run.actions <= MOST_ACTIONS or (
            entry.faults and run.faults + len(faults) < MOST_LOGGED_FAULTS
        ):
            rows.append(
                {
                    "run_id": run.id,
                    "position": run.actions,
                    "dataset_id": entry.dataset,
                    "identifier": identifier,
                    "title": title,
                    "action": entry.action.value,
                }
            )
        faults += [(run.actions, identifier, title, fault) for fault in entry.faults]
    if rows:
        await session.execute(insert(SourceAction), rows)
    await _keep_faults(session, run, faults)


async def log_missing(
    session: AsyncSession, run: SourceRun, conditions: Iterable[Any]
) -> None:
    """Keep which records of a source were not there."""
    position = run.actions + func.row_number().over(order_by=SourceRecord.id)
    query = (
        select(
            literal(run.id),
            position,
            SourceRecord.id,
            func.left(SourceRecord.identifier, LONGEST),
            func.left(Dataset.title, LONGEST),
            literal(RecordOutcome.MISSING.value),
        )
        .join(
            Dataset,
            (Dataset.tenant_id == SourceRecord.tenant_id)
            & (Dataset.id == SourceRecord.id),
        )
        .where(*conditions)
        .order_by(SourceRecord.id)
        .limit(max(MOST_ACTIONS - run.actions, 0))
    )
    columns = ["run_id", "position", "dataset_id", "identifier", "title", "action"]
    await session.execute(insert(SourceAction).from_select(columns, query))
    run.actions += run.missing


async def _keep_faults(
    session: AsyncSession,
    run: SourceRun,
    faults: Iterable[tuple[int | None, str, str, HarvestFault]],
) -> None:
    rows = []
    for about, identifier, title, fault in faults:
        run.faults += 1
        if run.faults <= MOST_LOGGED_FAULTS:
            rows.append(
                {
                    "run_id": run.id,
                    "position": run.faults,
                    "about": about,
                    "identifier": identifier,
                    "title": title,
                    "level": fault.level.value,
                    "code": fault.code,
                    "field": fault.field,
                    "message": fault.message,
                    "remedy": fault.remedy,
                    "filled": fault.values,
                }
            )
    if rows:
        await session.execute(insert(SourceFault), rows)


def read_fault(row: SourceFault) -> HarvestFault:
    """The fault that a row keeps."""
    return HarvestFault(
        row.code, FaultLevel(row.level), row.field, row.message, row.remedy, row.filled
    )

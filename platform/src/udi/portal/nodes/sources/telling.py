"""What a reading did and met, kept as rows: so many at most, then only counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.harvest.faults import Fault, Level
from udi.portal.nodes.sources.models import Action, SourceAction, SourceFault, SourceRecord, SourceRun
from udi.protocol.faults import shorten

MOST_TOLD, MOST_ACTIONS = 1000, 10_000
LONGEST = 200


@dataclass(frozen=True)
class Deed:
    """What was done with a record, and what there is to say of it."""

    action: Action
    identifier: str
    title: str
    dataset: UUID | None = None
    faults: Sequence[Fault] = ()


async def tell(session: AsyncSession, run: SourceRun, faults: Iterable[Fault]) -> None:
    """Keep what is wrong with the source itself; what was sent is cut short in it already."""
    await _keep_faults(session, run, [(None, "", "", fault) for fault in faults])


async def tell_others(session: AsyncSession, run: SourceRun, others: Iterable[tuple[str, str, Fault]]) -> None:
    """Keep what a source holds that is no dataset, and is said to be none: identifier, title and why."""
    kept = [(None, shorten(one, LONGEST), shorten(title, LONGEST), fault) for one, title, fault in others]
    await _keep_faults(session, run, kept)


async def tell_deeds(session: AsyncSession, run: SourceRun, deeds: Iterable[Deed]) -> None:
    """Keep what was done with records, and what is wrong with them; one that has faults that are kept is kept too."""
    rows, faults = [], list[tuple[int | None, str, str, Fault]]()
    for deed in deeds:
        run.acted += 1
        identifier, title = shorten(deed.identifier, LONGEST), shorten(deed.title, LONGEST)
        if run.acted <= MOST_ACTIONS or (deed.faults and run.told + len(faults) < MOST_TOLD):
            rows.append(
                {
                    "run_id": run.id, "position": run.acted, "dataset_id": deed.dataset, "identifier": identifier,
                    "title": title, "action": deed.action.value,
                }
            )  # fmt: skip
        faults += [(run.acted, identifier, title, fault) for fault in deed.faults]
    if rows:
        await session.execute(insert(SourceAction), rows)
    await _keep_faults(session, run, faults)


async def tell_missing(session: AsyncSession, run: SourceRun, conditions: Iterable[Any]) -> None:
    """Keep which records of a source were not there."""
    position = run.acted + func.row_number().over(order_by=SourceRecord.id)
    wanted = (
        select(
            literal(run.id), position, SourceRecord.id, func.left(SourceRecord.identifier, LONGEST),
            func.left(Dataset.title, LONGEST), literal(Action.MISSING.value),
        )
        .join(Dataset, (Dataset.tenant_id == SourceRecord.tenant_id) & (Dataset.id == SourceRecord.id))
        .where(*conditions)
        .order_by(SourceRecord.id)
        .limit(max(MOST_ACTIONS - run.acted, 0))
    )  # fmt: skip
    columns = ["run_id", "position", "dataset_id", "identifier", "title", "action"]
    await session.execute(insert(SourceAction).from_select(columns, wanted))
    run.acted += run.missing


async def _keep_faults(
    session: AsyncSession, run: SourceRun, faults: Iterable[tuple[int | None, str, str, Fault]]
) -> None:
    rows = []
    for about, identifier, title, fault in faults:
        run.told += 1
        if run.told <= MOST_TOLD:
            rows.append(
                {
                    "run_id": run.id, "position": run.told, "about": about, "identifier": identifier, "title": title,
                    "level": fault.level.value, "code": fault.code, "field": fault.field, "message": fault.message,
                    "remedy": fault.remedy, "filled": fault.values,
                }
            )  # fmt: skip
    if rows:
        await session.execute(insert(SourceFault), rows)


def read_fault(row: SourceFault) -> Fault:
    """The fault that a row keeps."""
    return Fault(row.code, Level(row.level), row.field, row.message, row.remedy, row.filled)

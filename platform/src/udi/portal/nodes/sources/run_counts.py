"""What a reading counted, and which of it is told."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.sources.import_results import ImportResult, RecordImport
from udi.portal.nodes.sources.losses.reports import add_to_report
from udi.portal.nodes.sources.models import CatalogueSource, RecordOutcome, SourceRun
from udi.portal.nodes.sources.recognition import mark_present
from udi.portal.nodes.sources.reconciliation import RecordAction
from udi.portal.nodes.sources.run_log import RecordLogEntry, log_records

ALWAYS_REPORTED = frozenset(
    {RecordAction.CREATED, RecordAction.UPDATED, RecordAction.REFUSED}
)
"""What is told of a record, whether there is anything to mend or not."""
AS_BEFORE = (RecordAction.UNCHANGED, RecordAction.ELSEWHERE)
COUNTED = (
    RecordAction.CREATED,
    RecordAction.UPDATED,
    RecordAction.UNCHANGED,
    RecordAction.ELSEWHERE,
    RecordAction.REFUSED,
)


async def count_results(
    session: AsyncSession, run: SourceRun, stored: ImportResult
) -> None:
    """Add what was done with a slice, and keep what there is to say of it."""
    run.created += stored.count(RecordAction.CREATED)
    run.updated += stored.count(RecordAction.UPDATED)
    run.unchanged += stored.count(RecordAction.UNCHANGED, RecordAction.ELSEWHERE)
    run.refused += stored.count(RecordAction.REFUSED)
    run.total += stored.count(*COUNTED)
    await add_to_report(session, run, stored.results)
    notable_results = [
        result
        for result in stored.results
        if result.action in ALWAYS_REPORTED
        or (result.action in AS_BEFORE and result.faults)
    ]
    await log_records(session, run, map(_build_log_entry, notable_results))


def _build_log_entry(result: RecordImport) -> RecordLogEntry:
    if result.action in AS_BEFORE:
        outcome = RecordOutcome.UNCHANGED
    else:
        outcome = RecordOutcome(result.action.value)
    return RecordLogEntry(
        outcome,
        result.identifier,
        result.title,
        result.dataset_id,
        result.faults,
    )


async def note_present(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    identifiers: Sequence[str],
) -> None:
    """What is there, and did not change, is as before."""
    unchanged = await mark_present(session, source.id, run.id, identifiers)
    run.unchanged += unchanged
    run.total += unchanged

"""Reports on losses: one for each reading that read records, filled slice by slice in the transaction that stores them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.sources.import_results import RecordImport
from udi.portal.nodes.sources.losses.accounts import (
    Accounts,
    add_record,
    merge_accounts,
)
from udi.portal.nodes.sources.losses.comparison import compare_record
from udi.portal.nodes.sources.losses.european_score import count_measures
from udi.portal.nodes.sources.models import SourceReport, SourceRun
from udi.portal.nodes.sources.reconciliation import RecordAction


@dataclass
class _SliceReport:
    """What became of the records of one slice."""

    records: int = 0
    accounts: Accounts = field(default_factory=dict)
    measures: dict[str, int] = field(default_factory=dict)

    def total(self, outcome: str) -> int:
        return sum(getattr(account, outcome) for account in self.accounts.values())


async def add_to_report(
    session: AsyncSession, run: SourceRun, results: Sequence[RecordImport]
) -> None:
    """Count what became of the fields of these records; those that were refused are told elsewhere.

    A reading of what changed only says nothing of the rest: it has no report.
    """
    if run.incremental:
        return
    taken = [
        result
        for result in results
        if result.record
        and result.harvest_record
        and result.harvest_record.source_record.statements
        and result.action is not RecordAction.REFUSED
    ]
    if not taken:
        return
    compared = await asyncio.to_thread(_compare, taken)
    query = select(SourceReport).where(SourceReport.run_id == run.id)
    report = await session.scalar(query)
    if report is None:
        report = SourceReport(
            run_id=run.id,
            records=0,
            preserved=0,
            changed=0,
            lost=0,
            fields={},
            measures={},
        )
        session.add(report)
    report.records += compared.records
    report.preserved += compared.total("preserved")
    report.changed += compared.total("changed")
    report.lost += compared.total("lost")
    report.fields = merge_accounts(report.fields, compared.accounts)
    names = {*report.measures, *compared.measures}
    report.measures = {
        name: report.measures.get(name, 0) + compared.measures.get(name, 0)
        for name in sorted(names)
    }
    await session.flush()


def _compare(results: Sequence[RecordImport]) -> _SliceReport:
    report = _SliceReport(records=len(results))
    for result in results:
        if result.record is None or result.harvest_record is None:
            continue
        values = compare_record(result.harvest_record, result.record, result.faults)
        dataset = result.dataset_id
        add_record(
            report.accounts, values, result.title, str(dataset) if dataset else ""
        )
    records = [result.record for result in results if result.record]
    report.measures = count_measures(records)
    return report

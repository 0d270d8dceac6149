"""Reading the reports on losses of a source: that of a reading, and those of the readings before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.portal.catalogue.links.queries import select_link_rows
from udi.portal.catalogue.models import Dataset, Distribution, Link, LinkState
from udi.portal.nodes.sources.losses.accounts import FieldAccount, read_accounts
from udi.portal.nodes.sources.losses.european_score import (
    CHECKED,
    CHECKED_DOWNLOADS,
    EuropeanScore,
    score,
)
from udi.portal.nodes.sources.models import CatalogueSource, SourceReport, SourceRun
from udi.protocol.vocabulary import DOWNLOAD

MOST_READINGS = 30
ANSWERING = (LinkState.REACHABLE, LinkState.MOVED)


@dataclass(frozen=True)
class FieldLoss:
    """A field of the source, and what became of it."""

    name: str
    account: FieldAccount


@dataclass(frozen=True)
class LossReport:
    """What became of all fields in one reading, the worst first, and the European score of what came of them."""

    run: SourceRun
    report: SourceReport
    fields: Sequence[FieldLoss]
    score: EuropeanScore

    @property
    def total(self) -> int:
        """Values of all fields."""
        return self.report.preserved + self.report.changed + self.report.lost


@dataclass(frozen=True)
class LossPoint:
    """One reading of the past. `points`: its European score without what looks at links found, which change later."""

    reading: UUID
    ended: datetime
    records: int
    preserved: int
    changed: int
    lost: int
    points: int

    @property
    def share(self) -> float | None:
        """Values that are here as they are there, of all."""
        total = self.preserved + self.changed + self.lost
        return self.preserved / total if total else None


async def find_report(
    session: AsyncSession, source: CatalogueSource, reading: UUID | None = None
) -> LossReport | None:
    """The report of a reading, else of the last that has one; None before any has.

    Raises:
        NotFoundError: the reading that is asked for has none.
    """
    query = (
        select(SourceRun, SourceReport)
        .join(SourceReport, SourceReport.run_id == SourceRun.id)
        .where(SourceRun.source_id == source.id, SourceRun.ended_at.is_not(None))
        .order_by(SourceRun.started_at.desc())
        .limit(1)
    )
    if reading:
        query = query.where(SourceRun.id == reading)
    row = (await session.execute(query)).first()
    if row is None:
        if reading:
            raise NotFoundError("This reading has no report, or not any more.")
        return None
    run, report = row
    links = await count_links(session, source)
    return LossReport(
        run,
        report,
        sort_fields(read_accounts(report.fields)),
        score({**report.measures, **links}),
    )


def sort_fields(accounts: dict[str, FieldAccount]) -> list[FieldLoss]:
    """Fields by how much of them is lost, then changed, then by how often they are said."""
    return [
        FieldLoss(name, account)
        for name, account in sorted(
            accounts.items(),
            key=lambda pair: (
                -pair[1].lost,
                -pair[1].changed,
                -pair[1].preserved,
                pair[0],
            ),
        )
    ]


async def list_points(
    session: AsyncSession, source: CatalogueSource
) -> list[LossPoint]:
    """The readings that have a report, the newest first."""
    query = (
        select(
            SourceRun.id,
            SourceRun.ended_at,
            SourceReport.records,
            SourceReport.preserved,
            SourceReport.changed,
            SourceReport.lost,
            SourceReport.measures,
        )
        .join(SourceReport, SourceReport.run_id == SourceRun.id)
        .where(SourceRun.source_id == source.id, SourceRun.ended_at.is_not(None))
        .order_by(SourceRun.started_at.desc())
        .limit(MOST_READINGS)
    )
    return [
        LossPoint(
            reading=row.id,
            ended=row.ended_at,
            records=row.records,
            preserved=row.preserved,
            changed=row.changed,
            lost=row.lost,
            points=score(row.measures).points,
        )
        for row in await session.execute(query)
        if row.ended_at
    ]


async def count_links(session: AsyncSession, source: CatalogueSource) -> dict[str, int]:
    """How many addresses of files were looked at, and how many answered, of all and of those to download."""
    answers = Link.state.in_(ANSWERING)
    downloads = Distribution.contract == DOWNLOAD
    counted = select_link_rows(
        func.count(),
        func.count().filter(answers),
        func.count().filter(downloads),
        func.count().filter(answers, downloads),
    ).where(Dataset.node_id == source.id, Link.state != LinkState.UNCHECKED)
    checked, answering, checked_downloads, answering_downloads = (
        await session.execute(counted)
    ).one()
    return {
        CHECKED: checked,
        "access_answers": answering,
        CHECKED_DOWNLOADS: checked_downloads,
        "download_answers": answering_downloads,
    }

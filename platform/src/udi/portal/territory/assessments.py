"""What the team's pages say of each published dataset, read from its description: made once for each description."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.catalogue.stewards import STEWARD_ID
from udi.portal.nodes.harvest.conversion import EXTRA
from udi.protocol.frequencies import count_late_days
from udi.protocol.hvd import find_categories
from udi.protocol.quality import QualityBar, assess_quality
from udi.protocol.record import restore_record
from udi.protocol.structures import Record
from udi.protocol.vocabulary import MediaKind

MOST_STORED = 50_000
"""Assessments in memory, of all territories; those of the territory that was looked at least recently go first."""
MOST_PER_QUERY = 1000
AT_ONCE = 100
"""Descriptions read before other requests have their turn."""


@dataclass(frozen=True, slots=True)
class DatasetAssessment:
    """What a description says of a dataset; `frequency` is a code of the EU's table, empty without one."""

    percentages: tuple[int, ...]
    """Of the bars of quality but `FRESH`, which changes from day to day, in the order of `QualityBar`."""
    frequency: str
    changed_at: datetime | None
    """When the data changed or appeared, as their source says: without a day, nothing is late or up to date."""
    categories: tuple[str, ...]
    """Of high-value datasets: codes of the EU's vocabulary."""
    has_api: bool
    has_download: bool
    is_harvested: bool = False
    """Read in a catalogue: no node tells when it is late."""


@dataclass(frozen=True)
class AssessedDataset:
    """A published dataset with its assessment."""

    id: UUID
    title: str
    titles: Mapping[str, str]
    """By language, where there are several; the main one has the language of the synopsis."""
    synopsis: Mapping[str, str]
    """By language."""
    organisation_id: UUID
    steward_id: UUID
    """Of the organisation whose people look after it."""
    published_at: datetime
    described_at: datetime
    assessment: DatasetAssessment

    def changed_on(self, zone: tzinfo) -> date | None:
        """The day where the territory lives on which the data changed or appeared; None where nobody says one."""
        moment = self.assessment.changed_at
        return moment.astimezone(zone).date() if moment else None

    def count_late_days(self, today: date, zone: tzinfo) -> int | None:
        """0 in time, None without a rhythm or a day to count from."""
        changed_on = self.changed_on(zone)
        if changed_on is None:
            return None
        return count_late_days(self.assessment.frequency, changed_on, today)


def assess_record(record: Record) -> DatasetAssessment:
    """Read what counts in a description."""
    changed_at = record.dates.stated_update or record.dates.published
    quality = assess_quality(record, record.dates.updated.date())
    kinds = {media.kind for media in record.media}
    return DatasetAssessment(
        percentages=tuple(
            result.percentage
            for result in quality.bars
            if result.bar is not QualityBar.FRESH
        ),
        frequency=sys.intern(record.frequency if changed_at else ""),
        changed_at=changed_at,
        categories=tuple(
            category.authority for category in find_categories(record.keywords)
        ),
        has_api=bool(kinds & {MediaKind.SERVICE, MediaKind.SERIES}),
        has_download=MediaKind.FILE in kinds,
        is_harvested=EXTRA in record.extra,
    )


AssessRecord = Callable[[Record], DatasetAssessment]


class Assessments:
    """Assessments of the datasets of territories, kept while their descriptions stay."""

    def __init__(
        self, assess: AssessRecord = assess_record, most_stored: int = MOST_STORED
    ) -> None:
        self._assess = assess
        self._most_stored = most_stored
        self._territories: dict[
            UUID, dict[UUID, tuple[datetime, DatasetAssessment]]
        ] = {}

    async def list_datasets(self, session: AsyncSession) -> list[AssessedDataset]:
        """Every published dataset of the session's territory, by identifier."""
        territory: UUID = session.info["tenant"]
        query = (
            select(
                Dataset.id,
                Dataset.title,
                Dataset.titles,
                Dataset.synopsis,
                Dataset.organisation_id,
                STEWARD_ID,
                Dataset.published_at,
                Dataset.described_at,
            )
            .where(IS_PUBLISHED)
            .order_by(Dataset.id)
        )
        rows = (await session.execute(query)).all()
        stored = self._territories.pop(territory, {})
        known = {
            row.id: stored[row.id]
            for row in rows
            if row.id in stored and stored[row.id][0] == row.described_at
        }
        unknown = [row.id for row in rows if row.id not in known]
        assessments = await self._read_assessments(session, unknown)
        known |= {
            row.id: (row.described_at, assessments[row.id])
            for row in rows
            if row.id in assessments
        }
        self._store(territory, known)
        return [
            AssessedDataset(*row, known[row.id][1]) for row in rows if row.id in known
        ]

    def _store(
        self,
        territory: UUID,
        assessments: dict[UUID, tuple[datetime, DatasetAssessment]],
    ) -> None:
        self._territories.pop(territory, None)
        total = len(assessments) + sum(map(len, self._territories.values()))
        while self._territories and total > self._most_stored:
            oldest = self._territories.pop(next(iter(self._territories)))
            total -= len(oldest)
        self._territories[territory] = assessments

    async def _read_assessments(
        self, session: AsyncSession, identifiers: list[UUID]
    ) -> dict[UUID, DatasetAssessment]:
        assessments: dict[UUID, DatasetAssessment] = {}
        for start in range(0, len(identifiers), MOST_PER_QUERY):
            batch = identifiers[start : start + MOST_PER_QUERY]
            query = select(Dataset.id, Dataset.record).where(Dataset.id.in_(batch))
            for row in await session.execute(query):
                assessments[row.id] = self._assess(restore_record(row.record))
                if not len(assessments) % AT_ONCE:
                    await asyncio.sleep(0)
        return assessments


ASSESSMENTS = ServiceKey[Assessments]("assessments of datasets", "territory")

"""Those to whom data were given learn that some were corrected, erased or restricted (GDPR art. 19).

The portal carries the notice to the projects. It is told in the night after, with the day alone, so that the hour of a
notice and the hour of an answer are not the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import structlog
from msgspec import MsgspecError
from msgspec.json import decode
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.agreements.models import HeldAgreement
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.datasets.models import Dataset
from udi.node.subject_requests.models import RecipientNotice, SubjectRequest
from udi.node.subject_requests.plan import RequestFacts
from udi.protocol.recipient_notices import (
    MOST_NOTICES,
    PATH,
    DataChange,
    RecipientNoticeAnswer,
    RecipientNoticeReport,
    RecipientNoticeReports,
    RecipientNoticeState,
)
from udi.protocol.subject_requests import SubjectRight

log = structlog.get_logger()
CHANGES: Mapping[SubjectRight, DataChange] = {
    SubjectRight.RECTIFICATION: DataChange.CORRECTED,
    SubjectRight.ERASURE: DataChange.ERASED,
    SubjectRight.RESTRICTION: DataChange.RESTRICTED,
}
"""The rights of which those who read the data are told."""
NIGHT = time(3)
"""When the portal is told, where the producer is."""
AGAIN = timedelta(hours=1)
"""When it is asked again whether a project acknowledged."""
UNREPORTED = ""
OPEN = (UNREPORTED, RecipientNoticeState.WAITING)


@dataclass(frozen=True)
class GivenDataset:
    """A dataset that projects read under agreements, and how many agreements it has."""

    dataset: Dataset
    recipients: int


@dataclass(frozen=True)
class NotifiedRecipients:
    """Under which agreements projects are told of what was done, and how many of them acknowledged."""

    agreements: Sequence[UUID]
    acknowledged: int

    @property
    def notified(self) -> int:
        """How many projects are told."""
        return len(self.agreements)


async def list_given_datasets(
    session: AsyncSession, request: SubjectRequest
) -> Sequence[GivenDataset]:
    """The datasets of the producer that projects read or read once; none for a right of which nobody is told."""
    if SubjectRight(request.right) not in CHANGES:
        return []
    counted = (
        select(HeldAgreement.dataset_id, func.count().label("number"))
        .group_by(HeldAgreement.dataset_id)
        .subquery()
    )
    query = (
        select(Dataset, counted.c.number)
        .join(counted, counted.c.dataset_id == Dataset.id)
        .where(Dataset.space_id == request.space_id)
        .order_by(Dataset.id)
    )
    return [
        GivenDataset(dataset, number)
        for dataset, number in await session.execute(query)
    ]


async def tell_recipients(
    session: AsyncSession, request: SubjectRequest, datasets: Collection[UUID]
) -> None:
    """Have the projects that read these datasets of the producer told; each once for a request."""
    right = SubjectRight(request.right)
    if right not in CHANGES:
        return
    moment = now()
    facts = RequestFacts.of(request)
    change = CHANGES[right]
    for given in await list_given_datasets(session, request):
        if given.dataset.id not in datasets:
            continue
        agreements = select(HeldAgreement.id).where(
            HeldAgreement.dataset_id == given.dataset.id
        )
        for agreement_id in await session.scalars(
            agreements.order_by(HeldAgreement.id)
        ):
            values = {
                "id": uuid4(),
                "space_id": request.space_id,
                "request_id": request.id,
                "subject_id": request.subject_id,
                "agreement_id": agreement_id,
                "dataset_id": given.dataset.id,
                "version": _newest_version(given.dataset),
                "change": change,
                "noticed_on": moment.astimezone(facts.zone).date(),
                "state": UNREPORTED,
                "report_after": _next_night(moment, facts),
            }
            await session.execute(
                insert(RecipientNotice)
                .values(values)
                .on_conflict_do_nothing(
                    index_elements=["tenant_id", "request_id", "agreement_id"]
                )
            )


def _newest_version(dataset: Dataset) -> int:
    numbers = [version.number for version in dataset.versions if version.published_at]
    return max(numbers, default=0)


def _next_night(moment: datetime, facts: RequestFacts) -> datetime:
    local = moment.astimezone(facts.zone)
    night = datetime.combine(local.date() + timedelta(days=1), NIGHT, facts.zone)
    return night.astimezone(moment.tzinfo)


async def list_notified(
    session: AsyncSession, request: SubjectRequest
) -> NotifiedRecipients:
    """Who is told of a request's answer, and how many acknowledged."""
    query = (
        select(RecipientNotice.agreement_id, RecipientNotice.state)
        .where(
            RecipientNotice.request_id == request.id,
            RecipientNotice.state != RecipientNoticeState.UNKNOWN,
        )
        .order_by(RecipientNotice.agreement_id)
    )
    rows = (await session.execute(query)).all()
    states = [state for _, state in rows]
    return NotifiedRecipients(
        [agreement_id for agreement_id, _ in rows],
        states.count(RecipientNoticeState.ACKNOWLEDGED),
    )


async def report_notices(
    database: Database, portal: PortalClient, territory: Territory
) -> int:
    """Tell the portal what is not acknowledged, and learn where each stands; of how many notices.

    Raises:
        PortalUnavailableError: the portal did not take it; it is told again later.
    """
    query = (
        select(RecipientNotice)
        .where(RecipientNotice.state.in_(OPEN), RecipientNotice.report_after <= now())
        .order_by(RecipientNotice.report_after, RecipientNotice.id)
        .limit(MOST_NOTICES)
    )
    async with database.session(territory.id, role="worker") as session:
        notices = [_describe(row) for row in await session.scalars(query)]
    if not notices:
        return 0
    content = await portal.send(
        territory, PATH, RecipientNoticeReports(notices=notices)
    )
    states = _read_answer(content)
    reported = select(RecipientNotice).where(
        RecipientNotice.id.in_([notice.id for notice in notices])
    )
    async with database.session(territory.id, role="worker") as session:
        for row in await session.scalars(reported.with_for_update()):
            row.state = states.get(row.id, row.state)
            row.report_after = now() + AGAIN
        await session.flush()
    return len(notices)


def _describe(row: RecipientNotice) -> RecipientNoticeReport:
    return RecipientNoticeReport(
        id=row.id,
        agreement=row.agreement_id,
        dataset=row.dataset_id,
        version=row.version,
        change=DataChange(row.change),
        noticed_on=row.noticed_on,
    )


def _read_answer(content: bytes) -> Mapping[UUID, RecipientNoticeState]:
    try:
        return decode(content, type=RecipientNoticeAnswer).notices
    except MsgspecError as error:
        raise PortalUnavailableError(
            "The portal's answer about notices cannot be read."
        ) from error


def schedule_notice_reports(
    database: Database, registry: TerritoryRegistry, portal: PortalClient
) -> Schedule:
    """Tell each territory's portal, every ten minutes."""

    async def report(territory: Territory) -> None:
        try:
            await report_notices(database, portal, territory)
        except PortalUnavailableError as error:
            log.info("notices not reported", reason=str(error))
            raise

    async def run() -> None:
        await run_in_each_territory(registry, report)

    return Schedule("report_recipient_notices", "8-59/10 * * * *", run)

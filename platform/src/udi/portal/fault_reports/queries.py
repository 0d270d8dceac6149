"""Reads of reports of faults: one with its dataset, those that wait for somebody, those that a page of a dataset tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    any_,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import MANAGERS, PUBLISHERS, Actor
from udi.portal.catalogue.dataset_page.answered_faults import MOST, AnsweredFault
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.related_rows import RelatedRows
from udi.portal.catalogue.stewards import IS_STEWARD, Steward
from udi.portal.fault_reports.models import FaultReport, FaultReportKind
from udi.portal.fault_reports.transitions import ANSWERED, FaultReportState
from udi.portal.identity.models import Membership, Person
from udi.portal.organisations.models import Organisation

MOST_LISTED = 200


@dataclass(frozen=True)
class FaultReportCase:
    """A report, the dataset that it is about, whose people answer, and who reported it where they have an account."""

    report: FaultReport
    dataset: Dataset
    steward: Organisation
    person: Person | None

    @property
    def reporter_name(self) -> str:
        """Who reported it; empty where they did not say."""
        return self.person.name if self.person else self.report.name

    @property
    def reporter_email(self) -> str:
        """Where they are written to; empty where they did not say."""
        return self.person.email if self.person else self.report.email

    def is_reporter(self, actor: Actor | None) -> bool:
        """Whether the person reported it."""
        return actor is not None and self.report.person_id == actor.person_id

    def answers_for_producer(self, actor: Actor | None) -> bool:
        """Whether the person may answer as the producer."""
        return actor is not None and actor.may_publish(self.steward.slug)

    def may_answer(self, actor: Actor | None) -> bool:
        """Whether the person may answer: as the producer, or as the team once the report is theirs too."""
        if self.answers_for_producer(actor):
            return True
        return (
            actor is not None
            and actor.moderator
            and self.report.escalated_at is not None
        )


def _select_cases() -> Select[Any, Any, Any, Any]:
    tenant = FaultReport.tenant_id
    return (
        select(FaultReport, Dataset, Steward, Person)
        .join(
            Dataset,
            (Dataset.tenant_id == tenant) & (Dataset.id == FaultReport.dataset_id),
        )
        .join(Steward, IS_STEWARD)
        .outerjoin(
            Person, (Person.tenant_id == tenant) & (Person.id == FaultReport.person_id)
        )
    )


async def _list_cases(
    session: AsyncSession, query: Select[Any, Any, Any, Any]
) -> list[FaultReportCase]:
    rows = await session.execute(query)
    return [FaultReportCase(*row) for row in rows]


async def find_case(
    session: AsyncSession, id_: UUID, *, lock: bool = False
) -> FaultReportCase | None:
    """A report with what belongs to it, whoever asks."""
    query = _select_cases().where(FaultReport.id == id_)
    if lock:
        query = query.with_for_update(of=FaultReport)
    cases = await _list_cases(session, query)
    return cases[0] if cases else None


async def get_case(
    session: AsyncSession, actor: Actor | None, id_: UUID, *, lock: bool = False
) -> FaultReportCase:
    """A report that the person may see: their own, or one that they may answer.

    Raises:
        NotFoundError: there is none that they may know of.
    """
    case = await find_case(session, id_, lock=lock)
    if case is None or not (case.is_reporter(actor) or case.may_answer(actor)):
        raise NotFoundError("No report of a fault is at this address.")
    return case


async def list_cases_to_answer(
    session: AsyncSession, actor: Actor
) -> list[FaultReportCase]:
    """Those that wait for a producer for which the person publishes, and for the team; what is due first."""
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    if not slugs and not actor.moderator:
        return []
    theirs: ColumnElement[bool] = Steward.slug.in_(slugs)
    if actor.moderator:
        theirs = or_(theirs, FaultReport.escalated_at.is_not(None))
    query = (
        _select_cases()
        .where(FaultReport.state == FaultReportState.SUBMITTED, theirs)
        .order_by(FaultReport.due_on, FaultReport.submitted_at, FaultReport.id)
        .limit(MOST_LISTED)
    )
    return await _list_cases(session, query)


async def list_own_cases(session: AsyncSession, actor: Actor) -> list[FaultReportCase]:
    """What the person reported, the newest first."""
    query = (
        _select_cases()
        .where(FaultReport.person_id == actor.person_id)
        .order_by(FaultReport.submitted_at.desc(), FaultReport.id)
        .limit(MOST_LISTED)
    )
    return await _list_cases(session, query)


async def has_publisher(session: AsyncSession, organisation: str) -> bool:
    """Whether somebody who logged in once publishes for an organisation (its slug)."""
    query = (
        select(func.count())
        .select_from(Membership)
        .where(
            Membership.organisation_slug == organisation,
            or_(
                literal(MANAGERS) == any_(Membership.groups),
                literal(PUBLISHERS) == any_(Membership.groups),
            ),
        )
    )
    return bool(await session.scalar(query))


def _relate_answered_faults() -> RelatedRows[Sequence[AnsweredFault]]:
    faults = (
        select(
            FaultReport.kind,
            FaultReport.state,
            FaultReport.version,
            FaultReport.submitted_at,
            FaultReport.answered_at,
        )
        .where(
            FaultReport.dataset_id == literal_column("$1::uuid"),
            FaultReport.state.in_(ANSWERED),
            FaultReport.kind != FaultReportKind.PERSONAL_DATA,
            FaultReport.answered_at.is_not(None),
        )
        .order_by(FaultReport.answered_at.desc())
        .limit(MOST)
    )
    return RelatedRows(
        str(faults.compile(compile_kwargs={"literal_binds": True})),
        lambda rows: [AnsweredFault(*row) for row in rows],
    )


ANSWERED_FAULTS_OF_DATASET = _relate_answered_faults()
"""What passers-by may know of the last reports that were answered; never those about personal data."""

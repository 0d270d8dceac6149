"""What is done with faults: report one, answer it, hand it to the team once nobody does, erase who reported it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, InvalidError, Refusals, field_error
from udi.kit.identity import Actor
from udi.kit.mail_addresses import is_mail_address
from udi.portal import audit
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.stewards import find_steward
from udi.portal.fault_reports.models import FaultReport, FaultReportKind
from udi.portal.fault_reports.queries import FaultReportCase, has_publisher
from udi.portal.fault_reports.transitions import (
    ANSWERED,
    FAULT_REPORT,
    FaultReportEvent,
    FaultReportState,
)

SEND_REPORT_EMAIL = "tell_fault_report"
ANSWER_TIME = timedelta(days=15)
URGENT_TIME = timedelta(days=3)
"""Where personal data are public: the 72 hours of article 33 of the GDPR."""
RETENTION = timedelta(days=90)
"""After the answer, until the words and whom they came from are erased."""
LONGEST_WAIT = timedelta(days=365)
"""After which a report that nobody answered is erased likewise."""
QUIET = timedelta(days=1)
"""The time in which several reports of one dataset make one mail to its producer."""
LONGEST_WORDS = 2000
LONGEST_LINE = 200
OPTIONAL_WORDS = (FaultReportKind.UNAVAILABLE, FaultReportKind.OUTDATED)
"""Kinds that say enough by themselves."""


@dataclass(frozen=True)
class FaultReportInput:
    """What the form says."""

    kind: str = ""
    file: str = ""
    row: str = ""
    column: str = ""
    words: str = ""
    name: str = ""
    email: str = ""

    def tidy(self) -> "FaultReportInput":
        """Without blanks around, and without signs that are no text."""
        return replace(
            self,
            row=_clean_line(self.row),
            column=_clean_line(self.column),
            words=_clean_words(self.words),
            name=_clean_line(self.name),
            email=self.email.strip(),
        )

    def find_file(self, dataset: Dataset) -> UUID | None:
        """The file or link of the dataset that is named; None where none of it is."""
        names = {str(media.id): media.id for media in dataset.distributions}
        return names.get(self.file.strip().lower())

    def check(self, dataset: Dataset) -> Refusals:
        """What is wrong with it."""
        refusals = Refusals()
        if self.kind not in set(FaultReportKind):
            refusals.refuse("kind", "Choose what is wrong.")
        if self.file and self.find_file(dataset) is None:
            refusals.refuse(
                "file",
                "This dataset has no such file.",
                "Choose a file of the list, or none.",
            )
        for field, value in (
            ("row", self.row),
            ("column", self.column),
            ("name", self.name),
        ):
            if len(value) > LONGEST_LINE:
                refusals.refuse(
                    field, "This is very long.", "Write 200 characters at most."
                )
        if not self.words and self.kind not in OPTIONAL_WORDS:
            refusals.refuse(
                "words", "Describe the fault in a few words, so that it can be found."
            )
        elif len(self.words) > LONGEST_WORDS:
            refusals.refuse(
                "words", "This is very long.", "Write 2000 characters at most."
            )
        if self.email and not is_mail_address(self.email):
            refusals.refuse(
                "email",
                "This is not a mail address.",
                "Write it as in name@example.org, or leave it empty.",
            )
        return refusals


async def report_fault(
    session: AsyncSession,
    actor: Actor | None,
    dataset: Dataset,
    report_input: FaultReportInput,
    *,
    language: str,
) -> FaultReport:
    """Report a fault; its producer is notified, or the team where it is urgent, harvested or nobody's.

    Raises:
        InvalidError: with what is wrong.
    """
    report_input = report_input.tidy()
    if refusals := report_input.check(dataset):
        raise InvalidError(refusals=refusals)
    moment = now()
    is_urgent = report_input.kind == FaultReportKind.PERSONAL_DATA
    report = FaultReport(
        dataset_id=dataset.id,
        person_id=actor.person_id if actor else None,
        name="" if actor else report_input.name,
        email="" if actor else report_input.email,
        language=language,
        kind=report_input.kind,
        media_id=report_input.find_file(dataset),
        row_name=report_input.row,
        column_name=report_input.column,
        words=report_input.words,
        submitted_at=moment,
        due_on=_find_due_day(report_input.kind, moment),
    )
    notify = is_urgent or not await _is_noticed(session, dataset)
    if notify:
        report.mailed_at = moment
    session.add(report)
    await session.flush()
    audit.record(
        session, actor, "fault_report.submitted", report.id, dataset=str(dataset.id)
    )
    if notify:
        await queue_email(session, report, "submitted")
    if is_urgent or await _has_no_producer(session, dataset):
        await escalate_report(session, report, notify=notify)
    return report


def _find_due_day(kind: str, moment: datetime) -> date:
    """By when a report that waits since this moment is to be answered."""
    if kind == FaultReportKind.PERSONAL_DATA:
        return (moment + URGENT_TIME).date()
    return (moment + ANSWER_TIME).date()


async def _is_noticed(session: AsyncSession, dataset: Dataset) -> bool:
    """Whether a mail about another report of the dataset left a moment ago, whatever became of that report."""
    query = select(FaultReport.id).where(
        FaultReport.dataset_id == dataset.id,
        FaultReport.mailed_at > now() - QUIET,
    )
    return await session.scalar(query.limit(1)) is not None


async def _has_no_producer(session: AsyncSession, dataset: Dataset) -> bool:
    """Whether nobody here can correct it: it is read in another catalogue, or nobody publishes for its producer."""
    if dataset.harvester_id is not None:
        return True
    steward = await find_steward(session, dataset)
    return not await has_publisher(session, steward.slug)


async def escalate_report(
    session: AsyncSession, report: FaultReport, *, notify: bool = True
) -> None:
    """Let the territory's team answer too, once."""
    if report.escalated_at is not None:
        return
    report.escalated_at = now()
    await session.flush()
    audit.record(session, None, "fault_report.escalated", report.id)
    if notify:
        await queue_email(session, report, "escalated")


async def answer_report(
    session: AsyncSession,
    actor: Actor,
    case: FaultReportCase,
    event: FaultReportEvent,
    *,
    words: str = "",
    version: str = "",
) -> None:
    """Say what becomes of it; whoever reported it is told, but of what is discarded or reopened.

    What is discarded keeps no words: nobody would be told of them.

    Raises:
        ForbiddenError: the person may not answer.
        ConflictError: it was answered, or opened again, meanwhile.
        InvalidError: words are missing or too long.
    """
    if not case.may_answer(actor):
        raise ForbiddenError(
            "Only those who publish this dataset answer reports about it.",
            remedy="Its page gives their answer.",
        )
    report = case.report
    state = FAULT_REPORT.next_state(report.state, event)
    words = _clean_words(words)
    _check_answer(event, words, _clean_line(version))
    is_answer = state != FaultReportState.SUBMITTED
    report.state = state
    report.revision = report.revision + 1
    report.answer = words if state in ANSWERED else ""
    if report.answer:
        report.erased_at = None
    report.version = _clean_line(version) if state == FaultReportState.CORRECTED else ""
    report.answered_at = now() if is_answer else None
    report.answered_by = None
    if is_answer and case.answers_for_producer(actor):
        report.answered_by = case.steward.id
    if not is_answer:
        report.due_on = _find_due_day(report.kind, now())
    await session.flush()
    audit.record(
        session,
        actor,
        {
            FaultReportState.SUBMITTED: "fault_report.reopened",
            FaultReportState.CORRECTED: "fault_report.corrected",
            FaultReportState.CONFIRMED: "fault_report.confirmed",
            FaultReportState.REDIRECTED: "fault_report.redirected",
            FaultReportState.DISCARDED: "fault_report.discarded",
        }[state],
        report.id,
        dataset=str(report.dataset_id),
    )
    if state in ANSWERED:
        await queue_email(session, report, "answered")


def _check_answer(event: FaultReportEvent, words: str, version: str) -> None:
    if event == FaultReportEvent.CONFIRM and not words:
        raise field_error("words", "Explain why the data are right as they are.")
    if event == FaultReportEvent.REDIRECT and not words:
        raise field_error("words", "Name whom you sent the report on to.")
    if len(words) > LONGEST_WORDS:
        raise field_error(
            "words", "This is very long.", "Write 2000 characters at most."
        )
    if len(version) > LONGEST_LINE:
        raise field_error(
            "version", "This is very long.", "Write 200 characters at most."
        )


async def erase_reporters(session: AsyncSession) -> int:
    """Erase words and contacts whose time is over; how many reports that were."""
    moment = now()
    due = select(FaultReport).where(
        FaultReport.erased_at.is_(None),
        or_(
            FaultReport.answered_at < moment - RETENTION,
            and_(
                FaultReport.answered_at.is_(None),
                FaultReport.submitted_at < moment - LONGEST_WAIT,
            ),
        ),
    )
    number = 0
    for report in await session.scalars(due.with_for_update(skip_locked=True)):
        report.person_id = None
        report.name = ""
        report.email = ""
        report.words = ""
        report.row_name = ""
        report.column_name = ""
        report.answer = ""
        report.erased_at = moment
        number += 1
    await session.flush()
    return number


async def move_reports(session: AsyncSession, former: UUID, later: UUID) -> None:
    """Have the reports of a dataset be of another that is one with it; which file they name is not known there."""
    reports = update(FaultReport).where(FaultReport.dataset_id == former)
    await session.execute(
        reports.values(dataset_id=later, media_id=None),
        execution_options={"synchronize_session": False},
    )


async def escalate_late_reports(session: AsyncSession) -> None:
    """Hand to the team what is past its day, each once."""
    late = select(FaultReport).where(
        FaultReport.state == FaultReportState.SUBMITTED,
        FaultReport.due_on < now().date(),
        FaultReport.escalated_at.is_(None),
    )
    for report in await session.scalars(late.with_for_update(skip_locked=True)):
        await escalate_report(session, report)


async def queue_email(session: AsyncSession, report: FaultReport, what: str) -> None:
    """Queue a mail, to one address, about the report as it stands."""
    payload = {"report": str(report.id), "what": what, "revision": report.revision}
    await jobs.enqueue(session, SEND_REPORT_EMAIL, payload)


def _clean_line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _clean_words(text: str) -> str:
    return "\n".join(
        line.rstrip() for line in text.replace("\x00", "").strip().splitlines()
    )

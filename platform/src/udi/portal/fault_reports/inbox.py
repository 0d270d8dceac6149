"""What waits for a person of reports of faults: those of producers for which they publish, and the team's."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.portal.fault_reports.queries import list_cases_to_answer
from udi.portal.identity.inbox import InboxItem, InboxKind, InboxRole


async def list_waiting_reports(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """Reports without an answer.

    It goes into mails and feeds: a name that somebody wrote without an account stands on the page of the report alone.
    """
    return [
        InboxItem(
            kind=InboxKind.FAULT_REPORT,
            role=InboxRole.PRODUCER
            if case.answers_for_producer(actor)
            else InboxRole.TEAM,
            id=case.report.id,
            title=case.dataset.title,
            titles=case.dataset.titles,
            url=f"/fault-reports/{case.report.id}",
            since=case.report.submitted_at,
            due_on=case.report.due_on,
            who=case.person.name if case.person else "",
            organisation=case.steward.name,
        )
        for case in await list_cases_to_answer(session, actor)
    ]

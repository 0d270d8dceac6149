"""Report a reuse of open data in two fields: its name and its address."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError, Refusal, TooManyRequestsError
from udi.kit.identity import Actor
from udi.kit.web_addresses import is_web_address
from udi.portal import audit
from udi.portal.projects.actions.describe import (
    LONGEST,
    add_project_dataset,
)
from udi.portal.projects.actions.notifications import queue_notification
from udi.portal.projects.models import Project
from udi.portal.projects.transitions import ProjectState
from udi.protocol.policy import Requester

MOST_A_DAY = 20
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('reuses ' || app.current_tenant()::text, 0))"


async def report_reuse(
    session: AsyncSession,
    actor: Actor,
    *,
    title: str,
    url: str,
    language: str,
    datasets: Collection[UUID] = (),
) -> Project:
    """Show at once what somebody made with open data; the territory's team is told, and may hide it.

    Raises:
        InvalidError: a field is wrong, or this address is here already.
        TooManyRequestsError: the person reported as many today as one may.
    """
    title = " ".join(title.split())
    url = url.strip()
    _check(title, url)
    await session.execute(text(LOCK))
    if await session.scalar(
        select(Project.id)
        .where(Project.url == url, Project.confidential.is_(False))
        .limit(1)
    ):
        refusal = Refusal(
            "url", "This address is here already.", "Look for it among the projects."
        )
        raise InvalidError("This reuse is here already.", refusals=[refusal])
    moment = now()
    today = (
        Project.reporter_id == actor.person_id,
        Project.created_at > moment - timedelta(days=1),
    )
    if (await session.scalar(select(func.count()).where(*today)) or 0) >= MOST_A_DAY:
        raise TooManyRequestsError(
            "You reported %(most)s reuses in a day, which is the maximum.",
            remedy="Go on tomorrow.",
            values={"most": MOST_A_DAY},
        )
    project = Project(
        title=title,
        summary="",
        url=url,
        language=language,
        state=ProjectState.DELIVERED,
        confidential=False,
        leader_id=None,
        reporter_id=actor.person_id,
        requester=Requester.PERSON,
        created_at=moment,
        changed_at=moment,
        published_at=moment,
    )
    session.add(project)
    await session.flush()
    for dataset in datasets:
        await add_project_dataset(session, actor, project, dataset)
    await queue_notification(session, project, "reported")
    audit.record(session, actor, "reuse.reported", project.id)
    return project


async def correct_reuse(
    session: AsyncSession, actor: Actor, project: Project, *, title: str, url: str
) -> None:
    """Correct the two fields of a reuse that the person reported.

    Raises:
        InvalidError: a field is wrong.
    """
    title = " ".join(title.split())
    url = url.strip()
    _check(title, url)
    project.title = title
    project.url = url
    project.changed_at = now()
    project.revision += 1
    await session.flush()
    audit.record(session, actor, "reuse.corrected", project.id)


def _check(title: str, url: str) -> None:
    refusals = []
    if not (0 < len(title) <= LONGEST["title"] and title.isprintable()):
        refusals.append(
            Refusal(
                "title",
                "It has no name, or a very long one.",
                "Give 1 to 150 characters.",
            )
        )
    if not is_web_address(url):
        refusals.append(
            Refusal(
                "url",
                "This is not a web address.",
                "Write it as https://www.town.example.",
            )
        )
    if refusals:
        raise InvalidError("Nothing was sent yet.", refusals=refusals)

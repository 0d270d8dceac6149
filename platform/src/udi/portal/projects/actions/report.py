"""Report a reuse of open data in two fields: its name and its address."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError, Refusal, TooManyRequestsError
from udi.kit.identity import Actor
from udi.kit.web_addresses import is_web_address
from udi.portal import audit
from udi.portal.projects.actions.describe import LONGEST, add_project_dataset
from udi.portal.projects.actions.notifications import queue_notification
from udi.portal.projects.models import Project
from udi.portal.projects.transitions import ProjectState
from udi.portal.projects.translated_texts import check_translations, tidy_translations
from udi.protocol.policy import Requester
from udi.ui.translated_texts import Translations

MOST_A_DAY = 20
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('reuses ' || app.current_tenant()::text, 0))"


@dataclass(frozen=True)
class ReuseInput:
    """What a form says of a reuse, as it was typed: its name, in its language and in others, and its address."""

    title: str = ""
    url: str = ""
    language: str = ""
    translations: Translations = field(default_factory=dict)

    def tidy(self) -> "ReuseInput":
        """The same without what a keyboard or a copy adds."""
        return replace(
            self,
            title=" ".join(self.title.split()),
            url=self.url.strip(),
            translations=tidy_translations(self.translations),
        )


async def report_reuse(
    session: AsyncSession,
    actor: Actor,
    reuse: ReuseInput,
    *,
    datasets: Collection[UUID] = (),
) -> Project:
    """Show at once what somebody made with open data; the territory's team is told, and may hide it.

    Raises:
        InvalidError: a field is wrong, or this address is here already.
        TooManyRequestsError: the person reported as many today as one may.
    """
    reuse = reuse.tidy()
    _check(reuse)
    await session.execute(text(LOCK))
    await _check_new(session, reuse)
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
        title=reuse.title,
        summary="",
        url=reuse.url,
        language=reuse.language,
        translations=reuse.translations,
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
    session: AsyncSession, actor: Actor, project: Project, reuse: ReuseInput
) -> None:
    """Correct the two fields of a reuse that the person reported.

    Raises:
        InvalidError: a field is wrong.
    """
    reuse = reuse.tidy()
    _check(reuse)
    project.title = reuse.title
    project.language = reuse.language
    project.translations = reuse.translations
    project.url = reuse.url
    project.changed_at = now()
    project.revision += 1
    await session.flush()
    audit.record(session, actor, "reuse.corrected", project.id)


async def _check_new(session: AsyncSession, reuse: ReuseInput) -> None:
    if await session.scalar(
        select(Project.id)
        .where(
            Project.url == reuse.url,
            Project.confidential.is_(False),
            # One of another catalogue that left it gives its address back.
            or_(
                Project.origin == "",
                Project.state != ProjectState.ARCHIVED,
                Project.hidden_at.is_not(None),
            ),
        )
        .limit(1)
    ):
        refusal = Refusal(
            "url", "This address is here already.", "Look for it among the projects."
        )
        raise InvalidError("This reuse is here already.", refusals=[refusal])


def _check(reuse: ReuseInput) -> None:
    refusals = check_translations(reuse.translations, LONGEST)
    if not (0 < len(reuse.title) <= LONGEST["title"] and reuse.title.isprintable()):
        refusals.append(
            Refusal(
                "title",
                "It has no name, or a very long one.",
                "Give 1 to 150 characters.",
            )
        )
    if not is_web_address(reuse.url):
        refusals.append(
            Refusal(
                "url",
                "This is not a web address.",
                "Write it as https://www.town.example.",
            )
        )
    if refusals:
        raise InvalidError("Nothing was sent yet.", refusals=refusals)

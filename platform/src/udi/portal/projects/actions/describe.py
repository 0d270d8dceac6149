"""Describe a project: begin one, change what is said of it, say which data it uses, let everybody see it."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.budgets import spend_budget
from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    InvalidError,
    PreconditionFailedError,
    Refusal,
    Refusals,
    TooManyRequestsError,
    field_error,
)
from udi.kit.identity import Actor
from udi.kit.web_addresses import is_web_address
from udi.portal import audit
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisations
from udi.portal.projects.actions.notifications import queue_notification
from udi.portal.projects.models import (
    Audience,
    Project,
    ProjectDataset,
    Scale,
    SupportKind,
)
from udi.portal.projects.queries import MOST_LED
from udi.portal.projects.translated_texts import (
    check_translations,
    tidy_line,
    tidy_translations,
    tidy_words,
)
from udi.portal.tenants.budgets import PROJECTS
from udi.protocol.policy import Requester
from udi.protocol.terms import Purpose
from udi.ui.translated_texts import Translations

LONGEST = {
    "title": 150,
    "summary": 300,
    "words": 5000,
    "leader_name": 100,
    "url": 500,
    "impact": 3000,
}
TRANSLATED = ("title", "summary", "words", "impact")
"""Texts that may be written in several languages."""
MOST_DATASETS = 50


@dataclass(frozen=True)
class ProjectInput:
    """What a form says of a project, as it was typed."""

    title: str = ""
    summary: str = ""
    words: str = ""
    leader_name: str = ""
    organisation: str = ""
    """Slug of the one in whose name it is led; empty: in the leader's own."""
    requester: str = Requester.PERSON
    purpose: str = ""
    audience: tuple[str, ...] = ()
    scale: str = ""
    support: tuple[str, ...] = ()
    url: str = ""
    impact: str = ""
    language: str = ""
    """Main language of the texts; empty: the one that they have."""
    translations: Translations = field(default_factory=dict)

    def tidy(self) -> "ProjectInput":
        """The same without what a keyboard or a copy adds; a person is a person, whatever else was chosen."""
        return replace(
            self,
            title=" ".join(self.title.split()),
            summary=tidy_line(self.summary),
            words=tidy_words(self.words),
            impact=tidy_words(self.impact),
            translations=tidy_translations(self.translations),
            url=self.url.strip(),
            audience=_in_order(self.audience),
            support=_in_order(self.support),
            requester=self.requester if self.organisation else Requester.PERSON,
            leader_name="" if self.organisation else tidy_line(self.leader_name),
        )


def _in_order(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def check_description(described: ProjectInput) -> list[Refusal]:
    """What is wrong with each field, of what was tidied."""
    refusals = Refusals()
    if not described.title or not described.title.isprintable():
        refusals.refuse(
            "title",
            "The project has no name.",
            "Give it one, of 150 characters at most.",
        )
    if not described.summary:
        refusals.refuse(
            "summary",
            "The description is missing.",
            "Describe it in a sentence or two.",
        )
    for name, most in LONGEST.items():
        if len(getattr(described, name)) > most:
            values = {"most": most}
            refusals.refuse(
                name,
                "This is very long.",
                "Write %(most)s characters at most.",
                values=values,
            )
    if described.url and not is_web_address(described.url):
        refusals.refuse(
            "url",
            "This is not a web address.",
            "Write it as https://www.town.example.",
        )
    refusals += check_translations(described.translations, LONGEST)
    return refusals + _check_choices(described)


def _check_choices(described: ProjectInput) -> list[Refusal]:
    refusals = Refusals()
    if described.purpose not in set(Purpose):
        refusals.refuse(
            "purpose",
            "The purpose of the project is missing.",
            "Choose one of the purposes.",
        )
    if described.scale and described.scale not in set(Scale):
        refusals.refuse(
            "scale", "This choice is not offered.", "Choose one of the list."
        )
    if described.organisation and described.requester not in set(Requester) - {
        Requester.PERSON
    }:
        refusals.refuse(
            "requester",
            "The type of the organisation is missing.",
            "Choose its type.",
        )
    for name, kind in (("audience", Audience), ("support", SupportKind)):
        if not set(getattr(described, name)) <= set(kind):
            refusals.refuse(
                name, "This choice is not offered.", "Choose among the list."
            )
    return refusals


async def create_project(
    session: AsyncSession, actor: Actor, described: ProjectInput, *, language: str
) -> Project:
    """Begin a project, which the person leads; nobody else sees it until they say so.

    Raises:
        InvalidError: a field is wrong, each named.
        TooManyRequestsError: the person leads as many as one may, or began many in the last hour.
    """
    described = described.tidy()
    organisation = await _check_all(session, actor, described, None)
    led = select(func.count()).where(Project.leader_id == actor.person_id)
    if (await session.scalar(led) or 0) >= MOST_LED:
        raise TooManyRequestsError(
            "You lead %(most)s projects, which is the maximum.",
            remedy="Use one that exists.",
            values={"most": MOST_LED},
        )
    await spend_budget(session, PROJECTS, str(actor.person_id))
    moment = now()
    project = Project(
        leader_id=actor.person_id,
        reporter_id=None,
        language=described.language or language,
        created_at=moment,
        changed_at=moment,
        confidential=True,
    )
    _fill(project, described, organisation)
    session.add(project)
    await session.flush()
    audit.record(session, actor, "project.created", project.id)
    return project


async def change_project(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    described: ProjectInput,
    *,
    revision: int,
) -> None:
    """Change what is said of a project.

    Raises:
        ConflictError: it is a reuse that was only reported.
        InvalidError: a field is wrong, each named.
        PreconditionError: somebody changed it since it was read.
    """
    if project.reported:
        raise ConflictError(
            "Nobody leads this reuse: it was only reported.",
            remedy="Correct its name and its address.",
        )
    if project.revision != revision:
        raise PreconditionFailedError(
            "Somebody of the team changed this project since you opened it.",
            remedy="Read it again, then make your change.",
        )
    described = described.tidy()
    organisation = await _check_all(session, actor, described, project)
    _fill(project, described, organisation)
    await note_change(session, project)
    audit.record(session, actor, "project.changed", project.id)


async def note_change(session: AsyncSession, project: Project) -> None:
    """Something that is said of it changed."""
    project.changed_at = now()
    project.revision = (project.revision or 1) + 1
    await session.flush()


async def publish_project(
    session: AsyncSession, actor: Actor, project: Project
) -> None:
    """Let everybody see it, for good; the territory's team is told.

    Raises:
        ConflictError: everybody does already.
    """
    if not project.confidential:
        raise ConflictError("Everybody sees this project already.")
    project.confidential = False
    project.published_at = now()
    await note_change(session, project)
    await queue_notification(session, project, "published")
    audit.record(session, actor, "project.published", project.id)


async def add_project_dataset(
    session: AsyncSession, actor: Actor, project: Project, dataset: UUID
) -> None:
    """Say that a project uses a dataset of the territory; once more changes nothing.

    Raises:
        InvalidError: no such dataset is published here, or the project names as many as one may.
    """
    used = set(
        await session.scalars(
            select(ProjectDataset.dataset_id).where(
                ProjectDataset.project_id == project.id
            )
        )
    )
    if dataset in used:
        return
    if (
        await session.scalar(
            select(Dataset.id).where(Dataset.id == dataset, IS_PUBLISHED)
        )
        is None
    ):
        raise field_error(
            "dataset",
            "No dataset has this address here.",
            "Look for it, then choose it in the list.",
        )
    if len(used) >= MOST_DATASETS:
        values = {"most": MOST_DATASETS}
        raise field_error(
            "dataset",
            "A project names %(most)s datasets at most.",
            "Remove one.",
            values=values,
        )
    session.add(
        ProjectDataset(project_id=project.id, dataset_id=dataset, added_at=now())
    )
    await note_change(session, project)
    audit.record(
        session, actor, "project.dataset_added", project.id, dataset=str(dataset)
    )


async def remove_project_dataset(
    session: AsyncSession, actor: Actor, project: Project, dataset: UUID
) -> None:
    """Say that a project does not use a dataset."""
    conditions = (
        ProjectDataset.project_id == project.id,
        ProjectDataset.dataset_id == dataset,
    )
    await session.execute(delete(ProjectDataset).where(*conditions))
    await note_change(session, project)
    audit.record(
        session, actor, "project.dataset_removed", project.id, dataset=str(dataset)
    )


async def _check_all(
    session: AsyncSession,
    actor: Actor,
    described: ProjectInput,
    project: Project | None,
) -> Organisation | None:
    """The organisation in whose name it is led: one of the person's, or the one that it has.

    Raises:
        InvalidError: a field is wrong.
    """
    refusals = check_description(described)
    if described.organisation:
        organisations = await find_organisations(session, [described.organisation])
    else:
        organisations = {}
    organisation = organisations.get(described.organisation)
    is_unchanged = (
        project is not None
        and organisation is not None
        and project.organisation_id == organisation.id
    )
    if described.organisation and not (
        organisation and (is_unchanged or organisation.slug in actor.memberships)
    ):
        refusals.append(
            Refusal(
                "organisation",
                "You do not belong to this organisation.",
                "Choose one of yours, or your own name.",
            )
        )
    if refusals:
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    return organisation


def _fill(
    project: Project, described: ProjectInput, organisation: Organisation | None
) -> None:
    for name in (
        "title",
        "summary",
        "words",
        "leader_name",
        "requester",
        "purpose",
        "scale",
        "url",
        "impact",
    ):
        setattr(project, name, getattr(described, name))
    if described.language:
        project.language = described.language
    project.translations = described.translations
    project.audience = list(described.audience)
    project.support = list(described.support)
    project.organisation_id = organisation.id if organisation else None

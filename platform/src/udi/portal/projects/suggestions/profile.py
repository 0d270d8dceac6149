"""What somebody lacks and has: their projects, their requests, what they declared, what their organisation publishes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.search.index import IndexReader
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.transitions import OPEN
from udi.portal.projects.models import (
    Project,
    ProjectDataset,
    ProjectMember,
    SupportKind,
)
from udi.portal.projects.queries import PUBLIC_CONDITIONS
from udi.portal.projects.suggestions.models import DeclaredInterest
from udi.portal.projects.suggestions.significant_terms import (
    SignificantTerms,
    extract_terms,
)
from udi.portal.projects.transitions import ProjectState, TeamMemberStage

MOST_PROJECTS = 20
MOST_REQUESTS = 10
GOING_ON = (ProjectState.IDEA, ProjectState.IN_PROGRESS)
NO_TERMS = SignificantTerms({})


@dataclass(frozen=True)
class SuggestionRecipient:
    """To whom something is suggested: a person, or an organisation."""

    interest: DeclaredInterest
    organisation: Organisation | None = None
    in_public: bool = False
    """Whether it is for others' eyes too, as a mail may be: confidential projects do not count."""

    @property
    def person_id(self) -> UUID | None:
        """None for an organisation."""
        return self.interest.person_id


@dataclass(frozen=True)
class Need:
    """Something of theirs to which something else may be of use: `source` is project, request or interest."""

    source: str
    title: str = ""
    path: str = ""
    language: str = ""
    confidential: bool = False
    head: SignificantTerms = NO_TERMS
    """The telling words of its title; all of its words, in `telling`."""
    keywords: SignificantTerms = NO_TERMS
    theme: str = ""
    support: frozenset[str] = frozenset()
    id: UUID | None = None


@dataclass(frozen=True)
class RecipientProfile:
    """All of it; `used` are the datasets that their projects use, `part` the projects in which they take part."""

    receiver: SuggestionRecipient
    needs: Sequence[Need]
    has: SignificantTerms
    used: frozenset[UUID]
    part: frozenset[UUID]

    @property
    def interest(self) -> DeclaredInterest:
        return self.receiver.interest

    @property
    def projects(self) -> list[Need]:
        """The needs that are projects."""
        return [need for need in self.needs if need.source == "project"]


async def read_profile(
    session: AsyncSession, reader: IndexReader | None, receiver: SuggestionRecipient
) -> RecipientProfile:
    """What somebody lacks and has now."""
    interest = receiver.interest
    projects = await _list_projects(session, receiver)
    needs = [_need_of_project(reader, project) for project in projects]
    needs += [
        _need_of_request(reader, data_request)
        for data_request in await _list_requests(session, receiver)
    ]
    looked_for = extract_terms(reader, interest.looks_for)
    needs.append(
        Need(
            "interest",
            head=looked_for,
            keywords=looked_for,
            support=frozenset(interest.seeks),
        )
    )
    ids = [project.id for project in projects]
    used = select(ProjectDataset.dataset_id).where(ProjectDataset.project_id.in_(ids))
    return RecipientProfile(
        receiver,
        needs,
        extract_terms(reader, interest.has),
        frozenset(await session.scalars(used)) if ids else frozenset(),
        frozenset(
            await session.scalars(
                select(Project.id).where(_participation_condition(receiver))
            )
        ),
    )


async def _list_projects(
    session: AsyncSession, receiver: SuggestionRecipient
) -> Sequence[Project]:
    """A person's own, confidential ones too; of an organisation, those that everybody sees: its people see this page."""
    mine: tuple[ColumnElement[bool], ...] = (Project.leader_id == receiver.person_id,)
    if receiver.organisation is not None:
        mine = (
            Project.organisation_id == receiver.organisation.id,
            Project.leader_id.is_not(None),
            *PUBLIC_CONDITIONS,
        )
    if receiver.in_public:
        mine = (*mine, *PUBLIC_CONDITIONS)
    query = select(Project).where(
        *mine, Project.hidden_at.is_(None), Project.state.in_(GOING_ON)
    )
    return (
        await session.scalars(
            query.order_by(Project.changed_at.desc(), Project.id).limit(MOST_PROJECTS)
        )
    ).all()


async def _list_requests(
    session: AsyncSession, receiver: SuggestionRecipient
) -> Sequence[DataRequest]:
    if receiver.person_id is None:
        return ()
    query = select(DataRequest).where(
        DataRequest.person_id == receiver.person_id, DataRequest.state.in_(OPEN)
    )
    return (
        await session.scalars(
            query.order_by(DataRequest.submitted_at.desc()).limit(MOST_REQUESTS)
        )
    ).all()


def _participation_condition(receiver: SuggestionRecipient) -> ColumnElement[bool]:
    if receiver.organisation is not None:
        return Project.organisation_id == receiver.organisation.id
    me = receiver.person_id
    team = select(ProjectMember.project_id).where(
        ProjectMember.person_id == me, ProjectMember.stage == TeamMemberStage.JOINED
    )
    return or_(Project.leader_id == me, Project.reporter_id == me, Project.id.in_(team))


def _need_of_project(reader: IndexReader | None, project: Project) -> Need:
    return Need(
        "project",
        project.title,
        f"/projects/{project.id}",
        project.language,
        project.confidential,
        extract_terms(reader, project.title),
        extract_terms(reader, project.title, project.summary),
        support=frozenset(project.support) - {SupportKind.DATA},
        id=project.id,
    )


def _need_of_request(reader: IndexReader | None, request: DataRequest) -> Need:
    head = extract_terms(reader, request.title)
    return Need(
        "request",
        request.title,
        f"/data-requests/{request.id}",
        request.language,
        False,
        head,
        extract_terms(reader, request.title, request.words),
        request.theme,
        id=request.id,
    )

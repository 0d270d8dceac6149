"""What an archive holds of projects and of calls for them."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.projects.calls.models import (
    Call,
    CallCriterion,
    CallDataset,
    CallQuestion,
    Conflict,
    Juror,
    Score,
    Submission,
)
from udi.portal.projects.data_requests.models import (
    DataRequest,
    DataRequestRoute,
    DataRequestSupport,
)
from udi.portal.projects.models import (
    Project,
    ProjectDataset,
    ProjectMember,
    ProjectPicture,
)
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionChoice,
    SuggestionMark,
    SuggestionMessage,
)
from udi.settings import Settings

PROJECTS = (
    ArchivedTable(Project),
    ArchivedTable(ProjectDataset),
    ArchivedTable(ProjectMember),
    ArchivedTable(ProjectPicture),
)
CALLS = (
    ArchivedTable(Call),
    ArchivedTable(CallCriterion),
    ArchivedTable(CallDataset),
    ArchivedTable(CallQuestion),
)
JURIES = (
    ArchivedTable(Submission),
    ArchivedTable(Juror),
    ArchivedTable(Conflict),
    ArchivedTable(Score),
)
REQUESTS = (
    ArchivedTable(DataRequest),
    ArchivedTable(DataRequestSupport),
    ArchivedTable(DataRequestRoute),
)
SUGGESTIONS = (
    ArchivedTable(SuggestionChoice),
    ArchivedTable(DeclaredInterest),
    ArchivedTable(SuggestionMark),
)
CARRIED = (*PROJECTS, *CALLS, *JURIES, *REQUESTS, *SUGGESTIONS)
LEFT_OUT = (
    ExcludedTable(
        SuggestionMessage,
        "messages between people leave within minutes; nothing of them is kept after",
    ),
)


async def resume_import(session: AsyncSession, _settings: Settings) -> None:
    """Note the language of the words of pictures that an archive of an earlier release does not tell."""
    project_language = (
        select(Project.language)
        .where(
            Project.tenant_id == ProjectPicture.tenant_id,
            Project.id == ProjectPicture.project_id,
        )
        .scalar_subquery()
    )
    await session.execute(
        update(ProjectPicture)
        .where(ProjectPicture.language == "")
        .values(language=project_language),
        execution_options={"synchronize_session": False},
    )

"""What an archive holds of projects and of calls for them."""

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

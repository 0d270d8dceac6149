"""What an archive holds of projects and of calls for them."""

from udi.kit.rows import Carried, LeftOut
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
from udi.portal.projects.data_requests.models import DataRequest, DataRequestRoute, DataRequestSupport
from udi.portal.projects.models import Project, ProjectDataset, ProjectMember, ProjectPicture
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionChoice,
    SuggestionLetter,
    SuggestionMark,
)

PROJECTS = (Carried(Project), Carried(ProjectDataset), Carried(ProjectMember), Carried(ProjectPicture))
CALLS = (Carried(Call), Carried(CallCriterion), Carried(CallDataset), Carried(CallQuestion))
JURIES = (Carried(Submission), Carried(Juror), Carried(Conflict), Carried(Score))
REQUESTS = (Carried(DataRequest), Carried(DataRequestSupport), Carried(DataRequestRoute))
SUGGESTIONS = (Carried(SuggestionChoice), Carried(DeclaredInterest), Carried(SuggestionMark))
CARRIED = (*PROJECTS, *CALLS, *JURIES, *REQUESTS, *SUGGESTIONS)
LEFT_OUT = (LeftOut(SuggestionLetter, "letters between people leave within minutes; nothing of them is kept after"),)

"""What an archive holds of projects and of calls for them."""

from udi.kit.rows import Carried
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
from udi.portal.projects.models import Project, ProjectDataset, ProjectMember, ProjectPicture

PROJECTS = (Carried(Project), Carried(ProjectDataset), Carried(ProjectMember), Carried(ProjectPicture))
CALLS = (Carried(Call), Carried(CallCriterion), Carried(CallDataset), Carried(CallQuestion))
JURIES = (Carried(Submission), Carried(Juror), Carried(Conflict), Carried(Score))
CARRIED = (*PROJECTS, *CALLS, *JURIES)
LEFT_OUT = ()

"""What an archive holds of projects."""

from udi.kit.rows import Carried
from udi.portal.projects.models import Project, ProjectDataset, ProjectMember, ProjectPicture

CARRIED = (Carried(Project), Carried(ProjectDataset), Carried(ProjectMember), Carried(ProjectPicture))
LEFT_OUT = ()

"""What an archive holds of projects."""

from udi.kit.rows import Carried
from udi.portal.projects.data_requests.models import DataRequest, DataRequestRoute, DataRequestSupport
from udi.portal.projects.models import Project, ProjectDataset, ProjectMember, ProjectPicture

CARRIED = (
    Carried(Project),
    Carried(ProjectDataset),
    Carried(ProjectMember),
    Carried(ProjectPicture),
    Carried(DataRequest),
    Carried(DataRequestSupport),
    Carried(DataRequestRoute),
)
LEFT_OUT = ()

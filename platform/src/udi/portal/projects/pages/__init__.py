"""Pages of projects."""

from udi.portal.projects.pages import (
    editing,
    listing,
    moderation,
    pictures,
    project,
    reuse,
    team,
    thanks,
)
from udi.ui.dependencies import Routes

routes: Routes = [
    *listing.routes,
    *reuse.routes,
    *project.routes,
    *editing.routes,
    *team.routes,
    *pictures.routes,
    *moderation.routes,
    *thanks.routes,
]

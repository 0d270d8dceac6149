"""Every address of calls."""

from udi.portal.projects.calls import (
    api,
    jury_api,
    jury_pages,
    organiser_pages,
    own_api,
    pages,
    submission_api,
)
from udi.ui.dependencies import Routes

routes: Routes = [
    *pages.routes,
    *organiser_pages.routes,
    *jury_pages.routes,
    *api.routes,
    *own_api.routes,
    *jury_api.routes,
    *submission_api.routes,
]

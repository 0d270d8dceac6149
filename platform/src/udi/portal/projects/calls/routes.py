"""Every address of calls."""

from udi.portal.projects.calls import api, jury_pages, organiser_pages, pages
from udi.ui.dependencies import Routes

routes: Routes = [
    *pages.routes,
    *organiser_pages.routes,
    *jury_pages.routes,
    *api.routes,
]

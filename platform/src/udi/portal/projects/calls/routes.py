"""Every address of calls."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.projects.calls import api, jury_pages, organiser_pages, pages

routes: Sequence[ControllerRouterHandler] = [
    *pages.routes,
    *organiser_pages.routes,
    *jury_pages.routes,
    *api.routes,
]

"""Every address of calls."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.projects.calls import api, desk, jury, pages

routes: Sequence[ControllerRouterHandler] = [*pages.routes, *desk.routes, *jury.routes, *api.routes]

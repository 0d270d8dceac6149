"""The addresses of access."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.access.agreements import api, own_api, project_pages
from udi.portal.access.agreements import pages as agreements
from udi.portal.access.policies import api as policies_api
from udi.portal.access.policies import odrl_pages
from udi.portal.access.policies import pages as policies
from udi.portal.access.requests import api as requests_api
from udi.portal.access.requests import case_pages, renewal_pages
from udi.portal.access.requests import pages as requests

routes: Sequence[ControllerRouterHandler] = [
    *policies.routes,
    *odrl_pages.routes,
    *policies_api.routes,
    *requests.routes,
    *case_pages.routes,
    *renewal_pages.routes,
    *requests_api.routes,
    *agreements.routes,
    *api.routes,
    *own_api.routes,
    *project_pages.routes,
]

"""`/api/v1/access-policies`: under which terms restricted data open, for programs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.access.policies import queries, shapes
from udi.portal.catalogue.open.asked import Asked
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.projects.programs import Machine, sent
from udi.ui.cross_origin import OpenToAll


@get("/")
async def list_policies(
    request: Machine, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """Those of all datasets that are shown, the last changed first."""
    asked = Asked(read_pairs(request), ("page", "size"))
    number, size = asked.whole("page", 1, most=10_000), asked.whole("size", queries.SIZE, most=100)
    asked.check()
    page = await queries.list_policies(session, number, size=size)
    return sent(request, shapes.AccessPolicyPage.of(page, territory.origin))


@get("/{restricted_id:uuid}")
async def read_policy(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    restricted_id: FromPath[UUID],
) -> Response[Any]:
    """That of one dataset."""
    dataset = await queries.get_restricted(session, restricted_id)
    row = await queries.get_policy(session, dataset)
    return sent(request, shapes.AccessRules.of(row, dataset, territory.origin))


routes: Sequence[ControllerRouterHandler] = [
    Router(shapes.BASE, route_handlers=[list_policies, read_policy], middleware=[OpenToAll()], guards=PROGRAMS)
]

"""`/api/v1/calls`: calls for projects, for programs: what everybody sees of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.asked import Asked
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls import queries, shapes
from udi.portal.projects.programs import Machine, sent
from udi.ui.cross_origin import OpenToAll


@get("/")
async def list_public(
    request: Machine, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """Calls that are open or were, the newest first."""
    asked = Asked(read_pairs(request), ("page", "size"))
    number, size = asked.whole("page", 1, most=10_000), asked.whole("size", queries.PAGE, most=100)
    asked.check()
    page = await queries.list_calls(session, number, size=size)
    ids = {each.organisation_id for each in page.items if each.organisation_id}
    found = await session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    return sent(request, shapes.CallPage.of(page, {each.id: each for each in found}, territory.origin))


@get("/{call_id:uuid}")
async def read_call(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    call_id: FromPath[UUID],
) -> Response[Any]:
    """One call, as everybody sees it."""
    call = await queries.get_call(session, None, call_id)
    said = shapes.Call.of(
        call,
        await queries.find_organiser(session, call),
        criteria=await queries.list_criteria(session, call),
        datasets=await queries.list_datasets(session, call),
        questions=await queries.list_questions(session, call),
        laureates=await queries.list_laureates(session, call),
        origin=territory.origin,
    )
    return sent(request, said)


routes: Sequence[ControllerRouterHandler] = [
    Router(shapes.BASE, route_handlers=[list_public, read_call], middleware=[OpenToAll()], guards=PROGRAMS)
]

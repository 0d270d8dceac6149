"""The nodes, for the territory's team: who was seen when, and which reports could not be delivered."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.portal.nodes import queries
from udi.portal.nodes.actions import reports
from udi.ui.site import render


@get("/nodes")
async def show_nodes(
    request: Request[Any, Any, State], session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[str]:
    """Every node, and the reports that wait for a person."""
    lines = await queries.list_node_lines(session, member)
    failed = await queries.list_failed_reports(session, member)
    return render(request, "nodes/nodes.html", lines=lines, failed=failed)


@post("/nodes/{slug:str}/resend", status_code=303)
async def resend_all(
    session: NamedDependency[AsyncSession], member: NamedDependency[Actor], slug: FromPath[str]
) -> Redirect:
    """Send every failed report of a node again."""
    node = await queries.get_node_for_team(session, member, slug)
    await reports.resend_failed_reports(session, member, node)
    return Redirect("/nodes", status_code=303)


@post("/nodes/reports/{report_id:uuid}/resend", status_code=303)
async def resend_one(
    session: NamedDependency[AsyncSession], member: NamedDependency[Actor], report_id: FromPath[UUID]
) -> Redirect:
    """Send one failed report again."""
    report = await queries.get_report_for_team(session, member, report_id)
    await reports.resend_report(session, member, report)
    return Redirect("/nodes", status_code=303)


routes: Sequence[ControllerRouterHandler] = [show_nodes, resend_all, resend_one]

"""What producers and the territory's team send from the page of a request for data."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.projects.data_requests import queries
from udi.portal.projects.data_requests.decisions import ACTS, WORDS
from udi.portal.projects.data_requests.pages import HOME, ONE, AnyRequest, show
from udi.ui.errors import say_fields


@post(f"{ONE}/decide", status_code=303)
async def decide(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    request_id: FromPath[UUID],
) -> Response[Any]:
    """Answer it, pass it on; for the team: send, merge, hide, show, ask anew."""
    found = await queries.get_request(session, member, request_id, lock=True)
    form = await request.form()
    said = {name: str(form.get(name) or "") for name in WORDS}
    act = ACTS.get(str(form.get("decision") or ""))
    if act is None:
        raise NotFoundError
    try:
        async with session.begin_nested():
            await act(session, member, found, said)
    except InvalidError as error:
        await session.refresh(found)
        return await show(request, session, member, found, status=422, said=said, errors=say_fields(request, error))
    return Redirect(f"{HOME}/{found.id}", status_code=303)


routes: Sequence[ControllerRouterHandler] = [decide]

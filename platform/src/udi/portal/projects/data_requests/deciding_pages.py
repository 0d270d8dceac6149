"""What producers and the territory's team send from the page of a request for data."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
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
from udi.portal.projects.data_requests import answering, queries
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.pages import HOME, ONE, AnyRequest, show
from udi.ui.errors import say_fields

Said = Mapping[str, str]
Act = Callable[[AsyncSession, Actor, DataRequest, Said], Awaitable[None]]


async def _promise(session: AsyncSession, actor: Actor, found: DataRequest, said: Said) -> None:
    try:
        day = date.fromisoformat(said["day"])
    except ValueError:
        day = None
    await answering.promise(session, actor, found, said["words"], day)


async def _decline(session: AsyncSession, actor: Actor, found: DataRequest, said: Said) -> None:
    await answering.decline(session, actor, found, said["words"])


async def _deliver(session: AsyncSession, actor: Actor, found: DataRequest, said: Said) -> None:
    await answering.deliver(session, actor, found, said["dataset"], said["words"])


async def _pass(session: AsyncSession, actor: Actor, found: DataRequest, said: Said) -> None:
    await answering.pass_on(session, actor, found, said["words"])


async def _merge(session: AsyncSession, actor: Actor, found: DataRequest, said: Said) -> None:
    try:
        into = await queries.get_request(session, actor, UUID(said["into"].strip("/").rpartition("/")[2]), lock=True)
    except ValueError as error:
        raise NotFoundError("No request for data is at this address.") from error
    await answering.merge(session, actor, found, into)


async def _route(session: AsyncSession, actor: Actor, found: DataRequest, said: Said) -> None:
    await answering.route(session, actor, found, said["organisation"])


async def _hide(session: AsyncSession, actor: Actor, found: DataRequest, said: Said) -> None:
    await answering.hide(session, actor, found, said["words"])


async def _show(session: AsyncSession, actor: Actor, found: DataRequest, _said: Said) -> None:
    await answering.show(session, actor, found)


async def _reopen(session: AsyncSession, actor: Actor, found: DataRequest, _said: Said) -> None:
    await answering.reopen(session, actor, found)


ACTS: Mapping[str, Act] = {
    "promise": _promise,
    "decline": _decline,
    "deliver": _deliver,
    "pass": _pass,
    "merge": _merge,
    "route": _route,
    "hide": _hide,
    "show": _show,
    "reopen": _reopen,
}


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
    names = ("words", "day", "dataset", "into", "organisation")
    said = {name: str(form.get(name) or "") for name in names}
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

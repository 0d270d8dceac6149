"""What producers and the territory's team decide about a request for data, as it was typed in a form or sent by a program."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.projects.data_requests import answering, queries
from udi.portal.projects.data_requests.models import DataRequest

Said = Mapping[str, str]
"""By the names of `WORDS`."""
WORDS = ("words", "day", "dataset", "into", "organisation")
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

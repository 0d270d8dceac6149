"""What producers and the territory's team decide about a request for data, as it was typed in a form or sent by a program."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal.projects.data_requests import answers, queries
from udi.portal.projects.data_requests.models import DataRequest

DecisionValues = Mapping[str, str]
"""By the names of `WORDS`."""
DECISION_FIELDS = ("words", "day", "dataset", "into", "organisation")
Decision = Callable[[AsyncSession, Actor, DataRequest, DecisionValues], Awaitable[None]]


async def _promise(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    values: DecisionValues,
) -> None:
    try:
        day = date.fromisoformat(values["day"])
    except ValueError:
        day = None
    await answers.promise_data(session, actor, data_request, values["words"], day)


async def _decline(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    values: DecisionValues,
) -> None:
    await answers.decline_request(session, actor, data_request, values["words"])


async def _deliver(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    values: DecisionValues,
) -> None:
    await answers.deliver_dataset(
        session, actor, data_request, values["dataset"], values["words"]
    )


async def _pass(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    values: DecisionValues,
) -> None:
    await answers.pass_request(session, actor, data_request, values["words"])


async def _merge(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    values: DecisionValues,
) -> None:
    try:
        into = await queries.get_request(
            session,
            actor,
            UUID(values["into"].strip("/").rpartition("/")[2]),
            lock=True,
        )
    except ValueError as error:
        raise NotFoundError("No request for data is at this address.") from error
    await answers.merge_requests(session, actor, data_request, into)


async def _route(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    values: DecisionValues,
) -> None:
    await answers.route_request(session, actor, data_request, values["organisation"])


async def _hide(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    values: DecisionValues,
) -> None:
    await answers.hide_request(session, actor, data_request, values["words"])


async def _show(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    _values: DecisionValues,
) -> None:
    await answers.unhide_request(session, actor, data_request)


async def _reopen(
    session: AsyncSession,
    actor: Actor,
    data_request: DataRequest,
    _values: DecisionValues,
) -> None:
    await answers.reopen_request(session, actor, data_request)


DECISIONS: Mapping[str, Decision] = {
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

"""Who calls: a client with the token of a whole space; and what is said to one that is refused."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, UdiError, UnauthenticatedError
from udi.kit.tenancy import Territory
from udi.node.datasets.intake.finish import Desk
from udi.node.files.depot import Depot
from udi.node.files.pages import ring_of
from udi.node.manager.tokens import make_token, read_token
from udi.node.spaces.keys import CHALLENGE, find_key, get_key
from udi.node.spaces.models import ScriptKey, Space
from udi.node.spaces.senders import Sender
from udi.node.tables.readers import READERS
from udi.protocol.faults import InvalidDocument
from udi.ui.errors import problem
from udi.ui.site import site_of

Asked = Request[Any, Any, State]


@dataclass(frozen=True)
class Caller:
    """A space, and the key of it that speaks."""

    space: Space
    key: ScriptKey

    @property
    def sender(self) -> Sender:
        """Who is noted to have done it."""
        return Sender(key_id=self.key.id)


def desk_of(request: Asked, territory: Territory) -> Desk:
    """What brings a file to its end; its depot is not kept to the spaces of a person: the key says which space."""
    site = site_of(request)
    depot = Depot(site.database, site.parts["objects"], territory.id, free=True)
    return Desk(
        depot, territory, site.pages.gettext, site.parts[READERS], site.settings.clamd_socket, site.settings.schemas
    )


async def log_in(request: Asked, session: AsyncSession, territory: Territory, user: str, password: str) -> str:
    """The token for a space (`user`) and a key of it (`password`).

    Raises:
        UnauthenticatedError: the key is not good, or another space's.
        ForbiddenError: it was made for some datasets only.
    """
    key = await find_key(session, password)
    space = await session.get_one(Space, (territory.id, key.space_id))
    if user.strip().casefold() != space.slug:
        raise UnauthenticatedError(
            "This key belongs to another space.",
            remedy="Give the name of the space as user, as it stands in the address of its page.",
            headers=CHALLENGE,
        )
    _whole(key)
    return make_token(ring_of(request), territory.id, key.id)


async def identify(request: Asked, session: AsyncSession, territory: Territory) -> Caller:
    """Who calls.

    Raises:
        UnauthenticatedError: no token, or one that is not good (any more).
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("Log in first.", headers=CHALLENGE)
    key = await get_key(session, read_token(ring_of(request), territory.id, token.strip()))
    _whole(key)
    return Caller(await session.get_one(Space, (territory.id, key.space_id)), key)


def _whole(key: ScriptKey) -> None:
    if key.datasets is not None:
        raise ForbiddenError(
            "This key was made for some datasets only.", remedy="Make one for the whole space, on its page."
        )


def on_refusal(request: Asked, error: UdiError) -> Response[Any]:
    """A refusal as problem+json, with the three names in which RUDI's client looks for what it tells its user."""
    say = site_of(request).pages.speaker(request)
    if isinstance(error, InvalidDocument):
        error.refusals = tuple(fault.as_refusal(say) for fault in error.faults)
    answer = problem(request, error)
    said = answer.content
    words = ((each.get("field"), each["reason"], each.get("remedy")) for each in said.get("errors", ()))
    found = [": ".join(filter(None, (field, " ".join(filter(None, rest))))) for field, *rest in words]
    message = " ".join(filter(None, (said["detail"], said.get("remedy", ""), *found)))
    answer.content = {**said, "statusCode": error.status, "error": said["title"], "message": message or said["title"]}
    return answer

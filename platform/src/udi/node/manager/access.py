"""Who calls: a client with the token of a whole space; and what is said to one that is refused."""

from dataclasses import dataclass
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, UdiError, UnauthenticatedError
from udi.kit.tenancy import Territory
from udi.node.datasets.intake.finish import UploadContext
from udi.node.files.delivery.downloads import keyring_of
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.manager.tokens import make_token, read_token
from udi.node.spaces.keys import CHALLENGE, get_key, get_key_by_token
from udi.node.spaces.models import ScriptKey, Space
from udi.node.spaces.senders import Sender
from udi.protocol.faults import InvalidDocument
from udi.tabular.queries.readers import READERS
from udi.ui.dependencies import AnyRequest
from udi.ui.errors import render_problem
from udi.ui.site import site_of


@dataclass(frozen=True)
class SpaceClient:
    """A space, and the key of it that speaks."""

    space: Space
    key: ScriptKey

    @property
    def sender(self) -> Sender:
        """Who is noted to have done it."""
        return Sender(key_id=self.key.id)


def build_upload_context(request: AnyRequest, territory: Territory) -> UploadContext:
    """What brings a file to its end; its storage is not kept to the spaces of a person: the key says which space."""
    site = site_of(request)
    storage = TenantStorage(
        site.database, site.services[OBJECTS], territory.id, unconfined=True
    )
    return UploadContext(
        storage,
        territory,
        site.pages.gettext,
        site.services[READERS],
        site.settings.clamd_socket,
        site.settings.schemas,
    )


async def log_in(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    user: str,
    password: str,
) -> str:
    """The token for a space (`user`) and a key of it (`password`).

    Raises:
        UnauthenticatedError: the key is not good, or another space's.
        ForbiddenError: it was made for some datasets only.
    """
    key = await get_key_by_token(session, password)
    space = await session.get_one(Space, (territory.id, key.space_id))
    if user.strip().casefold() != space.slug:
        raise UnauthenticatedError(
            "This key belongs to another space.",
            remedy="Give the name of the space as user, as it stands in the address of its page.",
            headers=CHALLENGE,
        )
    _require_whole_space(key)
    return make_token(keyring_of(request), territory.id, key.id)


async def identify_caller(
    request: AnyRequest, session: AsyncSession, territory: Territory
) -> SpaceClient:
    """Who calls.

    Raises:
        UnauthenticatedError: no token, or one that is not good (any more).
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("Log in first.", headers=CHALLENGE)
    key = await get_key(
        session, read_token(keyring_of(request), territory.id, token.strip())
    )
    _require_whole_space(key)
    return SpaceClient(await session.get_one(Space, (territory.id, key.space_id)), key)


def _require_whole_space(key: ScriptKey) -> None:
    if key.datasets is not None:
        raise ForbiddenError(
            "This key was made for some datasets only.",
            remedy="Make one for the whole space, on its page.",
        )


def on_refusal(request: AnyRequest, error: UdiError) -> Response[Any]:
    """A refusal as problem+json, with the three names in which RUDI's client looks for what it tells its user."""
    say = site_of(request).pages.translator(request)
    if isinstance(error, InvalidDocument):
        error.refusals = tuple(fault.as_refusal(say) for fault in error.faults)
    answer = render_problem(request, error)
    content = answer.content
    words = (
        (refusal.get("field"), refusal["reason"], refusal.get("remedy"))
        for refusal in content.get("errors", ())
    )
    sentences = [
        ": ".join(filter(None, (field, " ".join(filter(None, rest)))))
        for field, *rest in words
    ]
    message = " ".join(
        filter(None, (content["detail"], content.get("remedy", ""), *sentences))
    )
    answer.content = {
        **content,
        "statusCode": error.status,
        "error": content["title"],
        "message": message or content["title"],
    }
    return answer

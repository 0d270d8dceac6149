"""Who sends: somebody logged in, or a script that shows a key; and where what they send goes."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError, UnauthenticatedError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.parts import get_part
from udi.node.datasets.intake.finish import UploadContext
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import ErasedDataset
from udi.node.files.queries import missing_error
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.keys import (
    CHALLENGE,
    SPACE_KEY,
    get_key_by_token,
    require_key_scope,
)
from udi.node.spaces.models import ScriptKey, Space
from udi.node.spaces.queries import DatasetPermission, get_space, lock_space
from udi.node.spaces.senders import Sender
from udi.tabular.queries.readers import READERS
from udi.ui.site import site_of


def build_upload_context(request: PageRequest, territory: Territory) -> UploadContext:
    """What the end of an upload needs, for a page."""
    site = site_of(request)
    storage = TenantStorage(
        site.database,
        site.services[OBJECTS],
        territory.id,
        unconfined=has_token(request),
    )
    return UploadContext(
        storage,
        territory,
        site.pages.gettext,
        site.services[READERS],
        site.settings.clamd_socket,
        site.settings.schemas,
    )


def require_token(request: PageRequest) -> None:
    """Refuse whoever shows no key, logged in or not: these addresses are for scripts.

    Raises:
        UnauthenticatedError: no key is shown.
    """
    if not has_token(request):
        raise UnauthenticatedError("Send a key of the space.", headers=CHALLENGE)


def has_token(request: PageRequest) -> bool:
    """Whether the request shows a key."""
    return request.headers.get("authorization", "").lower().startswith("bearer ")


async def get_sender(session: AsyncSession, request: PageRequest) -> Sender:
    """Who sends.

    Raises:
        UnauthenticatedError: nobody is logged in and no key is shown, or one that is not good.
    """
    if has_token(request):
        return Sender(key_id=(await get_script_key(session, request)).id)
    return Sender.of(_get_member(request))


async def get_upload_space(
    session: AsyncSession,
    request: PageRequest,
    slug: str,
    dataset_id: UUID | None,
    part_id: UUID | None = None,
    *,
    to: DatasetPermission = DatasetPermission.CHANGE,
    lock: bool = False,
) -> tuple[Space, Sender]:
    """The space to send into, and who sends; for a new version of `dataset_id`, or of its part, or a new dataset.

    `to` is what somebody logged in must be allowed with the dataset; a key sends for its space.

    Raises:
        UdiError: they may not, as `get_space` and `allow_dataset` say.
    """
    if not has_token(request):
        member = _get_member(request)
        return await get_member_upload_space(
            session, member, slug, dataset_id, part_id, to=to, lock=lock
        ), Sender.of(member)
    key = await get_script_key(session, request)
    query = select(Space).where(Space.slug == slug)
    space: Space | None = await session.scalar(
        query.with_for_update() if lock else query
    )
    if space is None:
        raise NotFoundError
    require_key_scope(key, space, dataset_id)
    if dataset_id is not None:
        dataset = await find_dataset(session, dataset_id)
        if dataset is None or dataset.space_id != space.id:
            raise NotFoundError
        require_replaceable(dataset, part_id)
    return space, Sender(key_id=key.id)


async def get_member_upload_space(
    session: AsyncSession,
    member: Actor,
    slug: str,
    dataset_id: UUID | None,
    part_id: UUID | None = None,
    *,
    to: DatasetPermission = DatasetPermission.CHANGE,
    lock: bool = False,
) -> Space:
    """The space that a member sends into: those who may do `to` with `dataset_id` renew it, publishers start a new one.

    A dataset of links has no main file to renew: its parts are.

    Raises:
        UdiError: they may not.
    """
    if dataset_id is None:
        return await get_space(session, member, slug, lock=lock)
    dataset = await get_dataset(session, member, dataset_id, to=to)
    space = dataset.space
    if space.slug != slug:
        raise NotFoundError
    require_replaceable(dataset, part_id)
    if lock:
        await lock_space(session, space)
    return space


async def get_script_dataset(
    session: AsyncSession, request: PageRequest, dataset_id: UUID, *, lock: bool = False
) -> tuple[Dataset, Sender]:
    """The dataset that a script may renew, and the script; `lock` holds it until the transaction ends.

    Raises:
        UdiError: the key is not good, or not for it.
    """
    key = await get_script_key(session, request)
    dataset = await find_dataset(session, dataset_id, lock=lock)
    if dataset is None:
        raise await missing_error(session, ErasedDataset.id == dataset_id)
    require_key_scope(key, dataset.space, dataset_id)
    return dataset, Sender(key_id=key.id)


def require_replaceable(dataset: Dataset, part_id: UUID | None) -> None:
    """Refuse a file, before its bytes are taken, that could become no version of a part, or of the main file (None).

    Raises:
        NotFoundError: there is no such part, or the dataset has no main file.
        ConflictError: the part is a link or a service.
    """
    if part_id is None:
        dataset.require_file()
    else:
        get_part(dataset, part_id).require_file()


async def get_script_key(session: AsyncSession, request: PageRequest) -> ScriptKey:
    """The key that a script shows.

    Raises:
        UnauthenticatedError: it shows none, or one that is not good.
    """
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    if not SPACE_KEY.matches(token):
        raise UnauthenticatedError(
            "Send a key of the space.",
            remedy="Write it as Authorization: Bearer udi_…",
            headers=CHALLENGE,
        )
    return await get_key_by_token(session, token)


def _get_member(request: PageRequest) -> Actor:
    actor: Actor | None = request.scope["state"].get("actor")
    if actor is None:
        raise UnauthenticatedError(
            "Log in, or send a key of the space.", headers=CHALLENGE
        )
    return actor

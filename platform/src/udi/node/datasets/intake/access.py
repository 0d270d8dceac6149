"""Who sends: somebody logged in, or a script that shows a key; and where what they send goes."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError, UnauthenticatedError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.intake.finish import Desk
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.saying import PageRequest
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.files.depot import Depot
from udi.node.files.models import ErasedDataset
from udi.node.files.queries import missing
from udi.node.spaces.keys import CHALLENGE, SPACE_KEY, allow_dataset, find_key
from udi.node.spaces.models import ScriptKey, Space
from udi.node.spaces.queries import Doing, get_space, hold_space
from udi.node.spaces.senders import Sender
from udi.node.tables.readers import READERS
from udi.ui.site import site_of


def desk_of(request: PageRequest, territory: Territory) -> Desk:
    """What the end of an upload needs, for a page."""
    site = site_of(request)
    depot = Depot(site.database, site.parts["objects"], territory.id, free=has_token(request))
    return Desk(
        depot, territory, site.pages.gettext, site.parts[READERS], site.settings.clamd_socket, site.settings.schemas
    )


def has_token(request: PageRequest) -> bool:
    """Whether the request shows a key."""
    return request.headers.get("authorization", "").lower().startswith("bearer ")


async def find_sender(session: AsyncSession, request: PageRequest) -> Sender:
    """Who sends.

    Raises:
        UnauthenticatedError: nobody is logged in and no key is shown, or one that is not good.
    """
    if has_token(request):
        return Sender(key_id=(await _key(session, request)).id)
    return Sender.of(_member(request))


async def enter_space(
    session: AsyncSession, request: PageRequest, slug: str, dataset_id: UUID | None, *, lock: bool = False
) -> tuple[Space, Sender]:
    """The space to send into, and who sends; for a new version of `dataset_id`, or a new dataset.

    Raises:
        UdiError: they may not, as `get_space` and `allow_dataset` say.
    """
    if not has_token(request):
        member = _member(request)
        return await space_for(session, member, slug, dataset_id, lock=lock), Sender.of(member)
    key = await _key(session, request)
    query = select(Space).where(Space.slug == slug)
    found: Space | None = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFoundError
    allow_dataset(key, found, dataset_id)
    if dataset_id is not None:
        await _dataset_of(session, found, dataset_id)
    return found, Sender(key_id=key.id)


async def space_for(
    session: AsyncSession, member: Actor, slug: str, dataset_id: UUID | None, *, lock: bool = False
) -> Space:
    """The space that a member sends into: those who may change `dataset_id` renew it, publishers start a new one.

    Raises:
        UdiError: they may not.
    """
    if dataset_id is None:
        return await get_space(session, member, slug, lock=lock)
    space = (await get_dataset(session, member, dataset_id, to=Doing.CHANGE)).space
    if space.slug != slug:
        raise NotFoundError
    if lock:
        await hold_space(session, space)
    return space


async def enter_dataset(
    session: AsyncSession, request: PageRequest, dataset_id: UUID, *, lock: bool = False
) -> tuple[Dataset, Sender]:
    """The dataset that a script may renew, and the script; `lock` holds it until the transaction ends.

    Raises:
        UdiError: the key is not good, or not for it.
    """
    key = await _key(session, request)
    dataset = await find_dataset(session, dataset_id, lock=lock)
    if dataset is None or not dataset.versions:
        raise await missing(session, ErasedDataset.id == dataset_id)
    allow_dataset(key, dataset.space, dataset_id)
    return dataset, Sender(key_id=key.id)


async def _dataset_of(session: AsyncSession, space: Space, dataset_id: UUID) -> None:
    dataset = await find_dataset(session, dataset_id)
    if dataset is None or dataset.space_id != space.id or not dataset.versions:
        raise NotFoundError


async def _key(session: AsyncSession, request: PageRequest) -> ScriptKey:
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    if not SPACE_KEY.fits(token):
        raise UnauthenticatedError(
            "Show a key of the space.", remedy="Write it as Authorization: Bearer udi_…", headers=CHALLENGE
        )
    return await find_key(session, token)


def _member(request: PageRequest) -> Actor:
    actor: Actor | None = request.scope["state"].get("actor")
    if actor is None:
        raise UnauthenticatedError("Log in, or show a key of the space.", headers=CHALLENGE)
    return actor

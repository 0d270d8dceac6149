"""Which version of a table a page is about."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError, UnauthenticatedError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.models import Version
from udi.node.datasets.pages.difference import is_open
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.spaces.queries import DatasetPermission
from udi.ui.site import site_of

DIGITS = 6


async def find_own_version(
    session: AsyncSession, actor: Actor | None, dataset_id: UUID, number: str | None
) -> Version | None:
    """What a member of the space may see before everybody; None: what everybody sees.

    Raises:
        UnauthenticatedError: a version is asked for, and nobody is logged in.
        NotFoundError: there is no such version, or it is another organisation's.
    """
    if number is None and (actor is None or not await _is_draft(session, dataset_id)):
        return None
    if actor is None:
        raise UnauthenticatedError("Log in to see this page.")
    dataset = await get_dataset(session, actor, dataset_id, to=DatasetPermission.READ)
    if number is None:
        version_number = dataset.latest.number
    else:
        version_number = _number(number)
    own_version = next(
        (version for version in dataset.versions if version.number == version_number),
        None,
    )
    if own_version is None:
        raise NotFoundError("This dataset has no such version.")
    await session.refresh(own_version, ["dataset"])
    return own_version


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= DIGITS:
        return int(text)
    return 0


async def _is_draft(session: AsyncSession, dataset_id: UUID) -> bool:
    """Whether it is one of the reader's spaces and nobody else ever saw it."""
    dataset = await find_dataset(session, dataset_id)
    return dataset is not None and dataset.opened_at is None


async def list_open_versions(
    request: PageRequest, territory: Territory, dataset_id: UUID
) -> list[Version]:
    """The versions that everybody may read, the newest first; whoever reads is no member of the space."""
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            dataset = await find_dataset(session, dataset_id)
    if dataset:
        return [version for version in dataset.versions if is_open(dataset, version)]
    return []

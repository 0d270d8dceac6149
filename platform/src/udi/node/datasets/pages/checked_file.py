"""The file whose reading a page settles: the newest one of a dataset, or of one of its parts."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.node.datasets.actions.parts import get_part
from udi.node.datasets.models import Dataset, DatasetPart, Version
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.queries import get_dataset, get_newest_version
from udi.node.datasets.versions.table_places import TablePlace
from udi.node.spaces.queries import DatasetPermission
from udi.node.tables.addresses import TableAddresses
from udi.tabular.profiles.profile import Profile


@dataclass(frozen=True)
class CheckedFile:
    """The newest version of the main file of a dataset, or of the file of a part."""

    dataset: Dataset
    part: DatasetPart | None
    version: Version

    @property
    def address(self) -> str:
        """Its pages are below it."""
        address = f"/datasets/{self.dataset.id}"
        if self.part is None:
            return address
        return f"{address}/parts/{self.part.id}"

    @property
    def data_address(self) -> str:
        """The page of the data of its main table."""
        place = TablePlace(self.version.part_id)
        page = TableAddresses(self.dataset.id, place.table_name).page
        return f"{page}?version={self.version.number}"

    @property
    def profile(self) -> Profile:
        """What was understood of it."""
        return Profile.from_json(self.version.profile)


async def get_checked_file(
    request: PageRequest,
    session: AsyncSession,
    member: Actor,
    dataset_id: UUID,
    *,
    lock: bool = False,
) -> CheckedFile:
    """The file that an address names, for who may change it: of a part, who may publish it.

    Raises:
        ConflictError: the part is a link, or its file is not here.
        NotFoundError: there is no such dataset or part, or the dataset has no main file.
        ForbiddenError: as `get_dataset`.
    """
    part_id = request.path_params.get("part_id")
    permission = DatasetPermission.PUBLISH if part_id else DatasetPermission.CHANGE
    dataset = await get_dataset(session, member, dataset_id, to=permission, lock=lock)
    part = get_part(dataset, part_id) if part_id else None
    return CheckedFile(dataset, part, get_newest_version(dataset, part))

"""Which version of a table a page is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError, UnauthenticatedError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.models import Version
from udi.node.datasets.pages.difference import is_open
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.datasets.versions.series import (
    Series,
    find_open_series,
    find_served_series,
)
from udi.node.datasets.versions.table_list import TableEntry, list_tables_of
from udi.node.datasets.versions.table_places import TablePlace
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.spaces.queries import DatasetPermission
from udi.tabular.queries.table import DatasetTable
from udi.ui.locale import localise_title
from udi.ui.site import site_of

DIGITS = 6


async def find_own_version(
    session: AsyncSession,
    actor: Actor | None,
    dataset_id: UUID,
    number: str | None,
    part_id: UUID | None = None,
) -> Version | None:
    """What a member of the space may see before everybody, of the main file or a part; None: what everybody sees.

    Raises:
        UnauthenticatedError: a version is asked for, and nobody is logged in.
        NotFoundError: there is no such version, or it is another organisation's.
    """
    if number is None and (actor is None or not await _is_draft(session, dataset_id)):
        return None
    if actor is None:
        raise UnauthenticatedError("Log in to see this page.")
    dataset = await get_dataset(session, actor, dataset_id, to=DatasetPermission.READ)
    versions = dataset.list_versions_of(part_id)
    if number is None:
        own_version = next(iter(versions), None)
    else:
        version_number = _number(number)
        own_version = next(
            (version for version in versions if version.number == version_number),
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


async def find_explored_table(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor | None,
    dataset_id: UUID,
    table_name: str = "",
) -> tuple[DatasetTable, Version | None]:
    """The table that an address is about, under its title in the reader's language, and the version where one is named.

    Raises:
        UnauthenticatedError, NotFoundError: as `find_own_version`, and as the table itself.
    """
    tables = site_of(request).services[DATASET_TABLES]
    number = request.query_params.get("version")
    part_id = TablePlace.parse(table_name).part_id
    version = await find_own_version(session, actor, dataset_id, number, part_id)
    if version is None:
        table = await tables(
            session, actor, dataset_id, let=True, table_name=table_name
        )
    else:
        table = await tables.of_version(version, table_name)
    title = localise_title(table.title, table.titles, locale_of(request))
    return replace(table, title=title), version


@dataclass(frozen=True)
class OpenFiles:
    """What everybody may read: the versions of a file, the newest first, and the tables of that one.

    `series` are the files of the dataset that are each of a period.
    """

    versions: Sequence[Version] = ()
    tables: Sequence[TableEntry] = ()
    series: Series = field(default_factory=Series)


async def list_open_files(
    request: PageRequest,
    territory: Territory,
    dataset_id: UUID,
    part_id: UUID | None,
    *,
    is_restricted: bool = False,
) -> OpenFiles:
    """The same of the main file (None), or of a part; whoever reads is no member of the space.

    Where the table is restricted, its producer alone sees its page: the files of its periods, and nothing else.
    """
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            dataset = await find_dataset(session, dataset_id)
    if dataset is None:
        return OpenFiles()
    if is_restricted:
        return OpenFiles(series=find_served_series(dataset))
    series = find_open_series(dataset)
    versions = [
        version
        for version in dataset.list_versions_of(part_id)
        if is_open(dataset, version)
    ]
    if not versions:
        return OpenFiles(series=series)
    return OpenFiles(versions, list_tables_of(dataset, versions[0]), series)

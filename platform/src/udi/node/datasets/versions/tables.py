"""The typed tables of published datasets, copied to this machine when somebody asks one a question."""

import asyncio
import hashlib
import os
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, raiseload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from udi.kit.db import Database
from udi.kit.errors import (
    ConflictError,
    NotFoundError,
    UdiError,
    UnavailableError,
)
from udi.kit.identity import Actor
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import space_context
from udi.node.datasets.descriptions.description import titles_of
from udi.node.datasets.models import (
    Dataset,
    DatasetPart,
    Preparation,
    PreparationState,
    Version,
)
from udi.node.datasets.versions.column_units import units_of
from udi.node.datasets.versions.findings import named_tables_of, repairs_of
from udi.node.datasets.versions.series import (
    Series,
    find_series,
    has_series_sheet,
)
from udi.node.datasets.versions.table_copies import (
    KEPT_SECONDS,
    KEPT_SECONDS_IN_MEMORY,
    RefusedUnions,
    TableObject,
    remove_old_copies,
    write_table,
)
from udi.node.datasets.versions.table_places import MAIN, TablePlace
from udi.node.files.models import FileAccess, StoredFile
from udi.node.files.queries import (
    get_current_file,
    get_current_files,
    is_own,
)
from udi.node.files.restricted import RestrictedError
from udi.node.files.storage.store import ObjectStore
from udi.tabular.columns.chosen_roles import read_roles
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.exports.unions import TableUnion
from udi.tabular.formats.units import find_units
from udi.tabular.profiles.named_tables import SERIES, NamedTable, name_of_place
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.pool import QueryTooHeavyError
from udi.tabular.queries.table import DatasetTable

log = structlog.get_logger()
TABLES = "tables"
"""The folder of the copies in memory."""
_NO_OTHERS = (raiseload(Dataset.versions), raiseload(Dataset.delivery))
OF_MAIN_FILE = joinedload(Version.dataset).options(
    *_NO_OTHERS, raiseload(Dataset.parts)
)
OF_PART = joinedload(Version.dataset).options(
    *_NO_OTHERS, selectinload(Dataset.parts).raiseload(DatasetPart.versions)
)
"""With a version, what is said of its dataset, and of the parts where it is one's; none of their other versions."""


def _repairs(version: Version) -> dict[str, object]:
    """What the profile of a table says of its mended copy; nothing of a restricted table."""
    repairs = [repair.as_json() for repair in repairs_of(version)]
    return {"repairs": repairs} if repairs else {}


class DatasetTableCache:
    """Finds the table of a dataset by the dataset's id; copies live in a folder of this machine, for a day at most.

    Those of sealed spaces live in its memory, for some minutes.
    """

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        folder: Path,
        exports: ExportWriter,
    ) -> None:
        self._database = database
        self._store = store
        self._folder = folder
        self._exports = exports
        self._memory: Path | None = None
        self._turns: dict[str, asyncio.Lock] = {}
        self._refused = RefusedUnions()

    async def __call__(
        self,
        session: AsyncSession,
        actor: Actor | None,
        resource_id: UUID,
        *,
        let: bool = False,
        table_name: str = "",
    ) -> DatasetTable:
        """The table of the newest published version; a restricted one is its producer's as any other.

        `table_name` is that of a table beside the main one. Where it is restricted, others are given one in any case:
        whether there is such a table is told once an agreement lets them through.

        Raises:
            RestrictedError: it is restricted, and not to be let through (`let`) as far as an agreement says.
            NotFoundError: there is no such open dataset, its file is no table, or it has no table of this name.
            GoneError: it was withdrawn.
            UnavailableError: its file is still being read.
        """
        place = TablePlace.parse(table_name)
        is_series = place.is_series and not await self._has_namesake(
            session, resource_id
        )
        if is_series:
            files = await get_current_files(session, resource_id)
        else:
            files = [
                await get_current_file(session, resource_id, place.part_id, let=True)
            ]
        file = files[0]
        restricted = any(one.access == FileAccess.RESTRICTED for one in files)
        theirs = restricted and not await is_own(session, actor, file)
        if theirs and not let:
            raise RestrictedError(file.dataset_id)
        try:
            if is_series:
                table = await self._find_series(files)
            else:
                table = await self._find_table(await self.version_of(file), place)
        except (NotFoundError, UnavailableError) as error:
            if not theirs or place.is_main:
                raise
            table = _unknown_table(file, table_name, error)
        return replace(table, is_open=not restricted, is_restricted=theirs)

    async def _has_namesake(self, session: AsyncSession, resource_id: UUID) -> bool:
        """Whether the main file has a table of its own at the address of all periods."""
        try:
            file = await get_current_file(session, resource_id, let=True)
        except UdiError:
            return False
        version = await self.version_of(file)
        return version is not None and has_series_sheet(version)

    async def of_file(self, file: StoredFile) -> DatasetTable:
        """The table of a restricted file, for whoever has an agreement; raises as `__call__`."""
        table = await self._find_table(await self.version_of(file), MAIN)
        return replace(table, is_open=False, is_restricted=True)

    async def of_version(self, version: Version, table_name: str = "") -> DatasetTable:
        """The table of a version, for its producer, whether it is published or not; raises the same."""
        place = TablePlace.parse(table_name)
        return replace(await self._find_table(version, place), is_open=False)

    async def version_of(self, file: StoredFile) -> Version | None:
        """The version of an open file, with its dataset; whoever reads it is no member of its space."""
        with space_context(None):
            async with self._database.session(file.tenant_id) as session:
                described = OF_PART if file.part_id else OF_MAIN_FILE
                version: Version | None = await session.scalar(
                    select(Version).where(Version.file_id == file.id).options(described)
                )
        return version

    async def _find_table(
        self, version: Version | None, place: TablePlace
    ) -> DatasetTable:
        """The table of a file at this place, as its producer may read it."""
        if place.sheet:
            return await self._sheet_table(*_require_sheet(version, place), place)
        version, preparation = _require_ready(version)
        profile = Profile.from_json(version.profile)
        source = TableObject(version.file.derived_key(preparation.table))
        table = await self._table(version, preparation, source, place)
        visible = profile.without_cells() if version.dataset.restricted else profile
        table = replace(
            table,
            columns=profile.columns,
            rows=profile.rows or 0,
            geometry=profile.geometry,
            bbox=profile.bbox,
            units=visible.units,
            profile={} if version.dataset.restricted else _repairs(version),
        )
        if not place.is_main:
            return table
        return replace(
            table,
            default_view=version.dataset.default_view,
            roles=read_roles(version.dataset.column_roles, profile.columns),
            units=units_of(version.dataset, visible),
        )

    async def _find_series(self, files: Sequence[StoredFile]) -> DatasetTable:
        """The table of these files of a dataset, as its producer may read it."""
        ids = {file.id for file in files}
        with space_context(None):
            async with self._database.session(files[0].tenant_id) as session:
                dataset = await session.scalar(
                    select(Dataset).where(Dataset.id == files[0].dataset_id)
                )
        if dataset is None:
            raise NotFoundError("This dataset has no such table.")
        current = [version for version in dataset.files if version.file_id in ids]
        series = find_series(dataset, current)
        if series.is_waiting:
            raise UnavailableError(
                "This table is still being read.", headers={"Retry-After": "30"}
            )
        if not series.is_table:
            raise NotFoundError("This dataset has no such table.")
        for file in series.files:
            set_committed_value(file.version, "dataset", dataset)
        return await self._series_table(dataset, series)

    async def _series_table(self, dataset: Dataset, series: Series) -> DatasetTable:
        """The table of files that agree; written from theirs when it is first read."""
        tables = [
            await self._find_table(file.version, TablePlace(file.part_id))
            for file in series.files
        ]
        union = series.union
        newest = tables[-1]
        contents = [table.digest for table in tables]
        digest = hashlib.sha256(
            f"{contents} {union!r} {series.units}".encode()
        ).hexdigest()
        table = replace(
            newest,
            path=newest.path.with_name(f"{SERIES}-{digest[:32]}.parquet"),
            columns=union.columns,
            rows=series.rows,
            units=_visible_units(series, tables),
            digest=digest,
            name=name_of_place(dataset.title),
            title=_join_titles(dataset.title, [series.title]),
            titles={
                language: _join_titles(title, [series.title])
                for language, title in (
                    dataset.titles | titles_of(dataset.description)
                ).items()
            },
            table_name=SERIES,
            modified=max(dataset.updated_at, *(table.modified for table in tables)),
            geometry=series.geometry,
            bbox=union.bbox,
            default_view="",
            profile={},
            roles=read_roles(dataset.column_roles, union.columns),
        )
        write = partial(self._write_union, table, union, tables)
        return replace(table, fetch_file=partial(self._ensure_copy, write, table.path))

    async def _sheet_table(
        self,
        version: Version,
        preparation: Preparation,
        sheet: NamedTable,
        place: TablePlace,
    ) -> DatasetTable:
        """A table that a file holds beside its main one."""
        source = TableObject(
            version.file.derived_key(sheet.suffix), sheet.start, sheet.size
        )
        table = await self._table(version, preparation, source, place, sheet.title)
        return replace(
            table,
            columns=sheet.columns,
            rows=sheet.rows,
            geometry=sheet.geometry,
            bbox=sheet.bbox,
            units=find_units(sheet.columns, {}),
            name=sheet.name,
        )

    async def _table(
        self,
        version: Version,
        preparation: Preparation,
        source: TableObject,
        place: TablePlace,
        sheet_title: str = "",
    ) -> DatasetTable:
        """A table but for its columns; that of a sealed space is in memory wherever it is not sealed.

        Raises:
            NoMemoryFolderError: this machine has none.
        """
        file = version.file
        dataset = version.dataset
        part = dataset.find_part(version.part_id) if version.part_id else None
        labels = [*([part.title] if part else []), sheet_title]
        sheet = f"-{place.sheet}" if place.sheet else ""
        name = f"{_folder_of(file)}/{file.id}-{preparation.revision}{sheet}"
        memory = await self._store.reading_folder(file.key)
        self._memory = memory / TABLES if memory else self._memory
        path = (memory / TABLES if memory else self._folder) / f"{name}.parquet"
        return DatasetTable(
            path=path,
            fetch_file=partial(
                self._ensure_copy, partial(self._fetch, source, path), path
            ),
            columns=(),
            rows=0,
            digest=f"{file.sha256}-{preparation.revision}{sheet}",
            space=str(file.space_id),
            name=PurePath(file.name).stem or "data",
            title=_join_titles(dataset.title, labels),
            titles={
                language: _join_titles(title, labels)
                for language, title in (
                    dataset.titles | titles_of(dataset.description)
                ).items()
            },
            table_name=place.table_name,
            modified=preparation.updated_at,
            described=dataset.updated_at,
            memory=memory,
            licence=dataset.description.get("licence", ""),
        )

    async def _ensure_copy(
        self, bring: Callable[[], Awaitable[None]], path: Path
    ) -> None:
        """Bring a table here, unless it is here.

        Raises:
            NotFoundError: it is gone.
            UnavailableError: this machine has no room for it.
        """
        try:
            async with self._turns.setdefault(path.name, asyncio.Lock()):
                if not await asyncio.to_thread(path.exists):
                    await asyncio.to_thread(self.remove_old_copies)
                    await bring()
            await asyncio.to_thread(os.utime, path)
        except OSError as error:
            log.warning("table not brought", error=type(error).__name__)
            raise UnavailableError(
                "This table cannot be read at the moment.",
                remedy="Try again in a while, or download its file.",
            ) from error
        finally:
            self._turns.pop(path.name, None)

    async def _write_union(
        self, table: DatasetTable, union: TableUnion, tables: Iterable[DatasetTable]
    ) -> None:
        """Write several tables as one; raises as `_ensure_copy`, and as exports do."""
        self._refused.check(table.path)
        for member in tables:
            await member.fetch_file()
        paths = [member.path for member in tables]
        try:
            await self._exports.write_union(table, union, paths)
        except (ConflictError, QueryTooHeavyError) as error:
            self._refused.add(table.path, error)
            raise

    async def _fetch(self, source: TableObject, path: Path) -> None:
        arriving = path.with_suffix(f".{uuid.uuid4().hex}")
        await asyncio.to_thread(
            arriving.parent.mkdir, mode=0o700, parents=True, exist_ok=True
        )
        try:
            await write_table(self._store, source, arriving)
            arriving.replace(path)
        finally:
            arriving.unlink(missing_ok=True)

    def remove_old_copies(self) -> None:
        """Remove copies that nobody asked for in their time, then the oldest while they are too many."""
        remove_old_copies(self._folder, KEPT_SECONDS)
        if self._memory is not None:
            remove_old_copies(self._memory, KEPT_SECONDS_IN_MEMORY)

    async def forget_dataset(self, tenant: UUID, dataset_id: UUID) -> None:
        """Remove the copies of an erased dataset from this machine; from others they go within a day."""
        for folder in filter(None, (self._folder, self._memory)):
            await asyncio.to_thread(
                shutil.rmtree,
                folder / str(tenant) / str(dataset_id),
                ignore_errors=True,
            )

    async def forget_on_disk(self, tenant: UUID, datasets: Iterable[UUID]) -> None:
        """Remove the copies of datasets that are sealed from the disk of this machine."""
        for dataset_id in datasets:
            await asyncio.to_thread(
                shutil.rmtree,
                self._folder / str(tenant) / str(dataset_id),
                ignore_errors=True,
            )


DATASET_TABLES = ServiceKey[DatasetTableCache]("dataset tables", "datasets")


def _folder_of(file: StoredFile) -> str:
    """The folder of a dataset's copies."""
    return f"{file.tenant_id}/{file.dataset_id}"


def _require_ready(version: Version | None) -> tuple[Version, Preparation]:
    preparation = version.preparation if version else None
    if (
        version is None
        or preparation is None
        or preparation.state in {PreparationState.PLAIN, PreparationState.FAILED}
    ):
        raise NotFoundError("This dataset is not a table: download its file.")
    if preparation.state != PreparationState.READY:
        raise UnavailableError(
            "This table is still being read.", headers={"Retry-After": "30"}
        )
    return version, preparation


def _require_sheet(
    version: Version | None, place: TablePlace
) -> tuple[Version, Preparation, NamedTable]:
    preparation = version.preparation if version else None
    if version is not None and preparation is not None:
        if preparation.state == PreparationState.WAITING:
            raise UnavailableError(
                "This table is still being read.", headers={"Retry-After": "30"}
            )
        for sheet in named_tables_of(version):
            if sheet.name == place.sheet:
                return version, preparation, sheet
    raise NotFoundError("This dataset has no such table.")


def _visible_units(series: Series, tables: Sequence[DatasetTable]) -> dict[str, str]:
    """The units of a series that one of its tables shows: those of restricted ones may be in a cell."""
    return {
        name: unit
        for name, unit in series.units.items()
        if any(table.units.get(name) == unit for table in tables)
    }


def _unknown_table(file: StoredFile, table_name: str, error: UdiError) -> DatasetTable:
    """What stands for a table of a restricted dataset that is not there: who may read all of it learns that."""

    async def refuse() -> None:
        raise error

    return DatasetTable(
        path=Path(),
        columns=(),
        rows=0,
        digest="",
        space=str(file.space_id),
        name="",
        title="",
        table_name=table_name,
        modified=file.created_at,
        fetch_file=refuse,
    )


def _join_titles(title: str, labels: Iterable[str]) -> str:
    """The title of a dataset with those of a part and of a table in it."""
    return " – ".join(filter(None, [title, *labels]))

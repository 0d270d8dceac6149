"""The typed tables of published datasets, copied to this machine when somebody asks one a question."""

import asyncio
import os
import shutil
import time
import uuid
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.errors import NotFoundError, UnavailableError
from udi.kit.identity import Actor
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import space_context
from udi.node.datasets.descriptions.description import titles_of
from udi.node.datasets.models import Preparation, PreparationState, Version
from udi.node.datasets.versions.column_units import units_of
from udi.node.datasets.versions.findings import repairs_of
from udi.node.files.models import FileAccess, StoredFile
from udi.node.files.queries import get_current_file, is_own
from udi.node.files.restricted import RestrictedError
from udi.node.files.store import ObjectStore
from udi.tabular.columns.chosen_roles import read_roles
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.table import DatasetTable

log = structlog.get_logger()
KEPT_BYTES = 20 * 1024**3
KEPT_SECONDS = 24 * 3600.0
"""Of the copies: how many bytes in all, and how long one stays that nobody asks for."""
KEPT_SECONDS_IN_MEMORY = 600.0
TABLES = "tables"
"""The folder of the copies in memory."""


def _repairs(version: Version) -> dict[str, object]:
    """What the profile of a table says of its mended copy; nothing of a restricted table."""
    repairs = [repair.as_json() for repair in repairs_of(version)]
    return {"repairs": repairs} if repairs else {}


class DatasetTableCache:
    """Finds the table of a dataset by the dataset's id; copies live in a folder of this machine, for a day at most.

    Those of sealed spaces live in its memory, for some minutes.
    """

    def __init__(self, database: Database, store: ObjectStore, folder: Path) -> None:
        self._database = database
        self._store = store
        self._folder = folder
        self._memory: Path | None = None
        self._turns: dict[str, asyncio.Lock] = {}

    async def __call__(
        self,
        session: AsyncSession,
        actor: Actor | None,
        resource_id: UUID,
        *,
        let: bool = False,
    ) -> DatasetTable:
        """The table of the newest published version; a restricted one is its producer's as any other.

        Raises:
            RestrictedError: it is restricted, and not to be let through (`let`) as far as an agreement says.
            NotFoundError: there is no such open dataset, or its file is no table.
            GoneError: it was withdrawn.
            UnavailableError: its file is still being read.
        """
        file = await get_current_file(session, resource_id, let=True)
        restricted = file.access == FileAccess.RESTRICTED
        theirs = restricted and not await is_own(session, actor, file)
        if theirs and not let:
            raise RestrictedError(file.dataset_id)
        table = await self._table(file, *_require_ready(await self.version_of(file)))
        return replace(table, is_open=not restricted, is_restricted=theirs)

    async def of_file(self, file: StoredFile) -> DatasetTable:
        """The table of a restricted file, for whoever has an agreement; raises as `__call__`."""
        table = await self._table(file, *_require_ready(await self.version_of(file)))
        return replace(table, is_open=False, is_restricted=True)

    async def of_version(self, version: Version) -> DatasetTable:
        """The table of a version, for its producer, whether it is published or not; raises the same."""
        version, preparation = _require_ready(version)
        table = await self._table(version.file, version, preparation)
        return replace(table, is_open=False)

    async def version_of(self, file: StoredFile) -> Version | None:
        """The version of an open file, with its dataset; whoever reads it is no member of its space."""
        with space_context(None):
            async with self._database.session(file.tenant_id) as session:
                version: Version | None = await session.scalar(
                    select(Version).where(Version.file_id == file.id)
                )
                if version is not None:
                    await session.refresh(version, ["dataset"])
        return version

    async def _table(
        self, file: StoredFile, version: Version, preparation: Preparation
    ) -> DatasetTable:
        """A table; that of a sealed space is in memory wherever it is not sealed.

        Raises:
            NoMemoryFolderError: this machine has none.
        """
        profile = Profile.from_json(version.profile)
        name = f"{_folder_of(file)}/{file.id}-{preparation.revision}"
        memory = await self._store.reading_folder(file.key)
        self._memory = memory / TABLES if memory else self._memory
        path = (memory / TABLES if memory else self._folder) / f"{name}.parquet"
        return DatasetTable(
            path=path,
            fetch_file=partial(
                self._ensure_copy, file.derived_key(preparation.table), path
            ),
            columns=profile.columns,
            rows=profile.rows or 0,
            digest=f"{file.sha256}-{preparation.revision}",
            space=str(file.space_id),
            name=PurePath(file.name).stem or "data",
            title=version.dataset.title,
            titles=titles_of(version.dataset.description),
            modified=preparation.updated_at,
            memory=memory,
            licence=version.dataset.description.get("licence", ""),
            geometry=profile.geometry,
            bbox=profile.bbox,
            default_view=version.dataset.default_view,
            roles=read_roles(version.dataset.column_roles, profile.columns),
            units=units_of(
                version.dataset,
                profile.without_cells() if version.dataset.restricted else profile,
            ),
            profile={} if version.dataset.restricted else _repairs(version),
        )

    async def _ensure_copy(self, key: str, path: Path) -> None:
        """Copy a table here, unless it is here.

        Raises:
            NotFoundError: it is gone.
            UnavailableError: this machine has no room for it.
        """
        try:
            async with self._turns.setdefault(path.name, asyncio.Lock()):
                if not await asyncio.to_thread(path.exists):
                    await asyncio.to_thread(self.remove_old_copies)
                    await self._fetch(key, path)
            await asyncio.to_thread(os.utime, path)
        except OSError as error:
            log.warning("table not brought", error=type(error).__name__)
            raise UnavailableError(
                "This table cannot be read at the moment.",
                remedy="Try again in a while, or download its file.",
            ) from error
        finally:
            self._turns.pop(path.name, None)

    async def _fetch(self, key: str, path: Path) -> None:
        arriving = path.with_suffix(f".{uuid.uuid4().hex}")
        await asyncio.to_thread(
            arriving.parent.mkdir, mode=0o700, parents=True, exist_ok=True
        )
        try:
            await asyncio.to_thread(_write_copy, self._store, key, arriving)
            arriving.replace(path)
        finally:
            arriving.unlink(missing_ok=True)

    def remove_old_copies(self) -> None:
        """Remove copies that nobody asked for in their time, then the oldest while they are too many."""
        _remove_old_copies(self._folder, KEPT_SECONDS)
        if self._memory is not None:
            _remove_old_copies(self._memory, KEPT_SECONDS_IN_MEMORY)

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


def _remove_old_copies(folder: Path, lifetime: float) -> None:
    copies = [
        (copy, file_status)
        for copy in folder.rglob("*.*")
        if (file_status := _stat(copy))
    ]
    left = sum(file_status.st_size for _, file_status in copies)
    for copy, file_status in sorted(copies, key=lambda entry: entry[1].st_mtime):
        if time.time() - file_status.st_mtime > lifetime or left > KEPT_BYTES:
            copy.unlink(missing_ok=True)
            left -= file_status.st_size


def _folder_of(file: StoredFile) -> str:
    """The folder of a dataset's copies."""
    return f"{file.tenant_id}/{file.dataset_id}"


def _stat(copy: Path) -> os.stat_result | None:
    """What is known of a copy, unless another process has removed it."""
    try:
        return copy.stat()
    except FileNotFoundError:
        return None


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


def _write_copy(store: ObjectStore, key: str, target: Path) -> None:
    try:
        with target.open("wb") as out:
            for piece in store.read(key):
                out.write(piece)
    except FileNotFoundError:
        raise NotFoundError("This dataset is not a table: download its file.") from None

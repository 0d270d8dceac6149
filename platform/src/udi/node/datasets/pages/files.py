"""The files, links and services of a published dataset, for everybody: the main file first, then the others in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from udi.kit.tenancy import space_context
from udi.node.datasets.models import Dataset, DatasetPart, Version
from udi.node.datasets.pages.messages import (
    PART_ROLE_NAMES,
    PageRequest,
    locale_of,
    translator,
)
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.records.data_package import published_record
from udi.node.datasets.records.parts import (
    ListedPart,
    list_published_parts,
    media_of_part,
    part_caption,
    part_path,
)
from udi.node.datasets.versions.series import find_open_series
from udi.node.datasets.versions.table_list import TableEntry, list_tables_of
from udi.node.files.models import SERVED_ACCESS, ErasedDataset, FileAccess
from udi.node.files.queries import missing_error
from udi.protocol.formats import file_label
from udi.protocol.record import restore_record
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.locale import localise_title
from udi.ui.site import render, site_of


@dataclass(frozen=True)
class FileEntry:
    """A line of the list; `url` is empty where it is not read here, `size` and `sha256` where they are not public."""

    title: str
    name: str
    role: str
    format: str
    url: str
    size: int | None = None
    sha256: str = ""
    changed: datetime | None = None
    documentation: str = ""
    is_restricted: bool = False
    tables: Sequence[TableEntry] = ()
    """Of a file that everybody reads, where it has tables."""


@get("/datasets/{dataset_id:uuid}/files")
async def show_files(
    request: PageRequest,
    session: Session,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """What a published dataset consists of."""
    with space_context(None):
        async with site_of(request).database.session(territory.id) as unconfined:
            dataset = await find_dataset(unconfined, dataset_id)
    if dataset is None or not dataset.opened_at or dataset.withdrawn_at:
        raise await missing_error(session, ErasedDataset.id == dataset_id)
    record = restore_record(dataset.record or published_record(dataset))
    return render(
        request,
        "datasets/files.html",
        title=localise_title(record.title, record.titles, locale_of(request)),
        entries=_list_entries(request, dataset),
        portal_url=f"{territory.links.get('portal', '')}/data/{dataset_id}",
        dataset_id=dataset_id,
        restricted=dataset.restricted,
        series=find_open_series(dataset),
    )


def _list_entries(request: PageRequest, dataset: Dataset) -> list[FileEntry]:
    say = translator(request)
    entries = list[FileEntry]()
    main = _served(dataset.versions)
    if main is not None:
        path = f"/datasets/{dataset.id}/file"
        entries.append(_file_entry(dataset, main, say("Main file"), path))
    for listed in list_published_parts(dataset):
        role = say(PART_ROLE_NAMES[listed.part.role])
        entry = _part_entry(dataset, listed, role)
        if entry is not None:
            entries.append(entry)
    return entries


def _served(versions: Sequence[Version]) -> Version | None:
    """The newest version that is given, to everybody or under an agreement."""
    return next(
        (version for version in versions if version.file.access in SERVED_ACCESS), None
    )


def _part_entry(dataset: Dataset, listed: ListedPart, role: str) -> FileEntry | None:
    part = listed.part
    if not part.is_file:
        media = media_of_part(dataset, listed, "")
        return FileEntry(
            part_caption(part),
            "",
            role,
            media.format,
            part.address,
            documentation=part.documentation,
        )
    version = _served(part.versions)
    if version is None:
        return None
    path = part_path(part, version.file.name)
    return _file_entry(dataset, version, role, path, part)


def _file_entry(
    dataset: Dataset,
    version: Version,
    role: str,
    path: str,
    part: DatasetPart | None = None,
) -> FileEntry:
    """A file; of a restricted one neither the address, nor the size, nor the digest, which tell of its cells.

    Nor the tables in it.
    """
    file = version.file
    title = part_caption(part) if part else ""
    label = file_label(file.media_type)
    if file.access != FileAccess.OPEN:
        return FileEntry(
            title or file.name, file.name, role, label, "", is_restricted=True
        )
    return FileEntry(
        title or file.name,
        file.name,
        role,
        label,
        path,
        file.size,
        file.sha256,
        version.published_at,
        tables=list_tables_of(dataset, version),
    )


routes: Routes = [show_files]

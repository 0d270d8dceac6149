"""The parts of a dataset in its record: further files, links and services, after the main file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec

from udi.node.datasets.models import Dataset, DatasetPart, PartRole, Version
from udi.node.datasets.records.media_tables import (
    file_periods,
    find_record_series,
    media_columns,
    media_tables,
    series_table,
)
from udi.node.datasets.records.rudi_clients import as_version_4
from udi.node.datasets.versions.findings import schema_address_of
from udi.node.datasets.versions.series import period_label
from udi.node.files.models import WITHHELD_ACCESS
from udi.protocol.record import write_media
from udi.protocol.rules import entries
from udi.protocol.schema import ENTRIES as MOST_ENTRIES
from udi.protocol.structures import Checksum, Dates, Media, MediaMetadata
from udi.protocol.vocabulary import (
    API_CONTRACT,
    DOWNLOAD,
    PAGE,
    PUBLIC_MEDIA,
    MediaKind,
)

Document = dict[str, Any]


@dataclass(frozen=True)
class ListedPart:
    """A part that a record names, with the version of its file; a link or a service has none."""

    part: DatasetPart
    version: Version | None = None

    @property
    def mark(self) -> UUID:
        """What `Delivery.listed_parts` keeps of it."""
        return self.version.file_id if self.version else self.part.id


def list_published_parts(dataset: Dataset) -> list[ListedPart]:
    """The parts that are published, in their order."""
    listed = list[ListedPart]()
    for part in dataset.parts:
        if part.published is not None or part.published_at is not None:
            listed.append(ListedPart(part, part.published))
    return listed


def part_path(part: DatasetPart, file_name: str) -> str:
    """The address of a part's file on the node, which always gives its newest version."""
    return f"/datasets/{part.dataset_id}/files/{part.id}/{quote(file_name)}"


def part_caption(part: DatasetPart) -> str:
    """The title of a part, with its period where it has one that the title does not say."""
    if part.first_day is None:
        return part.title
    period = period_label(part.first_day, part.last_day)
    if period in part.title:
        return part.title
    return f"{part.title} ({period.replace('/..', ' –').replace('/', ' – ')})"


def media_of_part(dataset: Dataset, listed: ListedPart, origin: str) -> Media:
    """A part as records list it; `origin` is that of the node."""
    part = listed.part
    metadata = MediaMetadata(periods=file_periods(part.first_day, part.last_day))
    if listed.version is None:
        return Media(
            id=part.id,
            kind=MediaKind.SERVICE,
            url=part.address,
            contract=API_CONTRACT if part.role == PartRole.SERVICE else PAGE,
            name=part_caption(part),
            role=part.role,
            dates=Dates(created=part.created_at, updated=part.updated_at),
            documentation=part.documentation,
            metadata=metadata,
        )
    file = listed.version.file
    return Media(
        id=part.id,
        kind=MediaKind.FILE,
        url=origin + part_path(part, file.name),
        contract=DOWNLOAD,
        name=file.name,
        caption=part_caption(part),
        role=part.role,
        access=PUBLIC_MEDIA if part.is_public else "",
        dates=Dates(created=part.created_at, updated=listed.version.created_at),
        media_type=file.media_type,
        size=file.size,
        checksum=Checksum("SHA-256", file.sha256),
        encoding=file.charset,
        structure=schema_address_of(listed.version),
        columns=media_columns(dataset, listed.version),
        tables=media_tables(dataset, listed.version, origin),
        metadata=metadata,
    )


def list_part_media(
    dataset: Dataset,
    listed: Sequence[ListedPart],
    origin: str,
    *,
    main: Version | None,
) -> list[Media]:
    """The parts as records list them; the newest file of the table of all periods names that table too.

    A published file that is kept from readers is not in that table. `main` is the version of the main file that the record is about.
    """
    versions = [main, *(entry.version for entry in listed)]
    series = find_record_series(
        dataset,
        [
            version
            for version in versions
            if version and version.file.access not in WITHHELD_ACCESS
        ],
    )
    parts_in_series = [file.part_id for file in series.files if file.part_id]
    media_list = list[Media]()
    for entry in listed:
        media = media_of_part(dataset, entry, origin)
        if series.is_table and entry.part.id == parts_in_series[-1]:
            tables = (*media.tables, series_table(dataset, series, origin))
            media = msgspec.structs.replace(media, tables=tables[-MOST_ENTRIES:])
        media_list.append(media)
    return media_list


def replace_parts(
    document: Document,
    dataset: Dataset,
    listed: Sequence[ListedPart],
    origin: str,
    *,
    main: Version | None,
) -> Document:
    """The same record with these parts instead of those that it names; what is elsewhere stays after them.

    The main file, where there is one, stays first: it is the first that is no part; `main` is its version in the record.
    """
    others = [
        media
        for _, media in entries(document, "available_formats")
        if not is_part_media(media, dataset, origin)
    ]
    part_media = list_part_media(dataset, listed, origin, main=main)
    ours = [write_media(media) for media in part_media]
    first = 1 if dataset.has_file else 0
    media_list = [*others[:first], *ours, *others[first:]]
    return {**document, "available_formats": media_list}


def is_part_media(media: Document, dataset: Dataset, origin: str) -> bool:
    """Whether a media of a record is a part of the dataset, or was: also as a client of RUDI sent it back."""
    ids = {str(part.id) for part in dataset.parts}
    ids |= {as_version_4(part.id) for part in dataset.parts}
    address = str((media.get("connector") or {}).get("url", ""))
    return str(media.get("media_id", "")).lower() in ids or address.startswith(
        f"{origin}/datasets/{dataset.id}/files/"
    )


def is_only_media(dataset: Dataset, part: DatasetPart, origin: str) -> bool:
    """Whether the record of a published dataset would name nothing without this part; a file that waits is not in it."""
    if any(version.published_at is not None for version in dataset.versions):
        return False
    if any(listed.part is not part for listed in list_published_parts(dataset)):
        return False
    return all(
        is_part_media(media, dataset, origin)
        for _, media in entries(dataset.document or {}, "available_formats")
    )

"""A published dataset as a Data Package: its files as they were dropped, and its tables in the formats that are read most."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.records.parts import (
    ListedPart,
    list_published_parts,
    part_path,
)
from udi.node.datasets.records.rudi import current_file_url
from udi.node.datasets.versions.column_units import units_of
from udi.node.datasets.versions.findings import is_table, named_tables_of
from udi.node.datasets.versions.series import find_open_series
from udi.node.datasets.versions.table_places import TablePlace
from udi.node.files.models import SERVED_ACCESS, FileAccess, StoredFile
from udi.node.tables.addresses import TableAddresses
from udi.protocol.record import restore_record
from udi.tabular.columns.column import TypedColumn
from udi.tabular.exports.data_package import PackagedFile, build_data_package
from udi.tabular.exports.exports import FORMATS
from udi.tabular.formats.units import find_units
from udi.tabular.profiles.named_tables import SERIES
from udi.tabular.profiles.profile import Profile
from udi.ui.locale import localise

PACKAGED_FORMATS = ("csv", "parquet")


def compose_package(
    dataset: Dataset, version: Version, territory: Territory, locale: str
) -> dict[str, Any]:
    """`datapackage.json` of a published version and of the published parts; paths are addresses, which give the newest."""
    parts = list_published_parts(dataset)
    record = restore_record(published_record(dataset))
    licence = record.licence.standard_licence
    if licence:
        terms = {
            "name": licence.spdx or licence.code,
            "path": licence.url,
            "title": localise(licence.name, locale),
        }
    else:
        terms = None
    return build_data_package(
        name=str(dataset.id),
        title=record.title,
        files=[
            *_files(version, territory),
            *_part_files(parts, territory),
            *_table_files(dataset, version, parts, territory),
        ],
        created=version.published_at or version.created_at,
        identifier=str(dataset.id),
        description=localise(record.summary, locale),
        licence=terms,
        contributors=[{"title": dataset.space.name, "roles": ["publisher"]}],
        keywords=list(record.keywords),
        version=str(version.number),
        homepage=f"{territory.links.get('portal', '')}/data/{dataset.id}",
    )


def published_record(dataset: Dataset) -> dict[str, Any]:
    """What was published: answers that were changed since are nobody's business yet.

    Raises:
        NotFoundError: nothing was.
    """
    published = dataset.delivery.record if dataset.delivery else None
    if published is None or "global_id" not in published:
        raise NotFoundError
    return published


def _file_properties(file: StoredFile, profile: Profile) -> dict[str, Any]:
    """The bytes of a file that everybody may read, and how its text is written."""
    return {
        "size": file.size,
        "sha256": file.sha256,
        "encoding": profile.encoding.lower(),
        "delimiter": profile.delimiter,
        "header_line": profile.header_line,
        "as_written": True,
    }


def _part_files(
    parts: Sequence[ListedPart], territory: Territory
) -> list[PackagedFile]:
    """The published files beside the main one, in their order."""
    files = list[PackagedFile]()
    for listed in parts:
        version = listed.version
        if version is None or version.file.access not in SERVED_ACCESS:
            continue
        file = version.file
        profile = Profile.from_json(version.profile)
        is_open = file.access == FileAccess.OPEN
        as_text = is_open and profile.reads == "text" and profile.is_table
        files.append(
            PackagedFile(
                name=f"part-{listed.part.id}",
                path=territory.origin + part_path(listed.part, file.name),
                format=PurePath(quote(file.name)).suffix[1:].lower(),
                media_type=file.media_type,
                columns=profile.columns if as_text else None,
                units=profile.units if as_text else {},
                **(_file_properties(file, profile) if is_open else {}),
            )
        )
    return files


def _table_files(
    dataset: Dataset,
    version: Version,
    parts: Sequence[ListedPart],
    territory: Territory,
) -> Iterator[PackagedFile]:
    """The tables beside the main one, of files that everybody reads: each with its columns, in the same formats."""
    files = [version, *(listed.version for listed in parts if listed.version)]
    for file in files:
        if file.file.access == FileAccess.OPEN:
            yield from _tables_of_file(dataset, file, territory)
    series = find_open_series(dataset)
    if series.is_table:
        yield from _table_formats(dataset, SERIES, series.union.columns, territory)


def _tables_of_file(
    dataset: Dataset, version: Version, territory: Territory
) -> Iterator[PackagedFile]:
    if version.part_id is not None and is_table(version):
        name = TablePlace(version.part_id).table_name
        columns = Profile.from_json(version.profile).columns
        yield from _table_formats(dataset, name, columns, territory)
    for sheet in named_tables_of(version):
        name = TablePlace(version.part_id, sheet.name).table_name
        yield from _table_formats(dataset, name, sheet.columns, territory)


def _table_formats(
    dataset: Dataset,
    table_name: str,
    columns: tuple[TypedColumn, ...],
    territory: Territory,
) -> Iterator[PackagedFile]:
    """A table of a name in each format."""
    base = f"{territory.origin}{TableAddresses(dataset.id, table_name).api}/data"
    units = find_units(columns, {})
    for kind in PACKAGED_FORMATS:
        media_type = FORMATS[kind].media_type.partition(";")[0]
        yield PackagedFile(
            f"{table_name}-{kind}",
            f"{base}/{kind}/",
            kind,
            media_type,
            columns=columns,
            units=units,
        )


def _files(version: Version, territory: Territory) -> list[PackagedFile]:
    profile = Profile.from_json(version.profile)
    file = version.file
    dataset = version.dataset.id
    public = file.access != FileAccess.RESTRICTED
    units = units_of(version.dataset, profile if public else profile.without_cells())
    as_text = profile.reads == "text" and profile.is_table
    original = PackagedFile(
        name="file",
        path=current_file_url(territory.origin, dataset),
        format=PurePath(quote(file.name)).suffix[1:].lower(),
        media_type=file.media_type,
        columns=profile.columns if as_text else None,
        units=units,
        **(_file_properties(file, profile) if public else {}),
    )
    if not profile.is_table:
        return [original]
    base = f"{territory.origin}/api/resources/{dataset}/data"
    tables = [
        PackagedFile(
            kind,
            f"{base}/{kind}/",
            kind,
            FORMATS[kind].media_type.partition(";")[0],
            columns=profile.columns,
            units=units,
        )
        for kind in PACKAGED_FORMATS
    ]
    return [original, *tables]

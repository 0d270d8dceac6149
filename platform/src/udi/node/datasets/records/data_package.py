"""A published dataset as a Data Package: its file as it was dropped, and its table in the formats that are read most."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.records.parts import ListedPart, part_path
from udi.node.datasets.records.rudi import current_file_url
from udi.node.datasets.versions.column_units import units_of
from udi.node.files.models import SERVED_ACCESS, FileAccess, StoredFile
from udi.protocol.record import restore_record
from udi.tabular.exports.data_package import PackagedFile, build_data_package
from udi.tabular.exports.exports import FORMATS
from udi.tabular.profiles.profile import Profile
from udi.ui.locale import localise

PACKAGED_FORMATS = ("csv", "parquet")


def compose_package(
    version: Version, territory: Territory, locale: str, parts: Sequence[ListedPart]
) -> dict[str, Any]:
    """`datapackage.json` of a published version and of the published `parts`; paths are addresses, which give the newest."""
    dataset = version.dataset
    record = restore_record(published_record(version.dataset))
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
        files=[*_files(version, territory), *_part_files(parts, territory)],
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
        files.append(
            PackagedFile(
                name=f"part-{listed.part.id}",
                path=territory.origin + part_path(listed.part, file.name),
                format=PurePath(quote(file.name)).suffix[1:].lower(),
                media_type=file.media_type,
                **(_file_properties(file, profile) if is_open else {}),
            )
        )
    return files


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

"""A published dataset as a Data Package: its file as it was dropped, and its table in the formats that are read most."""

from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from udi.kit.tenancy import Territory
from udi.node.datasets.description import split_keywords
from udi.node.datasets.models import Version
from udi.node.datasets.rudi import current_file_url
from udi.node.files.models import Access
from udi.node.tables.exports import FORMATS
from udi.node.tables.package import PackagedFile, data_package
from udi.node.tables.profile import Profile
from udi.protocol.licences import LICENCES

TAKEN = ("csv", "parquet")


def compose_package(version: Version, territory: Territory, locale: str) -> dict[str, Any]:
    """`datapackage.json` of a published version; paths are addresses, which give the newest."""
    dataset, answers = version.dataset, version.dataset.description
    licence = LICENCES.get(answers.get("licence", ""))
    terms = (
        {"name": licence.spdx or licence.code, "path": licence.url, "title": licence.name[locale]} if licence else None
    )
    return data_package(
        name=str(dataset.id),
        title=dataset.title,
        files=_files(version, territory),
        created=version.published_at or version.created_at,
        identifier=str(dataset.id),
        description=answers.get("summary", ""),
        licence=terms,
        contributors=[{"title": dataset.space.name, "roles": ["publisher"]}],
        keywords=split_keywords(answers),
        version=str(version.number),
        homepage=f"{territory.links.get('portal', '')}/data/{dataset.id}",
    )


def _files(version: Version, territory: Territory) -> list[PackagedFile]:
    profile, file, dataset = Profile.from_json(version.profile), version.file, version.dataset.id
    shown = file.access != Access.RESTRICTED
    as_text = profile.reads == "text" and profile.is_table
    own = PackagedFile(
        name="file",
        path=current_file_url(territory.origin, dataset),
        format=PurePath(quote(file.name)).suffix[1:].lower(),
        media_type=file.media_type,
        size=file.size if shown else None,
        sha256=file.sha256 if shown else "",
        encoding=profile.encoding.lower(),
        columns=profile.columns if as_text else None,
        delimiter=profile.delimiter,
        header_line=profile.header_line,
        as_written=True,
    )
    if not profile.is_table:
        return [own]
    base = f"{territory.origin}/api/resources/{dataset}/data"
    tables = [
        PackagedFile(kind, f"{base}/{kind}/", kind, FORMATS[kind].media_type.partition(";")[0], columns=profile.columns)
        for kind in TAKEN
    ]
    return [own, *tables]

"""A dataset as a Data Package 2.0: its description alone, whose resources are the addresses of its files at their node."""

from collections.abc import Iterator
from typing import Any

from udi.portal.catalogue.actions import slug_of
from udi.portal.catalogue.models import Dataset, Distribution
from udi.portal.catalogue.open.signposts import licence_of
from udi.protocol.access import AccessRights
from udi.protocol.licences import LICENCES
from udi.protocol.node_tables import list_table_media
from udi.protocol.record import restore_record
from udi.protocol.texts import read_texts
from udi.ui.locale import localise, localise_title

SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE_SCHEMA = "https://datapackage.org/profiles/2.0/dataresource.json"
HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512": "sha512"}


def write_package(dataset: Dataset, origin: str, language: str) -> dict[str, Any]:
    """The description; a restricted dataset's resources lead to its page, where they are asked for."""
    address = f"{origin}/data/{dataset.id}"
    producer = dataset.organisation
    open_ = dataset.access == AccessRights.PUBLIC
    file_names = dataset.file_names
    package = {
        "$schema": SCHEMA,
        "name": str(dataset.id),
        "id": str(dataset.id),
        "title": dataset.title_in(language),
        "description": localise(dataset.summary, language)
        or localise(dataset.synopsis, language),
        "homepage": address,
        "created": dataset.stated_creation and dataset.stated_creation.isoformat(),
        "keywords": dataset.keywords,
        "licenses": _licences(dataset, language),
        "contributors": [
            {
                "title": producer.name,
                "path": f"{origin}/producers/{producer.slug}",
                "roles": ["publisher"],
            }
        ],
        "resources": [
            _resource(
                media,
                media.url if open_ else address,
                localise_title(media.name, file_names.get(str(media.id)), language),
            )
            for media in dataset.distributions
        ]
        + list(_tables(dataset))
        or [_page_resource(dataset, address, language)],
    }
    return {name: value for name, value in package.items() if value}


def _page_resource(dataset: Dataset, address: str, language: str) -> dict[str, Any]:
    """The page of a dataset of which nothing is downloaded: a package has a resource at least."""
    return {
        "$schema": RESOURCE_SCHEMA,
        "name": str(dataset.id),
        "path": address,
        "title": dataset.title_in(language),
        "format": "html",
        "mediatype": "text/html",
    }


def _licences(dataset: Dataset, language: str) -> list[dict[str, str]]:
    licence = LICENCES.get(dataset.licence)
    path = licence_of(dataset)
    if licence:
        return [
            {
                "name": licence.spdx or licence.code,
                "path": path,
                "title": localise(licence.name, language),
            }
        ]
    custom = dataset.record.get("access_condition", {}).get("licence", {})
    title = localise(read_texts(custom.get("custom_licence_label")), language)
    if path:
        return [{"path": path, "title": title}]
    return []


def _tables(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """The further tables of open files at a node of ours, and the one of all periods, as CSV."""
    for file in list_table_media(restore_record(dataset.record)):
        if file.is_service:
            continue
        name = "-".join(part for part in (slug_of(file.name), str(file.id)) if part)
        yield {
            "$schema": RESOURCE_SCHEMA,
            "name": name,
            "path": file.url,
            "title": file.name,
            "format": file.format.lower(),
            "mediatype": file.media_type,
        }


def _resource(media: Distribution, path: str, title: str) -> dict[str, Any]:
    digest = HASHES.get(media.hash_algorithm)
    resource = {
        "$schema": RESOURCE_SCHEMA,
        "name": "-".join(part for part in (slug_of(media.name), str(media.id)) if part),
        "path": path,
        "title": title,
        "description": media.caption,
        "format": media.format.lower(),
        "mediatype": media.media_type.partition(";")[0],
        "bytes": media.size,
        "hash": f"{digest}:{media.hash_value}" if digest else "",
    }
    return {name: value for name, value in resource.items() if value not in (None, "")}

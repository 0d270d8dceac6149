"""The tables of an open record at a node of ours, which the record names and does not list: their files and their services."""

from uuid import uuid5

from udi.protocol.access import AccessRights
from udi.protocol.addresses import (
    NodeAddresses,
    find_addresses,
    find_table_addresses,
)
from udi.protocol.formats import FORMATS
from udi.protocol.structures import Media, MediaMetadata, Record
from udi.protocol.vocabulary import MediaKind

TABLE_FORMATS = ("JSON", "CSV", "XLSX", "Parquet", "Arrow")
"""What the API of a table at a node of ours answers with."""


def list_apis(record: Record) -> list[Media]:
    """The API of the main table of an open file at a node of ours, which no record lists."""
    if record.access is not AccessRights.PUBLIC:
        return []
    return [
        _describe_api(record, file, addresses)
        for file in record.media
        if file.columns and (addresses := find_addresses(file.url, record.id))
    ]


def list_table_media(record: Record) -> list[Media]:
    """The further tables of open files at a node of ours, each as a file to download and as the service that answers of it.

    They are sheets, layers, members, the tables of further files and that of all periods. A further file is itself what
    is downloaded of its main table.
    """
    if record.access is not AccessRights.PUBLIC:
        return []
    table_media = list[Media]()
    for media in record.media:
        for table in media.tables:
            addresses = find_table_addresses(table.url, record.id)
            if addresses is None:
                continue
            if addresses.table_name != str(media.id):
                table_media.append(_describe_export(media, table.name, addresses))
            table_media.append(_describe_table_api(media, table.name, addresses))
    return table_media


def _describe_export(media: Media, name: str, addresses: NodeAddresses) -> Media:
    return Media(
        id=uuid5(media.id, f"table {addresses.table_name}"),
        kind=MediaKind.FILE,
        url=addresses.export("csv"),
        name=name,
        dates=media.dates,
        media_type=FORMATS["CSV"].media_types[0],
        metadata=MediaMetadata(access_url=addresses.page),
    )


def _describe_table_api(media: Media, name: str, addresses: NodeAddresses) -> Media:
    return Media(
        id=uuid5(media.id, f"api {addresses.table_name}"),
        kind=MediaKind.SERVICE,
        url=addresses.api,
        name=f"{name} (API)",
        dates=media.dates,
        documentation=addresses.api_description,
    )


def _describe_api(record: Record, file: Media, addresses: NodeAddresses) -> Media:
    return Media(
        id=uuid5(file.id, "api"),
        kind=MediaKind.SERVICE,
        url=addresses.api,
        name=f"{record.title} (API)",
        dates=file.dates,
        documentation=addresses.api_description,
    )

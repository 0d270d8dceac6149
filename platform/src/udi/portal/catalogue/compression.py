"""A description as the database keeps it: its JSON, deflated (RFC 1951) from the words that most descriptions have.

Half a catalogue's room is descriptions, read whole or not at all: PostgreSQL's own compression of JSON, which begins
anew with each row, takes over twice as much (decision 0011).
"""

import zlib
from typing import Any

from msgspec import json
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

Description = dict[str, Any]
FIRST = b"\x01"
"""The dictionary that a description was deflated from: what is kept begins with its number."""
WORDS = (
    '"ext_metadata":{"ext_":{}}"dataset_size":{"numbers_of_records":,"number_of_fields":}"doi":"10."local_id":""'
    '"usage_constraint":[{"lang":"bibliographical_reference":[{"lang":"mandatory_mention":[{"lang":"access_constraint":'
    '[{"lang":"other_constraints":[{"lang":"licence_type":"CUSTOM","custom_licence_label":[{"lang":"fr","text":""}],'
    '"custom_licence_uri":"https://"media_type":"SERIES","latency":,"period":,"current_number_of_records":,'
    '"current_size":,"total_number_of_records":,"total_size":"media_caption":"","media_dates":{"created":"2024-",'
    '"updated":"2025-01-01T00:00:00Z","published":"20","validated":"20","expires":"20","deleted":"20"},'
    '"connector_parameters":[{"key":"versions","value":"1.3.0"},{"key":"layer","value":""},{"key":"default_crs",'
    '"value":"EPSG:4326"},{"key":"formats","value":"image/png"}]}}],"media_type":"SERVICE",'
    '"interface_contract":"wms"}"wfs"}"wmts"}"api"}"page"}"file_type":"application/json","application/geo+json",'
    '"application/vnd.oasis.opendocument.spreadsheet","application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",'
    '"application/x-shapefile","application/geopackage+sqlite3","application/pdf","application/zip","text/html","'
    '"theme":"economy","citizenship","energyNetworks","culture","transportation","children","environment",'
    '"townPlanning","location","education","tourism","health","society","sport","agriculture","geography":'
    '{"geographic_distribution":{"type":"Polygon","coordinates":[[["projection":"WGS 84 (EPSG:4326)","bounding_box":'
    '{"west_longitude":-1.,"south_latitude":48.,"east_longitude":-1.,"north_latitude":48.}},{"global_id":"",'
    '"resource_title":"Les des et du de la commune de ","synopsis":[{"lang":"fr","text":"Ce jeu de données "},'
    '{"lang":"en","text":"This dataset "}],"summary":[{"lang":"fr","text":"Ce jeu de données "},{"lang":"en",'
    '"text":"This dataset "}],"theme":"","keywords":["",""],"producer":{"organization_id":"","organization_name":"",'
    '"organization_address":""},"contacts":[{"contact_id":"","contact_name":"","organization_name":"","role":"",'
    '"email":"@"}],"available_formats":[{"media_type":"FILE","media_id":"","media_name":"","file_type":"text/csv",'
    '"connector":{"url":"https://www.data.fr/","interface_contract":"dwnl"},"file_size":,"checksum":{"algo":"SHA-256",'
    '"hash":""}}],"file_encoding":"UTF-8","file_structure":"","resource_languages":["fr","en"],"temporal_spread":'
    '{"start_date":"2010-01-01T00:00:00Z","end_date":"2015-12-31T00:00:00Z"},"geography":{"bounding_box":'
    '{"west_longitude":-,"south_latitude":4,"east_longitude":,"north_latitude":4}},"dataset_dates":{"created":'
    '"2024-01-01T00:00:00Z","updated":"2025-01-01T00:00:00Z","published":"2025-"},"storage_status":"online",'
    '"access_condition":{"licence":{"licence_type":"STANDARD","licence_label":"etalab-2.0"},"confidentiality":'
    '{"restricted_access":false,"gdpr_sensitive":false}},"metadata_info":{"api_version":"1.4.1","metadata_dates":'
    '{"created":"","updated":""},"metadata_contacts":[],"metadata_source":""}}'
).encode()
"""Never to be changed: what is kept could not be read any more. Another list would have another number."""
RAW = -zlib.MAX_WBITS


def compress_description(description: Description) -> bytes:
    """What is kept of a description."""
    deflater = zlib.compressobj(wbits=RAW, memLevel=zlib.DEF_MEM_LEVEL, zdict=WORDS)
    return FIRST + deflater.compress(json.encode(description)) + deflater.flush()


def decompress_description(stored_bytes: bytes) -> Description:
    """The description again.

    Raises:
        ValueError: it was deflated from words that this release does not know.
    """
    if stored_bytes[:1] != FIRST:
        raise ValueError(
            f"a description begins with {stored_bytes[:1]!r}: a later release wrote it"
        )
    description: Description = json.decode(
        zlib.decompressobj(RAW, WORDS).decompress(stored_bytes[1:])
    )
    return description


class CompressedDescription(TypeDecorator[Description]):
    """A column of descriptions, kept packed."""

    impl = LargeBinary
    cache_ok = True

    @property
    def python_type(self) -> type[Description]:
        """What a row gives and takes."""
        return dict

    def process_bind_param(
        self,
        value: Description | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's own signature
    ) -> bytes | None:
        """What is written."""
        if value is None:
            return None
        return compress_description(value)

    def process_result_value(
        self,
        value: bytes | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's own signature
    ) -> Description | None:
        """What is read."""
        if value is None:
            return None
        return decompress_description(value)

"""RUDI's metadata 1.4.1 as shapes, with limits of our own where RUDI has none.

Limits, in characters: 150 for the title (RUDI's), 200 for keywords, 300 for names and other lines, 10,000 for
paragraphs, 50,000 for the summary, 2,000 for addresses. In entries: 500 files and services, 200 keywords, 100 for
other lists.
"""

import re

from udi.protocol import fault_kinds
from udi.protocol.frequencies import CODES as FREQUENCIES
from udi.protocol.languages import TAGS
from udi.protocol.licences import RUDI_LICENCES
from udi.protocol.metadata_schema import MEDIA_METADATA, METADATA
from udi.protocol.rudi_names import COUNTERS
from udi.protocol.rudi_names import METADATA as DCAT
from udi.protocol.validators import (
    Validator,
    anything,
    boolean,
    choice,
    email,
    group,
    integer,
    list_of,
    matching_text,
    media_type,
    moment,
    number,
    tagged_group,
    text,
    url,
    uuid,
)
from udi.protocol.vocabulary import (
    GEOMETRIES,
    HASHES,
    PARAMETER_TYPES,
    SELF_DATA_ACCESS,
    MediaKind,
    StorageStatus,
)

TITLE = 150
WORD = 200
LINE = 300
PARAGRAPH = 10_000
ARTICLE = 50_000
ENTRIES = 100
KEYWORDS = 200
MEDIA = 500
DOI = re.compile(r"10\.\d{4,9}/[-.;()/:\w]{1,200}")
DATAVERSE_DOI = re.compile(r"doi:10\.\d{4,9}/[-.;()/:\w]{1,200}")
VERSION = re.compile(r"([0-9]{1,2}\.){2}[0-9]{1,2}[a-z]{0,10}")

line = text(LINE, blank=True)
paragraph = text(PARAGRAPH, blank=True)


def texts(limit: int, *, least: int = 0, blank: bool = False) -> Validator:
    """A list of texts by language; `html` beside `text` since 1.4.1."""
    words = text(limit, blank=blank)
    return list_of(
        group({"lang": choice(TAGS), "text": words}, {"html": text(limit, blank=True)}),
        ENTRIES,
        least=least,
    )


dates = group(
    {"created": moment, "updated": moment},
    {
        "validated": moment,
        "published": moment,
        "expires": moment,
        "deleted": moment,
        "unstated": list_of(choice(("created", "updated")), 2),
    },
)
organisation = group(
    {"organization_id": uuid, "organization_name": text(LINE)},
    {
        "organization_address": paragraph,
        "organization_caption": paragraph,
        "organization_summary": paragraph,
        "organization_coordinates": group(
            {"latitude": number(-90, 90), "longitude": number(-180, 180)}
        ),
    },
)
contact = group(
    {"contact_id": uuid, "contact_name": text(LINE), "email": email},
    {
        "organization_name": line,
        "role": line,
        "contact_summary": paragraph,
        "contact_phone": line,
        "contact_page": url,
    },
)
connector = group(
    {"url": url},
    {
        "interface_contract": text(LINE),
        "connector_parameters": list_of(
            group(
                {},
                {
                    "key": text(LINE),
                    "value": paragraph,
                    "type": choice(PARAMETER_TYPES),
                    "usage": paragraph,
                    "accepted_values": list_of(anything, ENTRIES),
                },
            ),
            ENTRIES,
        ),
    },
)
_ANY_MEDIA = {"media_id": uuid, "connector": connector}
_ANY_MEDIA_OPTIONAL = {
    "media_name": line,
    "media_names": texts(LINE),
    "media_caption": paragraph,
    "media_role": line,
    "media_access": line,
    "media_visual": url,
    "media_dates": dates,
    DCAT: MEDIA_METADATA,
}
media = tagged_group(
    "media_type",
    {
        MediaKind.FILE: group(
            {
                **_ANY_MEDIA,
                "file_type": media_type,
                "file_size": integer(),
                "checksum": group({"algo": choice(HASHES), "hash": text(WORD)}),
            },
            {
                **_ANY_MEDIA_OPTIONAL,
                "file_structure": url,
                "file_encoding": line,
                "file_tables": list_of(
                    group(
                        {"name": text(LINE)},
                        {
                            "url": url,
                            "number_of_records": integer(),
                            "number_of_fields": integer(),
                        },
                    ),
                    ENTRIES,
                ),
                "file_columns": list_of(
                    group({"name": text(LINE)}, {"unit": line}), ENTRIES
                ),
            },
        ),
        MediaKind.SERVICE: group(
            _ANY_MEDIA, {**_ANY_MEDIA_OPTIONAL, "api_documentation_url": url}
        ),
        MediaKind.SERIES: group(
            _ANY_MEDIA, {**_ANY_MEDIA_OPTIONAL, **dict.fromkeys(COUNTERS, integer())}
        ),
    },
)
licence = tagged_group(
    "licence_type",
    {
        "STANDARD": group({"licence_label": choice(list(RUDI_LICENCES))}),
        "CUSTOM": group(
            {
                "custom_licence_label": texts(PARAGRAPH, least=1),
                "custom_licence_uri": url,
            }
        ),
    },
)
CONSTRAINTS = (
    "usage_constraint",
    "bibliographical_reference",
    "mandatory_mention",
    "access_constraint",
    "other_constraints",
)
access_condition = group(
    {
        "licence": licence,
        "confidentiality": group(
            {"restricted_access": boolean}, {"gdpr_sensitive": boolean}
        ),
    },
    dict.fromkeys(CONSTRAINTS, texts(PARAGRAPH, blank=True)),
)
geography = group(
    {
        "bounding_box": group(
            {
                "west_longitude": number(-180, 180),
                "east_longitude": number(-180, 180),
                "north_latitude": number(-90, 90),
                "south_latitude": number(-90, 90),
            }
        )
    },
    {
        "geographic_distribution": group({"type": choice(GEOMETRIES)}),
        "projection": line,
    },
)
self_data = group(
    {},
    {
        "ext_selfdata_connector": connector,
        "ext_selfdata_content": group(
            {"selfdata_access": choice(SELF_DATA_ACCESS)},
            {
                "matching_data": list_of(group({"code": text(30)}), ENTRIES),
                "deletable_data": boolean,
            },
        ),
    },
)
metadata_info = group(
    {"api_version": matching_text(VERSION.fullmatch, fault_kinds.BAD_VERSION, 20)},
    {
        "metadata_dates": dates,
        "metadata_contacts": list_of(contact, ENTRIES),
        "metadata_source": url,
    },
)
RECORD = group(
    {
        "global_id": uuid,
        "resource_title": text(TITLE),
        "synopsis": texts(PARAGRAPH, least=1, blank=True),
        "summary": texts(ARTICLE, least=1, blank=True),
        "theme": text(LINE),
        "keywords": list_of(text(WORD), KEYWORDS, least=1),
        "producer": organisation,
        "contacts": list_of(contact, ENTRIES, least=1),
        "available_formats": list_of(media, MEDIA, least=1),
        "dataset_dates": dates,
        "storage_status": choice(list(StorageStatus)),
        "access_condition": access_condition,
        "metadata_info": metadata_info,
    },
    {
        "resource_titles": texts(TITLE),
        "local_id": line,
        "doi": matching_text(DOI.fullmatch, fault_kinds.BAD_DOI),
        "dataverse_doi": matching_text(DATAVERSE_DOI.fullmatch, fault_kinds.BAD_DOI),
        "resource_languages": list_of(choice(TAGS), ENTRIES),
        "temporal_spread": group({"start_date": moment}, {"end_date": moment}),
        "update_frequency": choice(sorted(FREQUENCIES)),
        "dataset_series": list_of(
            group({"series_url": url}, {"series_title": texts(TITLE)}), ENTRIES
        ),
        "geography": geography,
        "dataset_size": group(
            {},
            {
                "numbers_of_records": integer(),
                "number_of_records": integer(),
                "number_of_fields": integer(),
            },
        ),
        "ext_metadata": group({}, {"ext_selfdata": self_data}),
        DCAT: METADATA,
    },
)

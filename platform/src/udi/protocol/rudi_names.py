"""RUDI's names of the fields that are copied as they are, by the names of our structures."""

from udi.protocol.vocabulary import MediaKind

RECORD = {
    "title": "resource_title",
    "local_id": "local_id",
    "doi": "doi",
    "dataverse_doi": "dataverse_doi",
}
ORGANISATION = {
    "name": "organization_name",
    "address": "organization_address",
    "caption": "organization_caption",
    "summary": "organization_summary",
}
CONTACT = {
    "name": "contact_name",
    "email": "email",
    "organisation": "organization_name",
    "role": "role",
    "summary": "contact_summary",
    "phone": "contact_phone",
    "url": "contact_page",
}
MEDIA = {
    "name": "media_name",
    "caption": "media_caption",
    "role": "media_role",
    "access": "media_access",
    "visual": "media_visual",
}
MEDIA_OF_KIND = {
    MediaKind.FILE: {
        "media_type": "file_type",
        "structure": "file_structure",
        "encoding": "file_encoding",
    },
    MediaKind.SERVICE: {"documentation": "api_documentation_url"},
    MediaKind.SERIES: {},
}
LINES_OF_MEDIA = {kind: MEDIA | fields for kind, fields in MEDIA_OF_KIND.items()}
"""Those of any media, with those of its kind."""
ADDRESSES = {"visual", "structure", "documentation", "url"}
METADATA = "dcat"
"""What DCAT-AP says of a dataset or a distribution and RUDI has no field for: a name of ours."""
COUNTERS = (
    "latency",
    "period",
    "current_number_of_records",
    "current_size",
    "total_number_of_records",
    "total_size",
)
CONSTRAINTS = {
    "usage": "usage_constraint",
    "reference": "bibliographical_reference",
    "mention": "mandatory_mention",
    "access": "access_constraint",
    "other": "other_constraints",
}
BOX = {
    "west": "west_longitude",
    "south": "south_latitude",
    "east": "east_longitude",
    "north": "north_latitude",
}
DATES = ("created", "updated", "validated", "published", "expires", "deleted")

_OTHERS = (
    "global_id",
    "resource_titles",
    "synopsis",
    "summary",
    "theme",
    "keywords",
    "producer",
    "contacts",
    "available_formats",
    "resource_languages",
    "temporal_spread",
    "update_frequency",
    "dataset_series",
    "geography",
    "dataset_size",
    "dataset_dates",
    "storage_status",
    "access_condition",
    "metadata_info",
    "ext_metadata",
    METADATA,
)
KNOWN_OF_RECORD = {*RECORD.values(), *_OTHERS}
KNOWN_OF_ORGANISATION = {
    "organization_id",
    "organization_coordinates",
    *ORGANISATION.values(),
}
KNOWN_OF_CONTACT = {"contact_id", *CONTACT.values()}
_OF_ANY_MEDIA = {
    "media_type",
    "media_id",
    "media_names",
    "media_dates",
    "connector",
    METADATA,
    *MEDIA.values(),
}
KNOWN_OF_MEDIA = {
    MediaKind.FILE: {
        *_OF_ANY_MEDIA,
        "file_size",
        "file_columns",
        "file_tables",
        "checksum",
        *MEDIA_OF_KIND[MediaKind.FILE].values(),
    },
    MediaKind.SERVICE: {*_OF_ANY_MEDIA, *MEDIA_OF_KIND[MediaKind.SERVICE].values()},
    MediaKind.SERIES: {*_OF_ANY_MEDIA, *COUNTERS},
}

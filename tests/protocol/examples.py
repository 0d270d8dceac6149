"""Records made for the tests."""

from typing import Any
from uuid import UUID

RECORD_ID = "6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c"
PRODUCER_ID = "0f6d3a52-6d2c-4d8e-9a1b-3c5e7f901234"
CONTACT_ID = "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d"
FILE_ID = "9e8d7c6b-5a49-4838-a727-161514131211"
SERVICE_ID = "c1d2e3f4-a5b6-4c7d-8e9f-0a1b2c3d4e5f"
MOMENT = "2026-03-01T08:00:00Z"


def a_file(**changes: Any) -> dict[str, Any]:
    return {
        "media_type": "FILE",
        "media_id": FILE_ID,
        "media_name": "trees.csv",
        "connector": {
            "url": "https://node.example.org/files/trees.csv",
            "interface_contract": "dwnl",
        },
        "file_type": "text/csv",
        "file_size": 2048,
        "checksum": {"algo": "SHA-256", "hash": "ab" * 32},
    } | changes


def a_service(contract: str, *parameters: str, **changes: Any) -> dict[str, Any]:
    return {
        "media_type": "SERVICE",
        "media_id": SERVICE_ID,
        "connector": {
            "url": "https://maps.example.org/ows",
            "interface_contract": contract,
            "connector_parameters": [{"key": key, "value": "x"} for key in parameters],
        },
    } | changes


def a_record(**changes: Any) -> dict[str, Any]:
    """A valid record in version 1.4.1 with the required fields only."""
    return {
        "global_id": RECORD_ID,
        "resource_title": "Street trees",
        "synopsis": [{"lang": "fr", "text": "Les arbres des rues"}],
        "summary": [
            {
                "lang": "fr",
                "text": "Essence, hauteur et état des arbres le long des rues.",
            }
        ],
        "theme": "environment",
        "keywords": ["arbre"],
        "producer": {
            "organization_id": PRODUCER_ID,
            "organization_name": "Mairie de Kerlevan",
        },
        "contacts": [
            {
                "contact_id": CONTACT_ID,
                "contact_name": "Espaces verts",
                "email": "verts@example.org",
            }
        ],
        "available_formats": [a_file()],
        "dataset_dates": {"created": MOMENT, "updated": MOMENT},
        "storage_status": "online",
        "access_condition": {
            "licence": {"licence_type": "STANDARD", "licence_label": "etalab-2.0"},
            "confidentiality": {"restricted_access": False, "gdpr_sensitive": False},
        },
        "metadata_info": {"api_version": "1.4.1"},
    } | changes


def a_full_record() -> dict[str, Any]:
    """A valid record in version 1.4.1 with every field."""
    dates = {
        "created": MOMENT,
        "updated": "2026-03-02T10:30:00.250000Z",
        "validated": MOMENT,
        "published": MOMENT,
    }
    words = [{"lang": "fr", "text": "Oui"}, {"lang": "en", "text": "Yes"}]
    return a_record(
        local_id="trees-2026",
        doi="10.5072/FK2/JV9LCO",
        dataverse_doi="doi:10.5072/FK2/JV9LCO",
        summary=[{"lang": "fr", "text": "Les arbres", "html": "<p>Les <strong>arbres</strong></p>"}],
        producer={
            "organization_id": PRODUCER_ID,
            "organization_name": "Mairie de Kerlevan",
            "organization_address": "1 place du Marché",
            "organization_caption": "Mairie",
            "organization_summary": "La commune",
            "organization_coordinates": {"latitude": 48.1, "longitude": -1.6},
            "siren": "213500000",
        },
        available_formats=[
            a_file(
                media_caption="Le tableau",
                media_visual="https://node.example.org/trees.png",
                media_dates=dates,
                file_encoding="UTF-8",
                file_structure="https://node.example.org/trees.schema.json",
                file_storage_status="available",
            ),
            a_service("wms", "versions", "layer", "default_crs", "formats", media_name="Carte"),
            {
                "media_type": "SERIES",
                "media_id": "d4c3b2a1-0f9e-4d8c-b7a6-958473625140",
                "connector": {"url": "https://sensors.example.org/feed"},
                "latency": 100,
                "period": 10,
                "current_number_of_records": 20,
                "current_size": 328,
                "total_number_of_records": 80,
                "total_size": 500,
            },
        ],
        resource_languages=["fr", "en"],
        temporal_spread={"start_date": MOMENT, "end_date": "2026-12-31T23:59:59Z"},
        geography={
            "bounding_box": {
                "west_longitude": -1.7, "east_longitude": -1.6, "south_latitude": 48.0, "north_latitude": 48.2,
            },
            "geographic_distribution": {"type": "Point", "coordinates": [-1.65, 48.1]},
            "projection": "WGS 84 (EPSG:4326)",
        },
        dataset_size={"numbers_of_records": 12, "number_of_fields": 4},
        dataset_dates=dates,
        access_condition={
            "licence": {
                "licence_type": "CUSTOM",
                "custom_licence_label": words,
                "custom_licence_uri": "https://example.org/licence",
            },
            "confidentiality": {"restricted_access": True, "gdpr_sensitive": True},
            "usage_constraint": words,
            "bibliographical_reference": words,
            "mandatory_mention": words,
            "access_constraint": words,
            "other_constraints": words,
        },
        metadata_info={
            "api_version": "1.4.1",
            "metadata_dates": dates,
            "metadata_contacts": [
                {"contact_id": CONTACT_ID, "contact_name": "Données", "email": "data@example.org", "role": "Écriture"}
            ],
            "metadata_source": "https://data.example.org/trees",
        },
        ext_metadata={"ext_selfdata": {"ext_selfdata_content": {"selfdata_access": "OUT", "selfdata_held": "adresse"}}},
        purpose=[{"lang": "fr", "text": "Entretien"}],
    )  # fmt: skip


def put(record: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The record with another value at a dotted path (`available_formats.0.file_size`)."""
    *parents, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    holder: Any = record
    for name in parents:
        holder = holder[name]
    holder[last] = value
    return record


IDENTIFIER = UUID(RECORD_ID)

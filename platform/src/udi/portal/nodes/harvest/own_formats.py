"""Our formats of catalogues, and how a JSON document of each is recognised."""

import json
from collections.abc import Callable
from typing import Any

from udi.portal.nodes.harvest.czech_terms import has_czech_terms
from udi.portal.nodes.harvest.harvest_format import HarvestFormat
from udi.portal.nodes.harvest.json_fields import list_objects

PACKAGE = "udi.portal.nodes.harvest"
Test = Callable[[dict[str, Any]], bool]


def _has_fields(*names: str) -> Test:
    return lambda value: set(names) <= value.keys()


def _has_list_of(name: str, *inside: str) -> Test:
    """Whether a list under a name holds objects with one of these fields, or nothing."""

    def test(value: dict[str, Any]) -> bool:
        entries = value.get(name)
        if not isinstance(entries, list):
            return False
        objects = [entry for entry in entries[:5] if isinstance(entry, dict)]
        return not entries or any(set(inside) & entry.keys() for entry in objects)

    return test


def _any_of(*tests: Test) -> Test:
    return lambda value: any(test(value) for test in tests)


def _is_schema_org(value: dict[str, Any]) -> bool:
    context = json.dumps(value.get("@context", ""))
    return (
        "schema.org" in context
        and "ns/dcat" not in context
        and "cio.gov" not in context
    )


def _is_json_ld(value: dict[str, Any]) -> bool:
    """JSON-LD whose context is inside, or that needs none; one whose context is an address only is read as JSON."""
    context = value.get("@context")
    if has_czech_terms(value):
        return True
    if isinstance(context, str):
        return False
    return (
        bool(context)
        or "@graph" in value
        or any(name.startswith("http") for name in value)
    )


def _names_packages(value: dict[str, Any]) -> bool:
    """An organisation of CKAN's old interface, which only names its packages."""
    packages = value.get("packages")
    return isinstance(packages, list) and (
        "package_count" in value or "display_name" in value
    )


def _is_collection(value: dict[str, Any]) -> bool:
    return any(
        collection.get("itemType") == "record"
        for collection in (value, *list_objects(value.get("collections")))
    )


def _is_list_of_stac(value: dict[str, Any]) -> bool:
    """Collections of OGC API Records have an extent too, and say what their items are."""
    return _has_list_of("collections", "stac_version", "extent")(
        value
    ) and not _is_collection(value)


def _is_record(value: dict[str, Any]) -> bool:
    return (
        value.get("type") == "Feature"
        and isinstance(value.get("properties"), dict)
        and "title" in value["properties"]
    )


STAC = HarvestFormat(
    "STAC",
    f"{PACKAGE}.stac:read",
    recognises_object=_any_of(_has_fields("stac_version"), _is_list_of_stac),
    rank=10,
)
OGC_RECORDS = HarvestFormat(
    "OGC API Records",
    f"{PACKAGE}.ogc_records:read",
    recognises_object=_any_of(
        _is_collection, _is_record, _has_list_of("features", "properties")
    ),
    rank=20,
)
RUDI = HarvestFormat(
    "RUDI",
    f"{PACKAGE}.rudi:read",
    recognises_object=_any_of(
        _has_fields("global_id"), _has_list_of("items", "global_id")
    ),
    rank=30,
)
OPENDATASOFT = HarvestFormat(
    "Opendatasoft",
    f"{PACKAGE}.opendatasoft:read",
    recognises_object=_any_of(
        _has_fields("dataset_id", "metas"),
        _has_list_of("results", "dataset_id", "dataset_uid"),
    ),
    rank=40,
)
SCHEMA_ORG = HarvestFormat(
    "schema.org",
    f"{PACKAGE}.schemaorg:read",
    recognises_object=_is_schema_org,
    rank=50,
)
JSON_LD = HarvestFormat(
    "DCAT",
    f"{PACKAGE}.rdf:read_json_ld",
    recognises_object=_is_json_ld,
    rank=60,
)
UDATA = HarvestFormat(
    "udata",
    f"{PACKAGE}.udata:read",
    recognises_object=_any_of(
        _has_fields("next_page"),
        _has_list_of("datasets", "dataset"),
        _has_fields("slug", "resources"),
        _has_fields("resources", "last_modified", "frequency"),
    ),
    rank=70,
)
CKAN = HarvestFormat(
    "CKAN",
    f"{PACKAGE}.ckan:read",
    recognises_object=_any_of(
        _has_fields("help", "success"),
        _has_fields("notes"),
        _has_fields("success", "result"),
        _has_fields("name", "resources", "tags"),
        _names_packages,
    ),
    rank=80,
)
DATA_JSON = HarvestFormat(
    "data.json",
    f"{PACKAGE}.datajson:read",
    recognises_object=_any_of(
        _has_list_of("dataset", "title", "identifier"),
        _has_fields("identifier", "title"),
        _has_fields("title", "distribution"),
        _has_fields("keyword"),
    ),
    rank=90,
)
DATA_PACKAGE = HarvestFormat(
    "Data Package",
    f"{PACKAGE}.data_package:read",
    recognises_object=_has_list_of("resources", "path", "data"),
    rank=100,
)
CSW = HarvestFormat(
    "CSW",
    f"{PACKAGE}.csw:read",
    titles={"iso": "ISO 19139", "dublin-core": "Dublin Core"},
)
RDF = HarvestFormat(
    "DCAT",
    f"{PACKAGE}.rdf:read",
    titles={"rdf-xml": "DCAT", "rdf-turtle": "DCAT"},
)
WAF = HarvestFormat(
    "folder",
    f"{PACKAGE}.waf:read",
)

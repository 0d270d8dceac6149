"""Which format a document is, by its content: servers and file names often say something else."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from udi.portal.nodes.harvest import (
    ckan,
    csw,
    data_package,
    datajson,
    kinds,
    ogc_records,
    opendatasoft,
    rdf,
    rudi,
    schemaorg,
    stac,
    udata,
    waf,
)
from udi.portal.nodes.harvest.json_fields import list_objects
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.untrusted_documents import (
    RefusedDocumentError,
    decode,
    document_error,
    read_json,
)


class FormatReader(Protocol):
    """What each format's module offers."""

    def __call__(
        self, page: bytes, *, base_url: str, language: str = ...
    ) -> HarvestedPage: ...


READERS: Mapping[str, FormatReader] = {
    "ckan": ckan.read,
    "csw": csw.read,
    "data-package": data_package.read,
    "data.json": datajson.read,
    "json-ld": rdf.read_json_ld,
    "ogc-records": ogc_records.read,
    "opendatasoft": opendatasoft.read,
    "rdf": rdf.read,
    "rudi": rudi.read,
    "schema.org": schemaorg.read,
    "stac": stac.read,
    "udata": udata.read,
    "waf": waf.read,
}
XML = re.compile(
    rb"<(?:\?\w+|!DOCTYPE|!--|[A-Za-z_][\w.-]*:?[\w.-]*[\s>/])", re.IGNORECASE
)
ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
TURTLE = re.compile(
    r"^\s*(?:#[^\n]*\n\s*)*(?:@prefix|@base|prefix\s|base\s|<[^>\s]*>\s|_:\w+\s|\w*:\w+\s+a\s|\[)",
    re.IGNORECASE,
)
SLUG = re.compile(r"[A-Za-z0-9][\w.-]{1,100}")
ODS_COLUMNS = {"datasetid", "dataset_id"}
BEGINNING = 20_000
Test = Callable[[dict[str, Any]], bool]


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """The page of a document of any format that is read; what cannot be used is said in `faults`, never raised."""
    try:
        return READERS[detect_format(page)](page, base_url=base_url, language=language)
    except RefusedDocumentError as error:
        return HarvestedPage(format="", faults=(error.fault,))


def detect_format(page: bytes) -> str:
    """The name of the format among `READERS`.

    Raises:
        RefusedDocumentError: it is none, or cannot be opened.
    """
    start = page.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not start:
        raise document_error(kinds.UNKNOWN_FORMAT, value="—")
    if start in b"{[":
        return _detect_json(read_json(page)[0])
    text = decode(
        page[:BEGINNING] if len(page) > BEGINNING and page[:1] < b"\x80" else page
    )[0]
    if (
        start == b"<"
        and XML.match(page.lstrip(b"\xef\xbb\xbf \t\r\n"))
        and not TURTLE.match(text)
    ):
        return _detect_markup(text)
    if TURTLE.match(text):
        return "rdf"
    columns = {
        column.strip().strip('"').lower()
        for column in re.split("[,;]", text.partition("\n")[0].lstrip("\ufeff"))
    }
    if columns & ODS_COLUMNS:
        return "opendatasoft"
    raise document_error(kinds.UNKNOWN_FORMAT, value=text.strip()[:40])


def _detect_markup(text: str) -> str:
    """RDF and CSW by their root; HTML is a listing of files or a page that may describe datasets."""
    bare = re.sub(
        r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>",
        "",
        text,
        flags=re.DOTALL,
    )
    root = match[1] if (match := ROOT.search(bare)) else ""
    if root == "RDF":
        return "rdf"
    if root.lower() in {
        "html",
        "head",
        "body",
        "table",
        "ul",
        "div",
        "pre",
        "h1",
        "title",
        "script",
    }:
        if waf.is_listing(text):
            return "waf"
        return "schema.org"
    return "csw"


def _detect_json(value: Any) -> str:
    listed = value if isinstance(value, list) else [value]
    first = next((item for item in listed if isinstance(item, dict)), None)
    if first is None:
        if listed and all(
            isinstance(item, str) and SLUG.fullmatch(item) for item in listed[:100]
        ):
            return "ckan"
        raise document_error(kinds.UNKNOWN_FORMAT, value="JSON")
    for name, test in TESTS.items():
        if test(first):
            return name
    raise document_error(
        kinds.UNKNOWN_FORMAT, value=", ".join(list(first)[:5]) or "JSON"
    )


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


TESTS: Mapping[str, Test] = {
    "stac": _any_of(_has_fields("stac_version"), _is_list_of_stac),
    "ogc-records": _any_of(
        _is_collection, _is_record, _has_list_of("features", "properties")
    ),
    "rudi": _any_of(_has_fields("global_id"), _has_list_of("items", "global_id")),
    "opendatasoft": _any_of(
        _has_fields("dataset_id", "metas"),
        _has_list_of("results", "dataset_id", "dataset_uid"),
    ),
    "schema.org": _is_schema_org,
    "json-ld": _is_json_ld,
    "udata": _any_of(
        _has_fields("next_page"),
        _has_list_of("datasets", "dataset"),
        _has_fields("slug", "resources"),
        _has_fields("resources", "last_modified", "frequency"),
    ),
    "ckan": _any_of(
        _has_fields("help", "success"),
        _has_fields("notes"),
        _has_fields("success", "result"),
        _has_fields("name", "resources", "tags"),
        _names_packages,
    ),
    "data.json": _any_of(
        _has_list_of("dataset", "title", "identifier"),
        _has_fields("identifier", "title"),
        _has_fields("title", "distribution"),
        _has_fields("keyword"),
    ),
    "data-package": _has_list_of("resources", "path", "data"),
}
"""In the order in which they are asked: a format that says what it is comes before those that do not."""

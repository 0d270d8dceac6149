"""Which format a document is, by its content: servers and file names often say something else."""

import re
from typing import Any

from udi.portal.nodes.harvest import kinds, waf
from udi.portal.nodes.harvest.harvest_format import get_reader, list_formats
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.untrusted_documents import (
    RefusedDocumentError,
    decode,
    document_error,
    read_json,
)

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


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """The page of a document of any format that is read; what cannot be used is said in `faults`, never raised."""
    try:
        read_page = get_reader(detect_format(page))
        return read_page(page, base_url=base_url, language=language)
    except RefusedDocumentError as error:
        return HarvestedPage(format="", faults=(error.fault,))


def detect_format(page: bytes) -> str:
    """The name of the format among `list_formats()`.

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
    for name, known_format in list_formats().items():
        if known_format.recognises_text and known_format.recognises_text(text):
            return name
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
    for name, known_format in list_formats().items():
        if known_format.recognises_object and known_format.recognises_object(first):
            return name
    raise document_error(
        kinds.UNKNOWN_FORMAT, value=", ".join(list(first)[:5]) or "JSON"
    )

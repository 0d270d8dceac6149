"""CSW 2.0.2 and 3.0: a page of records in Dublin Core, ISO or DCAT; one record of these alone is a page of one."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import dublin_core, iso, kinds
from udi.portal.nodes.harvest.branches import first, local, words
from udi.portal.nodes.harvest.finish import Outcome, make_page
from udi.portal.nodes.harvest.opening import read_xml, refuse
from udi.portal.nodes.harvest.rdf import read_root
from udi.portal.nodes.harvest.record import Page

RECORDS = {"Record", "SummaryRecord", "BriefRecord"}
ENVELOPES = {"GetRecordsResponse", "GetRecordByIdResponse", "HarvestResponse"}
CAPABILITIES = {"Capabilities", "WMS_Capabilities", "WFS_Capabilities", "WMT_MS_Capabilities"}
FOREIGN = {"DIF": "NASA DIF", "metadata": "FGDC CSDGM", "entry": "Atom", "feed": "Atom"}


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """An answer of CSW, or one record.

    Raises:
        RefusedDocumentError: it is no XML, an error of the server, or XML of another kind, which is named.
    """
    root, faults = read_xml(page)
    name = local(root)
    if name in CAPABILITIES:
        raise refuse(kinds.CAPABILITIES, value=name)
    if name in {"ExceptionReport", "ServiceExceptionReport"}:
        raise refuse(kinds.EXCEPTION, value=words(root))
    if name in FOREIGN:
        raise refuse(kinds.UNSUPPORTED, value=FOREIGN[name])
    if name not in ENVELOPES | iso.ROOTS | RECORDS:
        raise refuse(kinds.UNKNOWN_FORMAT, value=name)
    results = first(root, "SearchResults", "**/SearchResults")
    holder = results if results is not None else root
    elements = list(holder) if name in ENVELOPES else [root]
    parts = [read_root(each, base_url, language) for each in elements if local(each) == "RDF"]
    outcomes = [*_outcomes(elements, base_url, language), *(each for part in parts for each in _of(part))]
    total = results.get("numberOfRecordsMatched", "") if results is not None else ""
    return make_page(
        outcomes,
        format="iso" if name in iso.ROOTS else "csw",
        next=_next(base_url, results, len(elements)) if results is not None else "",
        total=int(total) if total.isdigit() else None,
        faults=(*faults, *(fault for part in parts for fault in part.faults)),
    )


def _of(part: Page) -> Iterator[Outcome]:
    yield from part.records
    yield from part.services
    yield from part.refused


def _outcomes(elements: list[Element], base_url: str, language: str) -> Iterator[Outcome]:
    for each in elements:
        if local(each) in iso.ROOTS:
            yield iso.read_one(each, base_url=base_url, language=language)
        elif local(each) in RECORDS:
            yield dublin_core.read_one(each, base_url=base_url, language=language)


def _next(base_url: str, results: Element, received: int) -> str:
    """The same request, further. Servers say 0, nothing, the place they are at, or one past the last."""
    said, matched = results.get("nextRecord", ""), results.get("numberOfRecordsMatched", "")
    parts = urlsplit(base_url)
    asked = dict(parse_qsl(parts.query))
    key = next((name for name in asked if name.lower() == "startposition"), "startPosition")
    start = int(asked[key]) if asked.get(key, "").isdigit() else 1
    if not received or not said.isdigit() or int(said) <= start or (matched.isdigit() and int(said) > int(matched)):
        return ""
    return urlunsplit(parts._replace(query=urlencode({**asked, key: said})))


def position(base_url: str) -> int:
    """The place of the first record that an address asks for, for a source that is asked by POST."""
    asked = {name.lower(): value for name, value in parse_qsl(urlsplit(base_url).query)}
    start = asked.get("startposition", "")
    return int(start) if start.isdigit() else 1

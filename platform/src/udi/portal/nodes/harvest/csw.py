"""CSW 2.0.2 and 3.0: a page of records in Dublin Core, ISO or DCAT; one record of these alone is a page of one."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import dublin_core, iso, kinds
from udi.portal.nodes.harvest.outcomes import Outcome, make_page
from udi.portal.nodes.harvest.rdf import read_root
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.harvest.untrusted_documents import document_error, read_xml
from udi.portal.nodes.harvest.xml_tree import element_text, find_element, local_name

RECORDS = {"Record", "SummaryRecord", "BriefRecord"}
ENVELOPES = {"GetRecordsResponse", "GetRecordByIdResponse", "HarvestResponse"}
CAPABILITIES = {
    "Capabilities",
    "WMS_Capabilities",
    "WFS_Capabilities",
    "WMT_MS_Capabilities",
}
FOREIGN = {"DIF": "NASA DIF", "metadata": "FGDC CSDGM", "entry": "Atom", "feed": "Atom"}


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """An answer of CSW, or one record.

    Raises:
        RefusedDocumentError: it is no XML, an error of the server, or XML of another kind, which is named.
    """
    root, faults = read_xml(page)
    name = local_name(root)
    if name in CAPABILITIES:
        raise document_error(kinds.CAPABILITIES, value=name)
    if name in {"ExceptionReport", "ServiceExceptionReport"}:
        raise document_error(kinds.EXCEPTION, value=element_text(root))
    if name in FOREIGN:
        raise document_error(kinds.UNSUPPORTED, value=FOREIGN[name])
    if name not in ENVELOPES | iso.ROOTS | RECORDS:
        raise document_error(kinds.UNKNOWN_FORMAT, value=name)
    results = find_element(root, "SearchResults", "**/SearchResults")
    holder = results if results is not None else root
    elements = list(holder) if name in ENVELOPES else [root]
    parts = [
        read_root(element, base_url, language)
        for element in elements
        if local_name(element) == "RDF"
    ]
    outcomes = [
        *_outcomes(elements, base_url, language),
        *(outcome for part in parts for outcome in _page_outcomes(part)),
    ]
    if results is not None:
        total = results.get("numberOfRecordsMatched", "")
    else:
        total = ""
    return make_page(
        outcomes,
        format="iso" if name in iso.ROOTS else "csw",
        next=_next(base_url, results, len(elements)) if results is not None else "",
        total=int(total) if total.isdigit() else None,
        faults=(*faults, *(fault for part in parts for fault in part.faults)),
    )


def _page_outcomes(part: HarvestedPage) -> Iterator[Outcome]:
    yield from part.records
    yield from part.services
    yield from part.refused


def _outcomes(
    elements: list[Element], base_url: str, language: str
) -> Iterator[Outcome]:
    for element in elements:
        if local_name(element) in iso.ROOTS:
            yield iso.read_record(element, base_url=base_url, language=language)
        elif local_name(element) in RECORDS:
            yield dublin_core.read_record(element, base_url=base_url, language=language)


def _next(base_url: str, results: Element, received: int) -> str:
    """The same request, further. Servers say 0, nothing, the place they are at, or one past the last."""
    next_position = results.get("nextRecord", "")
    matched = results.get("numberOfRecordsMatched", "")
    parts = urlsplit(base_url)
    parameters = dict(parse_qsl(parts.query))
    key = next(
        (name for name in parameters if name.lower() == "startposition"),
        "startPosition",
    )
    start = int(parameters[key]) if parameters.get(key, "").isdigit() else 1
    if (
        not received
        or not next_position.isdigit()
        or int(next_position) <= start
        or (matched.isdigit() and int(next_position) > int(matched))
    ):
        return ""
    return urlunsplit(
        parts._replace(query=urlencode({**parameters, key: next_position}))
    )


def position(base_url: str) -> int:
    """The place of the first record that an address asks for, for a source that is asked by POST."""
    parameters = {
        name.lower(): value for name, value in parse_qsl(urlsplit(base_url).query)
    }
    start = parameters.get("startposition", "")
    if start.isdigit():
        return int(start)
    return 1

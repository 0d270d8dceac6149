"""The fields of DCAT-AP 3 of a dataset and of a distribution, as sets of values that two graphs can be compared by."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import pyoxigraph as ox

from bench.load.federation.graph import SourceGraph, Term, address_of, words_of

Values = frozenset[str]
Extractor = Callable[[SourceGraph, Term], Values]
NAMES = ("foaf:name", "vcard:fn", "skos:prefLabel", "rdfs:label", "dct:title")
EMAILS = ("vcard:hasEmail", "foaf:mbox", "vcard:email")
PHONES = ("vcard:hasTelephone", "vcard:tel")
PAGES = ("vcard:hasURL", "vcard:hasUrl", "vcard:url")
HOMES = ("foaf:homepage",)
LABELS = ("skos:prefLabel", "rdfs:label", "dct:title")
PEOPLE = {
    "<http://xmlns.com/foaf/0.1/Person>",
    "<http://www.w3.org/2006/vcard/ns#Individual>",
}
SHAPES = ("dcat:bbox", "locn:geometry", "geo:asWKT", "geo:hasGeometry", "geo:asGeoJSON")
DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
ORIGIN = "https://ours.example"
NAMELESS = ("https://source.example/", f"{ORIGIN}/", "urn:uuid:")
"""Addresses that stand for none: of words where an address is expected, and of what we name ourselves."""


def _texts(*names: str) -> Extractor:
    return lambda graph, node: _filled(
        words_of(value) for value in graph.values(node, *names)
    )


def _references(*names: str) -> Extractor:
    """Addresses, and the words of what has none."""

    def extract(graph: SourceGraph, node: Term) -> Values:
        return _filled(
            text
            for value in graph.values(node, *names)
            for text in (_reference(graph, value, LABELS),)
        )

    return extract


def _reference(graph: SourceGraph, value: Term, names: tuple[str, ...]) -> str:
    """An address; the name of what has none, or only one of ours."""
    label = next((words_of(label) for label in graph.values(value, *names)), "")
    address = address_of(value)
    if label and address.startswith(ORIGIN):
        return label
    return address or label or words_of(value)


def _statements(*names: str) -> Extractor:
    """The words of statements, which are nodes with a label or literals; the address of one without words."""

    def extract(graph: SourceGraph, node: Term) -> Values:
        values: list[str] = []
        for value in graph.values(node, *names):
            labels = [
                words_of(label)
                for label in graph.values(
                    value, "rdfs:label", "dct:description", *LABELS
                )
            ]
            values += labels or [words_of(value) or address_of(value)]
        return _filled(values)

    return extract


def _dates(*names: str) -> Extractor:
    return lambda graph, node: _filled(
        _instant(value.value)
        for value in graph.values(node, *names)
        if isinstance(value, ox.Literal)
    )


def _instant(text: str) -> str:
    """A date as an instant in UTC; what has no time begins its day, month or year."""
    clean = text.strip()
    match = DATE.match(clean)
    if not match:
        return ""
    if len(clean) <= len("2020-01-01"):
        return f"{match[1]}-{match[2] or '01'}-{match[3] or '01'}T00:00:00"
    try:
        moment = datetime.fromisoformat(clean)
    except ValueError:
        return clean
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()


def _agents(*names: str) -> Extractor:
    """Name, address, identifier, kind, mail and page of agents."""

    def extract(graph: SourceGraph, node: Term) -> Values:
        values: set[str] = set()
        for agent in graph.values(node, *names):
            words = [words_of(name) for name in graph.values(agent, *NAMES)]
            values |= {f"name {word}" for word in words or [words_of(agent)] if word}
            address = address_of(agent)
            if isinstance(agent, ox.NamedNode) and not address.startswith(NAMELESS):
                values.add(f"address {address}")
            kinds = graph.values(agent, "dct:type")
            values |= {f"kind {kind}" for kind in map(address_of, kinds) if kind}
            mails = _mails(graph, agent)
            if {str(kind) for kind in graph.values(agent, "rdf:type")} & PEOPLE:
                mails = {mail.replace("mail ", "mail of a person ") for mail in mails}
            values |= mails
            pages = graph.values(agent, *HOMES)
            values |= {f"page {page}" for page in map(address_of, pages) if page}
        return frozenset(values)

    return extract


def _contacts(graph: SourceGraph, node: Term) -> Values:
    values: set[str] = set()
    for contact in graph.values(node, "dcat:contactPoint", "adms:contactPoint"):
        names = graph.values(contact, "vcard:fn", "vcard:organization-name")
        values |= {f"name {words}" for words in map(words_of, names) if words}
        values |= _mails(graph, contact)
        for phone in graph.values(contact, *PHONES):
            inner = graph.values(phone, "vcard:hasValue")
            for value in inner or [phone]:
                digits = re.sub(r"^tel:", "", address_of(value) or words_of(value))
                if digits.strip():
                    values.add(f"phone {re.sub(r'[^0-9+]', '', digits)}")
        pages = graph.values(contact, *PAGES)
        values |= {f"page {page}" for page in map(address_of, pages) if page}
    return frozenset(values)


def _mails(graph: SourceGraph, node: Term) -> set[str]:
    mails: set[str] = set()
    for value in graph.values(node, *EMAILS):
        for text in graph.values(value, "vcard:hasValue") or [value]:
            mail = (address_of(text) or words_of(text)).rpartition(":")[2]
            mail = mail.rpartition("/")[2].strip().lower()
            if re.fullmatch(r"\S+@\S+\.\S+", mail):
                mails.add(f"mail {mail}")
    return mails


def _periods(graph: SourceGraph, node: Term) -> Values:
    values: set[str] = set()
    for period in graph.values(node, "dct:temporal"):
        start = _instants(
            graph, period, "dcat:startDate", "schema:startDate", "time:hasBeginning"
        )
        end = _instants(graph, period, "dcat:endDate", "schema:endDate", "time:hasEnd")
        if start or end:
            values.add(f"{start} / {end}")
    return frozenset(values)


def _instants(graph: SourceGraph, node: Term, *names: str) -> str:
    for value in graph.values(node, *names):
        inner = graph.values(
            value, "time:inXSDDateTimeStamp", "time:inXSDDateTime", "time:inXSDDate"
        )
        for literal in inner or [value]:
            if isinstance(literal, ox.Literal):
                return _instant(literal.value)
    return ""


def _boxes(graph: SourceGraph, node: Term) -> Values:
    """West, south, east and north of each place that has a shape, to a ten-thousandth of a degree."""
    boxes: list[str] = []
    for place in graph.values(node, "dct:spatial"):
        shapes = [
            literal
            for value in graph.values(place, *SHAPES)
            for literal in [value, *graph.values(value, *SHAPES)]
            if isinstance(literal, ox.Literal)
        ]
        first = next((box for shape in shapes if (box := _box(shape.value))), "")
        boxes.append(first)
    return _filled(boxes)


def _box(text: str) -> str:
    if text.lstrip().startswith("<") and "opengis.net/gml" in text:
        return ""
    if text.lstrip().startswith("{"):
        try:
            text = json.dumps(json.loads(text)["coordinates"])
        except (ValueError, KeyError, TypeError):
            return ""
    numbers = [float(number) for number in NUMBER.findall(re.sub(r"<[^>]*>", "", text))]
    if len(numbers) < len(("x", "y")) or len(numbers) % 2:
        return ""
    x, y = numbers[::2], numbers[1::2]
    return ", ".join(f"{side:.4f}" for side in (min(x), min(y), max(x), max(y)))


def _places(graph: SourceGraph, node: Term) -> Values:
    """Addresses and names of places: a node that only carries a shape says neither."""
    values: list[str] = []
    for place in graph.values(node, "dct:spatial"):
        labels = [
            words_of(label)
            for label in graph.values(
                place, *LABELS, "locn:geographicName", "locn:adminUnitL2"
            )
        ]
        values += labels or [words_of(place)]
        if not graph.values(place, *SHAPES):
            values.append(address_of(place))
    return _filled(values)


def _numbers(*names: str) -> Extractor:
    def extract(graph: SourceGraph, node: Term) -> Values:
        texts = (words_of(value) for value in graph.values(node, *names))
        return _filled(f"{float(text):g}" for text in texts if NUMBER.fullmatch(text))

    return extract


def _identifiers(graph: SourceGraph, node: Term) -> Values:
    values = [
        address_of(value) or words_of(value)
        for value in graph.values(node, "dct:identifier")
    ]
    for other in graph.values(node, "adms:identifier"):
        values += [
            words_of(value) or address_of(value)
            for value in graph.values(other, "skos:notation")
        ]
    return _filled(values)


def _tags(graph: SourceGraph, node: Term) -> Values:
    """The languages that titles, descriptions and keywords are said in."""
    return _filled(
        f"{name} {value.language[:2].lower()}"
        for name in ("dct:title", "dct:description", "dcat:keyword")
        for value in graph.values(node, name)
        if isinstance(value, ox.Literal) and value.language and value.value.strip()
    )


def _checksums(graph: SourceGraph, node: Term) -> Values:
    return _filled(
        words_of(value).lower()
        for checksum in graph.values(node, "spdx:checksum")
        for value in graph.values(checksum, "spdx:checksumValue")
    )


def _endpoints(graph: SourceGraph, node: Term) -> Values:
    return _filled(
        address_of(value)
        for service in graph.values(node, "dcat:accessService")
        for value in graph.values(service, "dcat:endpointURL")
    )


def _filled(values: Iterable[str]) -> Values:
    return frozenset(value for value in values if value)


DATASET: Mapping[str, Extractor] = {
    "title": _texts("dct:title"),
    "description": _texts("dct:description"),
    "languages of texts": _tags,
    "keyword": _texts("dcat:keyword"),
    "theme": _references("dcat:theme"),
    "subject": _references("dct:subject"),
    "HVD category": _references("dcatap:hvdCategory"),
    "applicable legislation": _references("dcatap:applicableLegislation"),
    "publisher": _agents("dct:publisher"),
    "creator": _agents("dct:creator"),
    "rights holder": _agents("dct:rightsHolder"),
    "contact": _contacts,
    "frequency": _references("dct:accrualPeriodicity"),
    "issued": _dates("dct:issued"),
    "modified": _dates("dct:modified"),
    "created": _dates("dct:created"),
    "period": _periods,
    "temporal resolution": _texts("dcat:temporalResolution"),
    "box": _boxes,
    "place": _places,
    "spatial resolution": _numbers("dcat:spatialResolutionInMeters"),
    "language": _references("dct:language"),
    "landing page": _references("dcat:landingPage"),
    "documentation": _references("foaf:page"),
    "provenance": _statements("dct:provenance"),
    "source": _references("dct:source"),
    "conforms to": _references("dct:conformsTo"),
    "version": _texts("dcat:version", "owl:versionInfo"),
    "version notes": _texts("adms:versionNotes"),
    "series": _references("dcat:inSeries"),
    "access rights": _references("dct:accessRights"),
    "rights": _statements("dct:rights"),
    "licence": _references("dct:license"),
    "identifier": _identifiers,
}


def _of_distributions(extract: Extractor) -> Extractor:
    """What is said of the dataset or of one of its distributions."""

    def extract_all(graph: SourceGraph, node: Term) -> Values:
        things = [node, *graph.values(node, "dcat:distribution")]
        return frozenset(value for thing in things for value in extract(graph, thing))

    return extract_all


FURTHER_PAGE = "document "


def _landing_pages(graph: SourceGraph, node: Term) -> Values:
    """Landing pages, and other documents marked as such: a further landing page is one of these."""
    documents = _references("foaf:page")(graph, node)
    marked = {f"{FURTHER_PAGE}{address}" for address in documents}
    return _references("dcat:landingPage")(graph, node) | marked


WRITTEN: Mapping[str, Extractor] = {
    "licence": _of_distributions(_references("dct:license")),
    "rights": _of_distributions(_statements("dct:rights")),
    "theme": _references("dcat:theme", "dct:subject", "dcatap:hvdCategory"),
    "landing page": _landing_pages,
}
"""Where we say a thing elsewhere: a theme of no EU table is a subject, the licence of a dataset is that of its files, a further landing page is a document."""
DISTRIBUTION: Mapping[str, Extractor] = {
    "access address": _references("dcat:accessURL"),
    "download address": _references("dcat:downloadURL"),
    "title": _texts("dct:title"),
    "description": _texts("dct:description"),
    "format": _references("dct:format"),
    "media type": _references("dcat:mediaType"),
    "size": _numbers("dcat:byteSize"),
    "checksum": _checksums,
    "licence": _references("dct:license"),
    "rights": _statements("dct:rights"),
    "issued": _dates("dct:issued"),
    "modified": _dates("dct:modified"),
    "status": _references("adms:status"),
    "availability": _references("dcatap:availability"),
    "language": _references("dct:language"),
    "conforms to": _references("dct:conformsTo"),
    "service": _endpoints,
}
ADDRESSES = ("access address", "download address")

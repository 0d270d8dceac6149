"""DCAT in any syntax of RDF: DCAT-AP and its national profiles, as portals really write it."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import pyoxigraph as ox

from udi.portal.nodes.harvest import addresses, kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.finish import Outcome, finish, make_page
from udi.portal.nodes.harvest.graph import Graph, Node, Value, is_empty, is_word, read_element, read_text, written
from udi.portal.nodes.harvest.opening import read_json, read_xml
from udi.portal.nodes.harvest.rdf_parts import (
    licence_labels,
    licence_words,
    read_contacts,
    read_distributions,
    read_publisher,
)
from udi.portal.nodes.harvest.rdf_places import read_coverage
from udi.portal.nodes.harvest.record import Kind, Original, Page
from udi.portal.nodes.harvest.vocabulary import find_access, find_frequency, find_language

DATASETS = ("dcat:Dataset", "dcat:DatasetSeries", "dcatapit:Dataset")
SERVICES = ("dcat:DataService",)
CATALOGUE = "dcat:Catalog"
MEMBERS = ("dcat:servesDataset", "dct:hasPart", "dcat:inSeries", "dcat:seriesMember", "dct:isPartOf", "dct:relation")
N_TRIPLES = "application/n-triples"
THEMES = ("dcat:theme", "dct:subject", "geodcat:topicCategory")
MOST_NAMED = 5
PUBLIC = "PUBLIC"


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """A page of RDF/XML, Turtle, TriG, N-Triples or JSON-LD.

    Raises:
        RefusedDocumentError: nothing of it may be used.
    """
    start = page.lstrip(b"\xef\xbb\xbf \t\r\n")[:400]
    if start[:1] in b"{[":
        return read_json_ld(page, base_url=base_url, language=language)
    if start.startswith((b"<?xml", b"<!DOCTYPE", b"<!--")) or re.match(rb"<(\w+:)?RDF[\s>]", start):
        root, faults = read_xml(page)
        graph = read_element(root, base_url)
        graph.faults += faults
        return read_graph(graph, "rdf-xml", language)
    return read_graph(read_text(page, base_url), "rdf-turtle", language)


def read_json_ld(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """A page of JSON-LD; contexts of elsewhere are never fetched, only those inside count."""
    value, faults = read_json(page)
    graph = read_text(_without_remote(value), base_url, ox.RdfFormat.JSON_LD)
    graph.faults += faults
    return read_graph(graph, "json-ld", language)


def _without_remote(value: object) -> bytes:
    return json.dumps(_inside(value)).encode()


def _inside(value: object) -> object:
    if isinstance(value, list):
        return [_inside(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _inside(each) for name, each in value.items() if name != "@import"}
    context = kept.get("@context")
    if isinstance(context, list):
        kept["@context"] = [each for each in context if not isinstance(each, str)]
    elif isinstance(context, str):
        del kept["@context"]
    return kept


def read_root(root: Element, base_url: str, language: str) -> Page:
    """A page whose `rdf:RDF` element is already open."""
    return read_graph(read_element(root, base_url), "rdf-xml", language)


def read_graph(graph: Graph, form: str, language: str) -> Page:
    """The datasets of a graph, its services, and where the next page is."""
    catalogues = list(graph.of_type(CATALOGUE))
    spoken = {
        code
        for each in catalogues
        for said in graph.values(each, "dct:language")
        if (code := find_language(written(said)))
    }
    usual = spoken.pop() if len(spoken) == 1 else language
    listed = {value for each in graph.said for value in graph.values(each, "dcat:dataset")}
    described = set(graph.of_type(*DATASETS))
    outcomes = list(_outcomes(graph, listed, usual))
    missing = sorted(written(each) for each in listed - described if not is_word(each))
    following = _next(graph)
    faults = list(graph.faults)
    if missing:
        faults.append(kinds.DANGLING.at("dcat:dataset", count=len(missing), value=", ".join(missing[:MOST_NAMED])))
    return make_page(outcomes, format=form, next=following, total=_total(graph), faults=tuple(faults))


def _outcomes(graph: Graph, listed: set[Value], language: str) -> Iterator[Outcome]:
    members = {value for each in graph.said for value in graph.values(each, *MEMBERS)}
    for node in graph.of_type(*DATASETS):
        named = graph.values(node, "dct:title", "dc:title", "schema:name")
        if not named and node in members and node not in listed:
            continue
        yield _dataset(graph, node, language)
    behind = {value for each in graph.said for value in graph.values(each, "dcat:accessService")}
    for node in graph.of_type(*SERVICES):
        if node not in behind:
            yield _dataset(graph, node, language, Kind.SERVICE)


def _next(graph: Graph) -> str:
    for each in graph.said:
        for value in graph.values(each, "hydra:next", "hydra:nextPage"):
            address = urljoin(graph.base_url, written(value).strip())
            if addresses.is_web(address) and address != graph.base_url:
                return address
    return ""


def _total(graph: Graph) -> int | None:
    said = [graph.text(each, "hydra:totalItems") for each in graph.said]
    return next((int(each) for each in said if re.fullmatch(r"\d{1,9}", each)), None)


def _dataset(graph: Graph, node: Node, language: str, kind: Kind = Kind.DATASET) -> Outcome:
    spoken = [code for each in graph.values(node, "dct:language") if (code := find_language(written(each)))]
    draft = Draft(graph.base_url, spoken[0] if len(spoken) == 1 else language)
    draft.kind = Kind.SERIES if "dcat:DatasetSeries" in graph.types(node) else kind
    _said_wrong(graph, node, draft)
    _identity(graph, node, draft)
    _words(graph, node, draft)
    for value in graph.values(node, *THEMES):
        label = next((words for words, _ in graph.texts(value, "skos:prefLabel", "rdfs:label", "skos:altLabel")), "")
        draft.theme("dcat:theme", written(value), label)
    for value in graph.values(node, "dcatap:hvdCategory"):
        draft.add(draft.hvd_categories, written(value))
    _rights(graph, node, draft)
    _dates(graph, node, draft)
    _links(graph, node, draft)
    read_publisher(graph, node, draft)
    read_contacts(graph, node, draft)
    read_distributions(graph, node, draft)
    read_coverage(graph, node, draft)
    return finish(draft, Original(N_TRIPLES, graph.part(node)))


def _said_wrong(graph: Graph, node: Node, draft: Draft) -> None:
    """Faults of how the source wrote it, for the dataset and its distributions."""
    for each in (
        node,
        *(value for value in graph.values(node, "dcat:distribution") if not isinstance(value, ox.Literal)),
    ):
        for name, right in graph.misnamed.get(each, {}).items():
            draft.say(kinds.MISNAMED, name, value=name, read=right)
        for name in graph.empty(each):
            if name == "dct:license":
                draft.say(kinds.LICENCE_EMPTY, name)
            elif any(isinstance(value, ox.NamedNode) and is_empty(value) for value in graph.said[each][name]):
                draft.say(kinds.RESOURCE_EMPTY, name)
        for name, values in graph.said.get(each, {}).items():
            for value in values:
                if is_word(value):
                    draft.say(kinds.RELATIVE_REFERENCE, name, value=written(value))
                elif isinstance(value, ox.NamedNode) and value.value in graph.mended:
                    draft.say(kinds.IRI_INVALID, name, value=value.value)


def _identity(graph: Graph, node: Node, draft: Draft) -> None:
    own = "" if isinstance(node, ox.BlankNode) else written(node)
    named = [text for value in graph.values(node, "dct:identifier") if (text := written(value).strip())]
    if not named:
        named = [text for value in graph.values(node, "dcat:identifier") if (text := written(value).strip())]
    if named:
        links = [each for each in named if addresses.is_web(each)]
        draft.identifier = links[0] if links else min(named)
    elif own:
        draft.identifier = own
        draft.say(kinds.IDENTIFIER_ABSENT, "dct:identifier")
    if not own:
        draft.say(kinds.BLANK_NODE)
        draft.identifier = draft.identifier or graph.text(node, "dcat:landingPage")
    others = [
        graph.text(each, "skos:notation", "dct:identifier") or written(each)
        for each in graph.values(node, "adms:identifier")
    ]
    for each in (*named, own, *others, graph.text(node, "owl:sameAs")):
        if each != draft.identifier:
            draft.add(draft.aliases, each)


def _words(graph: Graph, node: Node, draft: Draft) -> None:
    for words, tag in graph.texts(node, "dct:title", "dc:title", "schema:name"):
        draft.text(draft.title, "dct:title", words, tag)
    for words, tag in graph.texts(node, "dct:alternative"):
        draft.keep("dct:alternative", words)
        if not draft.title:
            draft.text(draft.title, "dct:alternative", words, tag)
    for words, tag in graph.texts(node, "dct:description", "dc:description", "schema:description", "rdfs:comment"):
        draft.text(draft.description, "dct:description", words, tag)
    for words, tag in graph.texts(node, "dcat:keyword", "dc:subject"):
        draft.keyword("dcat:keyword", words, tag)
    for value in graph.values(node, "dct:provenance"):
        for words, tag in graph.texts(value, "rdfs:label", "dct:description") or [(written(value), "")]:
            draft.text(draft.provenance, "dct:provenance", words, tag)
    for words, tag in graph.texts(node, "adms:versionNotes"):
        draft.text(draft.version_notes, "adms:versionNotes", words, tag)
    draft.version = draft.clean("dcat:version", graph.text(node, "dcat:version", "owl:versionInfo", "dct:hasVersion"))


def _rights(graph: Graph, node: Node, draft: Draft) -> None:
    for value in graph.values(node, "dct:accessRights"):
        labels = graph.texts(value, "rdfs:label", "skos:prefLabel", "dct:description")
        code = find_access(written(value))[0]
        for words, tag in [(written(value), "")] if code or not labels else labels:
            draft.rightful("dct:accessRights", words, tag)
            if not code and not find_access(words)[0] and isinstance(value, ox.NamedNode) and words == written(value):
                draft.say(kinds.ACCESS_UNKNOWN, "dct:accessRights", value=words)
    for value in graph.values(node, "dct:rights"):
        for words, tag in graph.texts(value, "rdfs:label", "dct:description", "skos:prefLabel") or [
            (written(value), "")
        ]:
            draft.rightful("dct:rights", words, tag)
    if not draft.access:
        _rights_of_files(graph, node, draft)
    for value in graph.values(node, "dct:license"):
        if not draft.licence:
            draft.licence = draft.licensed(
                "dct:license", *licence_words(graph, value), labels=licence_labels(graph, node)
            )


def _rights_of_files(graph: Graph, node: Node, draft: Draft) -> None:
    """GeoDCAT-AP says the access of each distribution: one that is restricted makes the dataset so."""
    files = graph.values(node, "dcat:distribution")
    said = [written(value) for each in files for value in graph.values(each, "dct:accessRights")]
    known = [each for each in said if find_access(each)[0]]
    for each in sorted(known, key=lambda said: find_access(said)[0] == PUBLIC)[:1]:
        draft.rightful("dct:accessRights", each)


def _dates(graph: Graph, node: Node, draft: Draft) -> None:
    draft.issued = draft.date("dct:issued", graph.text(node, "dct:issued", "schema:datePublished"))
    created = graph.text(node, "dct:created")
    if not draft.issued:
        draft.issued = draft.date("dct:created", created)
    draft.keep("dct:created", created)
    draft.modified = draft.date("dct:modified", graph.text(node, "dct:modified", "schema:dateModified"))
    for value in graph.values(node, "dct:accrualPeriodicity"):
        labels = [words for words, _ in graph.texts(value, "rdfs:label", "skos:prefLabel", "rdf:value")]
        said = [each for each in (written(value), *labels) if each]
        draft.often("dct:accrualPeriodicity", next((each for each in said if find_frequency(each)), "".join(said[:1])))
    for value in graph.values(node, "dct:language"):
        draft.spoken("dct:language", written(value) or graph.text(value, "rdf:value", "rdfs:label"))


def _links(graph: Graph, node: Node, draft: Draft) -> None:
    draft.landing_page = draft.url("dcat:landingPage", graph.text(node, "dcat:landingPage"))
    for value in graph.values(node, "foaf:page", "foaf:homepage"):
        draft.add(draft.documentation, draft.url("foaf:page", written(value)))
    for value in graph.values(node, "geodcat:referenceSystem"):
        draft.place(systems=(*draft.spatial.systems, written(value)))
    for value in graph.values(node, "dct:conformsTo"):
        text = written(value) or graph.text(value, "dct:title", "rdfs:label", "dct:identifier")
        if re.search(r"/def/crs/|EPSG", text):
            draft.place(systems=(*draft.spatial.systems, text))
        else:
            draft.add(draft.conforms_to, text)
    for value in graph.values(node, "dcatap:applicableLegislation"):
        draft.add(draft.legislation, written(value))
    for value in graph.values(node, "dcat:inSeries", "dct:isPartOf"):
        draft.add(draft.series, written(value))

"""DCAT in any syntax of RDF: DCAT-AP and its national profiles, as portals really write it."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import pyoxigraph as ox

from udi.portal.nodes.harvest import addresses, kinds
from udi.portal.nodes.harvest.czech_terms import with_czech_terms
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.graph import (
    Graph,
    Node,
    Value,
    is_empty,
    is_word,
    read_element,
    read_text,
    source_value,
)
from udi.portal.nodes.harvest.outcomes import Outcome, finalise_draft, make_page
from udi.portal.nodes.harvest.rdf_coverage import read_coverage, read_duration
from udi.portal.nodes.harvest.rdf_fields import (
    address_of,
    licence_labels,
    licence_words,
    named_identifiers,
    read_agents,
    read_contacts,
    read_distributions,
    read_served_datasets,
    stated_identifier,
)
from udi.portal.nodes.harvest.record import (
    HarvestedPage,
    OriginalRecord,
    RecordKind,
    VocabularyTerm,
)
from udi.portal.nodes.harvest.statements import list_graph_statements
from udi.portal.nodes.harvest.untrusted_documents import read_json, read_xml
from udi.portal.nodes.harvest.vocabulary import (
    find_access,
    find_frequency,
    find_language,
)
from udi.protocol.texts import Texts

DATASETS = ("dcat:Dataset", "dcat:DatasetSeries", "dcatapit:Dataset")
SERVICES = ("dcat:DataService",)
CATALOGUE = "dcat:Catalog"
MEMBERS = (
    "dcat:servesDataset",
    "dct:hasPart",
    "dcat:inSeries",
    "dcat:seriesMember",
    "dct:isPartOf",
    "dct:relation",
)
N_TRIPLES = "application/n-triples"
THEMES = ("dcat:theme", "dct:subject", "geodcat:topicCategory")
MOST_NAMED = 5
MOST_LINKS = 5000
"""Datasets that an entry document lists, each to be read in a document of its own."""
PUBLIC = "PUBLIC"


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A page of RDF/XML, Turtle, TriG, N-Triples or JSON-LD.

    Raises:
        RefusedDocumentError: nothing of it may be used.
    """
    start = page.lstrip(b"\xef\xbb\xbf \t\r\n")[:400]
    if start[:1] in b"{[":
        return read_json_ld(page, base_url=base_url, language=language)
    if start.startswith((b"<?xml", b"<!DOCTYPE", b"<!--")) or re.match(
        rb"<(\w+:)?RDF[\s>]", start
    ):
        root, faults = read_xml(page)
        graph = read_element(root, base_url)
        graph.faults += faults
        return read_graph(graph, "rdf-xml", language)
    return read_graph(read_text(page, base_url), "rdf-turtle", language)


def read_json_ld(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A page of JSON-LD; contexts of elsewhere are never fetched, only those inside count."""
    value, faults = read_json(page)
    value = with_czech_terms(value)
    graph = read_text(_encode_local(value), base_url, ox.RdfFormat.JSON_LD)
    graph.faults += faults
    return read_graph(graph, "json-ld", language)


def _encode_local(value: object) -> bytes:
    return json.dumps(_drop_remote_contexts(value)).encode()


def _drop_remote_contexts(value: object) -> object:
    if isinstance(value, list):
        return [_drop_remote_contexts(element) for element in value]
    if not isinstance(value, dict):
        return value
    members = {
        name: _drop_remote_contexts(member)
        for name, member in value.items()
        if name != "@import"
    }
    context = members.get("@context")
    if isinstance(context, list):
        members["@context"] = [entry for entry in context if not isinstance(entry, str)]
    elif isinstance(context, str):
        del members["@context"]
    return members


def read_root(root: Element, base_url: str, language: str) -> HarvestedPage:
    """A page whose `rdf:RDF` element is already open."""
    return read_graph(read_element(root, base_url), "rdf-xml", language)


def read_graph(graph: Graph, form: str, language: str) -> HarvestedPage:
    """The datasets of a graph, its services, and where the next page is."""
    catalogues = list(graph.of_type(CATALOGUE))
    spoken = {
        code
        for catalogue in catalogues
        for language_value in graph.values(catalogue, "dct:language")
        if (code := find_language(source_value(language_value)))
    }
    usual = spoken.pop() if len(spoken) == 1 else language
    listed = {
        value
        for subject in graph.properties
        for value in graph.values(subject, "dcat:dataset")
    }
    described = set(graph.of_type(*DATASETS))
    outcomes = list(_outcomes(graph, listed, usual))
    missing = sorted(
        source_value(reference)
        for reference in listed - described
        if not is_word(reference)
    )
    following = _next(graph)
    faults = list(graph.faults)
    links: tuple[str, ...] = ()
    describes = any(graph.of_type(*DATASETS, *SERVICES))
    if catalogues and not describes and not following:
        links = tuple(link for link in missing if addresses.is_web(link))[:MOST_LINKS]
    if missing and not links:
        faults.append(
            kinds.DANGLING.at(
                "dcat:dataset",
                count=len(missing),
                value=", ".join(missing[:MOST_NAMED]),
            )
        )
    return make_page(
        outcomes,
        format=form,
        next=following,
        links=links,
        total=_total(graph),
        faults=tuple(faults),
    )


def _outcomes(graph: Graph, listed: set[Value], language: str) -> Iterator[Outcome]:
    members = {
        value
        for subject in graph.properties
        for value in graph.values(subject, *MEMBERS)
    }
    behind_series = _list_unlisted_series(graph, listed)
    for node in graph.of_type(*DATASETS):
        named = graph.values(node, "dct:title", "dc:title", "schema:name")
        if (
            node in members
            and node not in listed
            and (not named or node in behind_series)
        ):
            continue
        yield _dataset(graph, node, language)
    behind = {
        value
        for subject in graph.properties
        for value in graph.values(subject, "dcat:accessService")
    }
    for node in graph.of_type(*SERVICES):
        if node not in behind:
            yield _dataset(graph, node, language, RecordKind.SERVICE)


def _list_unlisted_series(graph: Graph, listed: set[Value]) -> set[Value]:
    """Series that a catalogue of datasets does not list, though it names them: they are said for their datasets alone."""
    if not listed:
        return set()
    return {node for node in graph.of_type("dcat:DatasetSeries") if node not in listed}


def _next(graph: Graph) -> str:
    for subject in graph.properties:
        for value in graph.values(subject, "hydra:next", "hydra:nextPage"):
            address = urljoin(graph.base_url, source_value(value).strip())
            if addresses.is_web(address) and address != graph.base_url:
                return address
    return ""


def _total(graph: Graph) -> int | None:
    totals = [graph.text(subject, "hydra:totalItems") for subject in graph.properties]
    return next(
        (int(total) for total in totals if re.fullmatch(r"\d{1,9}", total)), None
    )


def _dataset(
    graph: Graph, node: Node, language: str, kind: RecordKind = RecordKind.DATASET
) -> Outcome:
    spoken = [
        code
        for language_value in graph.values(node, "dct:language")
        if (code := find_language(source_value(language_value)))
    ]
    draft = Draft(
        graph.base_url,
        spoken[0] if len(spoken) == 1 else language,
        language_stated=len(spoken) == 1,
    )
    if "dcat:DatasetSeries" in graph.types(node):
        draft.kind = RecordKind.SERIES
    else:
        draft.kind = kind
    _report_source_faults(graph, node, draft)
    _identity(graph, node, draft)
    _words(graph, node, draft)
    for value in graph.values(node, *THEMES):
        label = next(
            (
                words
                for words, _ in graph.texts(
                    value, "skos:prefLabel", "rdfs:label", "skos:altLabel"
                )
            ),
            "",
        )
        is_ours = (
            label and isinstance(value, ox.NamedNode) and not address_of(node, value)
        )
        draft.add_theme("dcat:theme", "" if is_ours else source_value(value), label)
    for value in graph.values(node, "dcatap:hvdCategory"):
        draft.add_once(draft.hvd_categories, source_value(value))
    _rights(graph, node, draft)
    _dates(graph, node, draft)
    _links(graph, node, draft)
    read_agents(graph, node, draft)
    read_contacts(graph, node, draft)
    read_distributions(graph, node, draft)
    read_coverage(graph, node, draft)
    read_served_datasets(graph, node, draft)
    return finalise_draft(
        draft,
        OriginalRecord(
            N_TRIPLES,
            graph.serialise_node(node),
            list_graph_statements(graph, node),
        ),
    )


def _report_source_faults(graph: Graph, node: Node, draft: Draft) -> None:
    """Faults of how the source wrote it, for the dataset and its distributions."""
    for subject in (
        node,
        *(
            value
            for value in graph.values(node, "dcat:distribution")
            if not isinstance(value, ox.Literal)
        ),
    ):
        for name, right in graph.misnamed.get(subject, {}).items():
            draft.add_fault(kinds.MISNAMED, name, value=name, read=right)
        for name in graph.empty_properties(subject):
            if name == "dct:license":
                draft.add_fault(kinds.LICENCE_EMPTY, name)
            elif any(
                isinstance(value, ox.NamedNode) and is_empty(value)
                for value in graph.properties[subject][name]
            ):
                draft.add_fault(kinds.RESOURCE_EMPTY, name)
        for name, values in graph.properties.get(subject, {}).items():
            for value in values:
                if is_word(value):
                    draft.add_fault(
                        kinds.RELATIVE_REFERENCE, name, value=source_value(value)
                    )
                elif isinstance(value, ox.NamedNode) and value.value in graph.mended:
                    draft.add_fault(kinds.IRI_INVALID, name, value=value.value)


def _identity(graph: Graph, node: Node, draft: Draft) -> None:
    address = "" if isinstance(node, ox.BlankNode) else source_value(node)
    draft.identifier = stated_identifier(graph, node)
    named = named_identifiers(graph, node)
    if not named and address:
        draft.identifier = address
        draft.add_fault(kinds.IDENTIFIER_ABSENT, "dct:identifier")
    if not address:
        draft.add_fault(kinds.BLANK_NODE)
        draft.identifier = draft.identifier or graph.text(node, "dcat:landingPage")
    others = [
        graph.text(identifier, "skos:notation", "dct:identifier")
        or source_value(identifier)
        for identifier in graph.values(node, "adms:identifier")
    ]
    for alias in (*named, address, *others, graph.text(node, "owl:sameAs")):
        if alias != draft.identifier:
            draft.add_once(draft.aliases, alias)
    for identifier in (*named, *others):
        if identifier != draft.identifier:
            draft.add_once(draft.identifiers, identifier.strip())


def _words(graph: Graph, node: Node, draft: Draft) -> None:
    for words, tag in graph.texts(node, "dct:title", "dc:title", "schema:name"):
        draft.add_text(draft.title, "dct:title", words, tag)
    for words, tag in graph.texts(node, "dct:alternative"):
        draft.keep_extra("dct:alternative", words)
        if not draft.title:
            draft.add_text(draft.title, "dct:alternative", words, tag)
    for words, tag in graph.texts(
        node, "dct:description", "dc:description", "schema:description", "rdfs:comment"
    ):
        draft.add_text(draft.description, "dct:description", words, tag)
    for words, tag in graph.texts(node, "dcat:keyword", "dc:subject"):
        draft.add_keyword("dcat:keyword", words, tag)
    for value in graph.values(node, "dct:provenance"):
        statement: Texts = {}
        for words, tag in graph.texts(value, "rdfs:label", "dct:description") or [
            (source_value(value), "")
        ]:
            draft.add_text(draft.provenance, "dct:provenance", words, tag)
            draft.add_text(statement, "dct:provenance", words, tag)
        draft.add_once(draft.provenance_statements, statement)
    for words, tag in graph.texts(node, "adms:versionNotes"):
        draft.add_text(draft.version_notes, "adms:versionNotes", words, tag)
    draft.version = draft.clean_text(
        "dcat:version",
        graph.text(node, "dcat:version", "owl:versionInfo", "dct:hasVersion"),
    )


def _rights(graph: Graph, node: Node, draft: Draft) -> None:
    for value in graph.values(node, "dct:accessRights"):
        labels = graph.texts(value, "rdfs:label", "skos:prefLabel", "dct:description")
        code = find_access(source_value(value))[0]
        for words, tag in [(source_value(value), "")] if code or not labels else labels:
            draft.add_access_rights("dct:accessRights", words, tag)
            if (
                not code
                and not find_access(words)[0]
                and isinstance(value, ox.NamedNode)
                and words == source_value(value)
            ):
                draft.add_fault(kinds.ACCESS_UNKNOWN, "dct:accessRights", value=words)
    for value in graph.values(node, "dct:rights"):
        for words, tag in graph.texts(
            value, "rdfs:label", "dct:description", "skos:prefLabel"
        ) or [(source_value(value), "")]:
            draft.add_access_rights("dct:rights", words, tag)
    if not draft.access:
        _rights_of_files(graph, node, draft)
    for value in graph.values(node, "dct:license"):
        if not draft.licence:
            draft.licence = draft.parse_licence(
                "dct:license",
                *licence_words(graph, value, node),
                labels=licence_labels(graph, node),
            )


def _rights_of_files(graph: Graph, node: Node, draft: Draft) -> None:
    """GeoDCAT-AP says the access of each distribution: one that is restricted makes the dataset so."""
    files = graph.values(node, "dcat:distribution")
    statements = [
        source_value(value)
        for distribution in files
        for value in graph.values(distribution, "dct:accessRights")
    ]
    known_statements = [
        statement for statement in statements if find_access(statement)[0]
    ]
    for statement in sorted(
        known_statements, key=lambda statement: find_access(statement)[0] == PUBLIC
    )[:1]:
        draft.add_access_rights("dct:accessRights", statement)


def _dates(graph: Graph, node: Node, draft: Draft) -> None:
    draft.issued = draft.parse_date(
        "dct:issued", graph.text(node, "dct:issued", "schema:datePublished")
    )
    draft.created = draft.parse_date("dct:created", graph.text(node, "dct:created"))
    draft.modified = draft.parse_date(
        "dct:modified", graph.text(node, "dct:modified", "schema:dateModified")
    )
    for value in graph.values(node, "dct:accrualPeriodicity"):
        labels = [
            words
            for words, _ in graph.texts(
                value, "rdfs:label", "skos:prefLabel", "rdf:value"
            )
        ]
        every = read_duration(graph, value)
        wordings = list(filter(None, (source_value(value), *labels, every)))
        draft.set_frequency(
            "dct:accrualPeriodicity",
            next(
                (wording for wording in wordings if find_frequency(wording)),
                "".join(wordings[:1]),
            ),
        )
    for value in graph.values(node, "dct:language"):
        draft.add_language(
            "dct:language",
            source_value(value) or graph.text(value, "rdf:value", "rdfs:label"),
        )


def _pages(graph: Graph, node: Node, draft: Draft) -> None:
    """The landing page and the documents: a further landing page is one of these, as each is a `foaf:page` by definition."""
    pages = [
        page
        for value in graph.values(node, "dcat:landingPage")
        if (page := draft.parse_url("dcat:landingPage", source_value(value)))
    ]
    draft.landing_page = next(iter(pages), "")
    for further_page in pages[1:]:
        draft.add_once(draft.documentation, further_page)
    for value in graph.values(node, "foaf:page", "foaf:homepage"):
        page = source_value(value) or graph.text(value, "foaf:homepage", "foaf:page")
        draft.add_once(draft.documentation, draft.parse_url("foaf:page", page))


def _links(graph: Graph, node: Node, draft: Draft) -> None:
    _pages(graph, node, draft)
    for value in graph.values(node, "geodcat:referenceSystem"):
        draft.update_spatial(systems=(*draft.spatial.systems, source_value(value)))
    for value in graph.values(node, "dct:conformsTo"):
        text = source_value(value) or graph.text(
            value, "dct:title", "rdfs:label", "dct:identifier"
        )
        if re.search(r"/def/crs/|EPSG", text):
            draft.update_spatial(systems=(*draft.spatial.systems, text))
        else:
            draft.add_once(draft.conforms_to, text)
            label = graph.text(value, "dct:title", "rdfs:label", "dct:identifier")
            uri = address_of(node, value)
            draft.add_once(
                draft.standards,
                VocabularyTerm(
                    uri,
                    draft.clean_text("dct:conformsTo", label or ("" if uri else text)),
                ),
            )
    for value in graph.values(node, "dct:source", "prov:wasDerivedFrom"):
        label = graph.text(value, "dct:title", "rdfs:label")
        uri = address_of(node, value)
        words = draft.clean_text(
            "dct:source", label or ("" if uri else source_value(value))
        )
        if uri or words:
            draft.add_once(draft.sources, VocabularyTerm(uri, words))
    for value in graph.values(node, "dcatap:applicableLegislation"):
        draft.add_once(draft.legislation, source_value(value))
    for value in graph.values(node, "dcat:inSeries", "dct:isPartOf"):
        draft.add_once(draft.series, source_value(value))
    for value in graph.values(node, "dcat:inSeries"):
        _add_series(graph, value, draft)


def _add_series(graph: Graph, series: Value, draft: Draft) -> None:
    """A series at an address, with the title that this document gives it."""
    address = addresses.repair_link(source_value(series))
    if addresses.is_web(address):
        titles = draft.series_titles.setdefault(address, {})
        for words, tag in graph.texts(series, "dct:title", "rdfs:label"):
            draft.add_text(titles, "dcat:inSeries", words, tag)

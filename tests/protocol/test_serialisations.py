"""Documents that we write ourselves say what a library writes, byte by byte; it only orders the prefixes as it likes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from tests.depth import examples
from tests.portal.nodes.harvest import made
from tests.protocol.graphs import read_graph, write_nodes
from tests.protocol.test_rdf import RECORDS
from tests.protocol.test_shacl import demonstration, samples
from udi.protocol.catalogue import (
    Catalogue,
    CatalogueEntry,
    CataloguePage,
    write_catalogue,
    write_entry,
    write_page,
    write_withdrawal,
)
from udi.protocol.record import read_record
from udi.protocol.serialisations import (
    group_triples,
    sort_triples,
    write_canonical,
    write_n_triples,
    write_triples,
    write_turtle,
)
from udi.protocol.structures import LicenceTerms, Record, Series
from udi.protocol.triples import (
    PREFIXES,
    escape_stray_signs,
    find_iri,
    iri,
    literal,
    localised_literal,
    term,
    typed_literal,
)
from udi.protocol.triples import Triple as WrittenTriple
from udi.protocol.validators import is_url, url

ORIGIN = "https://donnees.rade.bzh"
MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)
TERRITORY = Catalogue(
    origin=ORIGIN,
    title={"fr": "Pays de la Rade"},
    description={},
    publisher={"fr": "Pays de la Rade"},
    languages=("fr", "en"),
)
PAGE = CataloguePage(
    address=f"{ORIGIN}/catalog?page=2",
    total=120,
    neighbours={"first": f"{ORIGIN}/catalog"},
)
FORMS = (RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.RDF_XML, RdfFormat.JSON_LD)
SUBJECT = NamedNode(f"{ORIGIN}/data/1")
WORDS = st.text(st.characters(exclude_categories=["Cs"]))


def write_catalogue_of(records: list[Record]) -> Iterator[WrittenTriple]:
    yield from write_catalogue(TERRITORY)
    yield from write_page(TERRITORY, PAGE)
    for record in records:
        entry = CatalogueEntry(record=record, listed=MOMENT, described=MOMENT)
        yield from write_entry(TERRITORY, entry)
    yield from write_withdrawal(f"{ORIGIN}/data/0", 'Un "titre"', MOMENT)


def split_prefixes(document: bytes) -> tuple[set[bytes], bytes]:
    """The prefixes of a Turtle document, in no order, and the rest."""
    lines = document.splitlines(keepends=True)
    prefixes = {line for line in lines if line.startswith(b"@prefix")}
    return prefixes, b"".join(line for line in lines if line not in prefixes)


def write_by_library(triples: list[WrittenTriple], form: RdfFormat) -> bytes:
    quads = list(parse(write_n_triples(triples), format=RdfFormat.N_TRIPLES))
    return serialize(quads, format=form, prefixes=PREFIXES) or b""


def catalogues(shared: Path) -> dict[str, list[Record]]:
    documents = {
        "made for the tests of RDF": list(RECORDS.values()),
        "demonstration": demonstration(),
        "samples of RUDI": samples(shared),
    }
    return {
        name: [read_record(data) for data in listed]
        for name, listed in documents.items()
    }


@pytest.mark.parametrize(
    "name", ["made for the tests of RDF", "demonstration", "samples of RUDI"]
)
def test_turtle_of_a_catalogue_is_what_the_library_writes(
    shared_data: Path, name: str
) -> None:
    records = catalogues(shared_data)[name]
    triples = list(write_catalogue_of(records))

    for ordered in (sort_triples(triples), group_triples(triples)):
        ours = split_prefixes(write_turtle(ordered))

        assert ours == split_prefixes(write_by_library(ordered, RdfFormat.TURTLE))
    assert len(records) >= 6


@settings(max_examples=examples(8, 100))
@given(record=made.records | made.personal)
def test_turtle_of_any_record_is_what_the_library_writes(record: Record) -> None:
    triples = sort_triples(write_catalogue_of([record]))

    ours = split_prefixes(write_turtle(triples))

    assert ours == split_prefixes(write_by_library(triples, RdfFormat.TURTLE))


@pytest.mark.parametrize("form", FORMS)
def test_each_form_says_the_same(form: RdfFormat) -> None:
    triples = sort_triples(write_catalogue_of([read_record(RECORDS["full"])]))

    document = write_triples(triples, form)

    assert {
        Triple(quad.subject, quad.predicate, quad.object)
        for quad in parse(document, format=form)
    } == read_graph(triples)


def test_triples_are_sorted_as_their_lines_are() -> None:
    triples = list(write_catalogue_of([read_record(data) for data in RECORDS.values()]))
    lines = write_n_triples([*triples, *triples]).splitlines(keepends=True)

    assert write_canonical([*triples, *triples]) == b"".join(sorted({*lines}))


@given(text=WORDS)
def test_a_text_is_written_as_the_library_writes_it(text: str) -> None:
    assert literal(text) == str(Literal(text))
    assert localised_literal(text, "FR") == str(Literal(text, language="fr"))


@pytest.mark.parametrize("number", [*range(0x20), 0x22, 0x5C, 0x7F, 0xFFFE, 0xFFFF])
def test_a_sign_that_must_be_escaped_is_escaped_as_the_library_does(
    number: int,
) -> None:
    text = f"a{chr(number)}b"

    assert literal(text) == str(Literal(text))


@pytest.mark.parametrize("tag", ["f r", "@fr", "fr_FR", "françai", "fr-"])
def test_a_language_without_a_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=tag):
        localised_literal("mot", tag)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "foo",
        "https://x.example:a/",
        "https://x.example/\ud800",
    ],
)
def test_what_is_no_address_is_no_node(address: str) -> None:
    with pytest.raises(ValueError, match=r"IRI|Invalid|surrogates"):
        iri(address)

    assert find_iri(address) == ""


@given(
    rest=st.text(
        st.sampled_from("aZ09-._~:/?#[]@!$&'()*+,;=%20é {}|\\^`<>\""), max_size=12
    )
)
def test_an_address_is_the_node_that_the_library_takes(rest: str) -> None:
    """Whatever is taken for an address is one to the library too, and nothing is added to it there."""
    try:
        node = iri(f"https://x.example{rest}")
    except ValueError:
        node = "<https://x.example>"

    assert str(NamedNode(node[1:-1])) == node


def put_addresses(record: Record, address: str) -> Record:
    """The record where each address that somebody wrote is this one."""
    media = tuple(
        structs.replace(
            file, url=address, structure=address, documentation=address, visual=address
        )
        for file in record.media
    )
    contacts = tuple(
        structs.replace(contact, email=address) for contact in record.contacts
    )
    return structs.replace(
        record,
        media=media,
        contacts=contacts,
        series=(Series(address, {"fr": "Budgets"}),),
        licence=LicenceTerms(label={"fr": "Sur demande"}, url=address),
        description=structs.replace(record.description, source=address),
    )


ADDRESS_TEXTS = st.text(st.characters()) | st.text(
    st.sampled_from("%#?:/[]@ az0é\\<>\n\ud800"), max_size=12
)


@given(
    record=made.records | st.sampled_from([read_record(RECORDS["full"])]),
    address=ADDRESS_TEXTS
    | ADDRESS_TEXTS.map("https://x.example/".__add__)
    | ADDRESS_TEXTS.map("https://".__add__),
)
def test_any_text_in_place_of_an_address_is_written_in_each_form(
    record: Record, address: str
) -> None:
    triples = sort_triples(write_catalogue_of([put_addresses(record, address)]))

    for form in FORMS:
        assert {
            Triple(quad.subject, quad.predicate, quad.object)
            for quad in parse(write_triples(triples, form), format=form)
        } == read_graph(triples)


def test_a_file_without_a_usable_address_leads_to_its_dataset() -> None:
    record = put_addresses(read_record(RECORDS["full"]), "https://x.example:a/")

    written = list(write_catalogue_of([record]))

    targets = {value for _, name, value in written if name == term("dcat:accessURL")}
    assert targets == {f"<{ORIGIN}/data/{record.id}>"}
    assert not [
        name
        for _, name, _ in written
        if name in {term("dcat:downloadURL"), term("dcat:inSeries")}
    ]


@pytest.mark.parametrize(
    "address",
    [
        "https://h.example/50%remise",
        "https://h.example/#a#b",
        "https://%zz.fr/",
        "https://h.example/?q=100%",
    ],
)
def test_a_new_record_has_no_address_with_a_stray_sign(address: str) -> None:
    assert not is_url(address)
    assert [fault.code.value for fault in url(address, "url")] == ["ERR-307"]
    assert find_iri(address) == f"<{escape_stray_signs(address)}>"


@given(address=ADDRESS_TEXTS.map("https://x.example".__add__))
def test_an_address_of_a_new_record_is_a_node(address: str) -> None:
    assume(not list(url(address, "url")))

    assert find_iri(address)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (term("dct:title"), "dct:title"),
        (f"<{PREFIXES['dcatap']}>", "dcatap:"),
        (f"<{PREFIXES['dcat']}a-b>", "dcat:a-b"),
        (typed_literal("120", "xsd:integer"), "120"),
        (typed_literal("-5", "xsd:integer"), "-5"),
        (typed_literal("beaucoup", "xsd:integer"), '"beaucoup"^^xsd:integer'),
        (typed_literal("7", "xsd:nonNegativeInteger"), '"7"^^xsd:nonNegativeInteger'),
        (localised_literal("a>", "fr"), '"a>"@fr'),
        (literal("a>"), '"a>"'),
    ],
)
def test_a_value_has_the_prefix_of_its_namespace(value: str, written: str) -> None:
    [triple] = write_nodes([Triple(SUBJECT, SUBJECT, SUBJECT)])
    document = write_turtle([(triple[0], triple[1], value)])

    assert document.decode().splitlines()[-1].endswith(f"> {written} .")
    assert split_prefixes(document) == split_prefixes(
        write_by_library([(triple[0], triple[1], value)], RdfFormat.TURTLE)
    )


@pytest.mark.parametrize("local", ["a/b", "1é", "a%20(b)", "-a"])
def test_an_address_that_a_prefix_does_not_fit_is_written_whole(local: str) -> None:
    node = f"<{PREFIXES['dcat']}{local}>"

    document = write_turtle([(node, term("dct:title"), literal("x"))])

    assert document.decode().splitlines()[-1] == f'{node} dct:title "x" .'
    assert [
        quad.subject.value for quad in parse(document, format=RdfFormat.TURTLE)
    ] == [node[1:-1]]


def test_nothing_is_an_empty_document() -> None:
    assert write_turtle([]) == write_n_triples([]) == b""

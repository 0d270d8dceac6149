"""`udi bench federation`: what it reads by itself, how it compares, and a few catalogues compared by hand."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from typer.testing import CliRunner

from bench import federation
from bench.__main__ import app
from bench.load.federation.fields import DATASET, DISTRIBUTION
from bench.load.federation.graph import UnreadableError, read_source
from bench.load.federation.intended import INTENDED, is_intended
from bench.load.federation.score import (
    compare,
    is_apart,
    list_fields,
    score_catalogues,
)

SOURCE = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://elsewhere.example/trees> a dcat:Dataset ; dct:title "Trees"@en, "Arbres"@fr ; dct:identifier "trees" ;
  dct:description "<p>One</p><p>two</p>"@en ; dct:rightsHolder [ a foaf:Agent ; foaf:name "Town" ] ;
  dct:spatial <http://id.insee.fr/geo/commune/35238>, [ skos:prefLabel "Rennes" ] ; dcat:landingPage <https://elsewhere.example/page> ;
  dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/MONTHLY> ; dct:issued "2024-03-01" ;
  dcat:distribution <https://elsewhere.example/trees#csv>, <https://elsewhere.example/trees#none> .
<https://elsewhere.example/trees#csv> a dcat:Distribution ; dcat:accessURL <https://elsewhere.example/trees.html> ;
  dcat:downloadURL <https://elsewhere.example/trees.csv> ; dcat:byteSize "12" .
<https://elsewhere.example/trees#none> a dcat:Distribution ; dct:title "Lost" .
"""
TUNED = {
    "brescia-mobilita_catalog.rdf": {
        "dataset: title": {"right": 3},
        "dataset: rights holder": {"intended": 3},
        "dataset: landing page": {"right": 3},
        "dataset: contact": {"right": 3},
    },
    "dcat-ap-es_1.0.0_E_DCAT-AP-ES_full_optional.ttl": {
        "dataset: creator": {"right": 3},
        "dataset: provenance": {"right": 3},
        "dataset: version notes": {"right": 3},
        "dataset: spatial resolution": {"right": 3},
        "distribution: checksum": {"right": 3},
        "distribution: service": {"right": 1},
    },
}
"""Counted by hand, in files that rules may be tuned on."""


def values(name: str, text: str = SOURCE) -> set[str]:
    graph = read_source("a.ttl", text.encode())
    return set(DATASET[name](graph, ox.NamedNode("https://elsewhere.example/trees")))


def test_fields_are_read_by_another_parser() -> None:
    assert values("title") == {"Trees", "Arbres"}
    assert values("description") == {"One two"}
    assert values("languages of texts") == {
        "dct:title en",
        "dct:title fr",
        "dct:description en",
    }
    assert values("rights holder") == {"name Town"}
    assert values("place") == {"http://id.insee.fr/geo/commune/35238", "Rennes"}
    assert values("issued") == {"2024-03-01T00:00:00"}
    assert values("creator") == set()


@pytest.mark.parametrize(
    ("source", "ours", "outcome"),
    [
        ((), (), ""),
        ((), ("b",), "added"),
        (("a",), ("a", "b"), "right"),
        (("a", "b"), ("a",), "changed"),
        (("a",), (), "lost"),
    ],
)
def test_a_field_is_right_changed_lost_or_added(
    source: tuple[str, ...], ours: tuple[str, ...], outcome: str
) -> None:
    assert compare("dataset: title", frozenset(source), frozenset(ours)) == outcome


def test_an_intended_difference_is_counted_apart() -> None:
    eu = "http://publications.europa.eu/resource/authority/frequency/ANNUAL"
    other = "http://publications.europa.eu/resource/authority/frequency/MONTHLY"

    assert is_intended("dataset: frequency", frozenset({"R/P1Y"}), frozenset({eu}))
    assert not is_intended("dataset: frequency", frozenset({other}), frozenset({eu}))
    assert not is_intended(
        "dataset: languages of texts", frozenset({"dct:title fr"}), frozenset()
    )
    assert is_intended(
        "dataset: languages of texts",
        frozenset({"dcat:keyword fr", "dct:title fr"}),
        frozenset({"dct:title fr"}),
    )
    assert not is_intended("dataset: frequency", frozenset({"R/P1Y"}), frozenset())
    assert all(entry.reason for entry in INTENDED)
    assert {entry.field for entry in INTENDED} <= set(list_fields())


OPEN_LICENCE = "https://github.com/etalab/licence-ouverte"


@pytest.mark.parametrize(
    ("field", "left", "ours", "outcome"),
    [
        ("licence", "Licence ouverte / Open Licence", OPEN_LICENCE, "intended"),
        ("licence", "Licence Ouverte 2.0", OPEN_LICENCE, "changed"),
        ("licence", "Licence ouverte / Open Licence", "https://a.example/", "changed"),
        ("documentation", "A notice", "https://a.example/notice", "intended"),
        (
            "documentation",
            "https://a.example/other",
            "https://a.example/notice",
            "changed",
        ),
        ("frequency", "http://purl.org/cld/freq/never-was", "", "intended"),
        ("frequency", "http://purl.org/cld/freq/annual", "", "lost"),
        ("theme", "Theme 1", "", "intended"),
        ("theme", "Theme of water", "", "lost"),
        ("rights", "Données ouvertes", "", "intended"),
        ("rights", "Données à citer", "", "lost"),
        ("contact", "name Office", "", "lost"),
        ("creator", "mail of a person a@b.example", "name A", "intended"),
        ("creator", "mail a@b.example", "name A", "changed"),
        ("publisher", "page https:/b.example/", "name A", "intended"),
        ("publisher", "page https://b.example/", "name A", "changed"),
    ],
)
def test_each_intended_difference_is_of_its_class_alone(
    field: str, left: str, ours: str, outcome: str
) -> None:
    values = frozenset({ours} - {""})

    assert compare(f"dataset: {field}", values | {left}, values) == outcome


EU = "http://publications.europa.eu/resource/authority"
PAGE = "https://a.example/page"
FURTHER = "https://a.example/further"


@pytest.mark.parametrize(
    ("field", "source", "ours", "outcome"),
    [
        ("distribution: language", {"fr"}, {f"{EU}/language/FRA"}, "intended"),
        (
            "distribution: language",
            {f"{EU}/language/ZXX", "fr"},
            {f"{EU}/language/FRA"},
            "changed",
        ),
        ("distribution: language", {"fr"}, set(), "lost"),
        (
            "distribution: format",
            {f"{EU}/file-type/WMS"},
            {f"{EU}/file-type/WMS_SRVC"},
            "intended",
        ),
        (
            "distribution: format",
            {f"{EU}/file-type/WMS"},
            {f"{EU}/file-type/WFS_SRVC"},
            "changed",
        ),
        (
            "distribution: format",
            {f"{EU}/file-type/RDF"},
            {f"{EU}/file-type/RDF_XML"},
            "changed",
        ),
        (
            "dataset: landing page",
            {PAGE, FURTHER},
            {PAGE, f"document {FURTHER}"},
            "intended",
        ),
        ("dataset: landing page", {PAGE, FURTHER}, {PAGE}, "changed"),
        ("dataset: landing page", {PAGE}, {FURTHER, f"document {PAGE}"}, "changed"),
    ],
)
def test_a_difference_is_intended_for_its_own_term_alone(
    field: str, source: set[str], ours: set[str], outcome: str
) -> None:
    assert compare(field, frozenset(source), frozenset(ours)) == outcome


def test_further_names_of_a_contact_are_an_intended_difference() -> None:
    names = frozenset({"name Office", "name Bureau", "mail a@b.example"})

    assert is_intended("dataset: contact", names, names - {"name Bureau"})
    assert not is_intended("dataset: contact", names, names - {"mail a@b.example"})


def test_the_mail_of_a_person_is_told_from_that_of_an_organisation() -> None:
    person = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
<https://elsewhere.example/trees> a dcat:Dataset ; dct:creator
  [ a foaf:Person ; foaf:name "A" ; foaf:mbox <mailto:a@b.example> ],
  [ a foaf:Organization ; foaf:name "B" ; foaf:mbox <mailto:b@b.example> ] .
"""

    assert values("creator", person) == {
        "name A",
        "mail of a person a@b.example",
        "name B",
        "mail b@b.example",
    }


def test_a_catalogue_is_compared_with_our_turtle() -> None:
    tuned = next(
        name for name in ("a.ttl", "b.ttl", "c.ttl", "d.ttl") if not is_apart(name)
    )

    score = score_catalogues([(tuned, SOURCE.encode()), ("x.csv", b"a;b")])
    fields = score["tuned"]["fields"]

    assert (score["tuned"]["files"], score["tuned"]["records"]) == (1, 1)
    assert fields["dataset: rights holder"] == {"right": 1}
    assert fields["dataset: place"] == {"right": 1}
    assert fields["dataset: landing page"] == {"right": 1}
    assert fields["dataset: created"] == {}
    assert fields["distribution: access address"] == {"right": 1}
    assert fields["distribution: title"] == {"intended": 1}
    assert [part for part in score.values() if part["unread"] == ["x.csv"]]


@pytest.mark.parametrize(
    ("files", "outcome"),
    [(("b",), "intended"), (("b", "b"), "intended"), (("b", "c"), "right")],
)
def test_the_licence_of_files_may_stand_in_the_place_of_that_of_their_dataset(
    files: tuple[str, ...], outcome: str
) -> None:
    distributions = "".join(
        f""" ; dcat:distribution [ a dcat:Distribution ; dcat:accessURL <https://a.example/file/{number}> ;
    dct:license <https://{licence}.example/licence> ]"""
        for number, licence in enumerate(files)
    )
    document = f"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://a.example/1> a dcat:Dataset ; dct:title "Trees"@en ; dct:identifier "1" ;
  dct:license <https://a.example/licence>{distributions} .
"""
    name = next(name for name in ("a.ttl", "b.ttl", "c.ttl") if not is_apart(name))
    fields = score_catalogues([(name, document.encode())])["tuned"]["fields"]

    assert fields["dataset: licence"] == {outcome: 1}


@pytest.mark.parametrize("name", sorted(TUNED))
def test_tuned_files_are_as_counted_by_hand(shared_data: Path, name: str) -> None:
    assert not is_apart(name)

    document = (shared_data / "data/catalogues" / name).read_bytes()
    fields = score_catalogues([(name, document)])["tuned"]["fields"]

    assert {field: fields[field] for field in TUNED[name]} == TUNED[name]


def test_what_is_no_rdf_is_no_part_of_the_measure() -> None:
    for name, document in (
        ("a.xml", b"<a/>"),
        ("a.xml", b"<!DOCTYPE a><a/>"),
        ("a.json", b'{"a": 1}'),
        ("a.json", b'{"@context": "https://elsewhere.example/context"}'),
        ("a.ttl", b"@prefix"),
        ("a.csv", b"a;b"),
    ):
        with pytest.raises(UnreadableError):
            read_source(name, document)


def test_the_command_says_so_where_the_catalogues_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(federation, "SHARED", tmp_path)

    result = CliRunner().invoke(app, ["federation"])

    assert result.exit_code == 1
    assert "UDI_SHARED" in result.output


def test_the_command_prints_a_table_of_each_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data/catalogues"
    folder.mkdir(parents=True)
    for number in range(9):
        (folder / f"{number}.ttl").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(federation, "SHARED", tmp_path)

    result = CliRunner().invoke(app, ["federation", "--details"])

    assert result.exit_code == 0
    assert "tuned: " in result.output
    assert "apart: " in result.output
    assert "dataset: rights holder" in result.output
    assert set(DISTRIBUTION) >= {"title", "checksum"}

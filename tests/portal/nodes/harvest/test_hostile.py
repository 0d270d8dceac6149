"""Documents made to harm, or merely broken, are refused with words, within bounds, and nothing is fetched."""

import json
import signal
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.faults import FaultLevel
from udi.portal.nodes.harvest.harvest_format import get_reader
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.ui.locale import load_translations

BASE = "https://source.example/catalogue"
BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {after} "{f"&{before};" * 10}">'
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
LONG = "x" * 1000
SECONDS = 60
"""Of the processor: what takes longer goes on without end."""
MEGABYTES = 64
NOT_DOCUMENTS = {".zip", ".csv", ".xlsx", ".tar", ".geojson", ".md", ".tsv"}
SOUND = {
    "uk-gemini_01_Dataset_Invalid_XSD_No_Such_Element.xml": 1,
    "uk-gemini_01_Dataset_Invalid_XSD_No_Such_Element_unix.xml": 1,
    "uk-gemini_05_Series_Invalid_XSD_No_Such_Element.xml": 1,
    "piveau_example_metric.ttl": 1,
    "pod_charset-problems.json": 1,
    "pod_www.defense.gov.data.json": 175,
    "uk-gemini_02_Dataset_Invalid_19139_Missing_Data_Format.xml": 1,
    "uk-gemini_03_Dataset_Invalid_GEMINI_Missing_Keyword.xml": 1,
    "uk-gemini_dataset-invalid.xml": 1,
}
"""Invalid by their schema, or in the wrong encoding, and readable all the same."""
UNSAFE = {
    "defusedxml_cyclic.xml", "defusedxml_external.xml", "defusedxml_external_file.xml", "defusedxml_quadratic.xml",
    "defusedxml_xmlbomb.xml", "pat_Classic-XXE-B64-Encoded.xml", "pat_Deny-Of-Service-Billion-Laugh-Attack",
    "pat_XXE-PHP-Wrapper.xml", "pat_xml-attacks.txt", "jsontestsuite_n_structure_100000_opening_arrays.json",
    "jsontestsuite_i_structure_500_nested_arrays.json", "jsontestsuite_n_structure_open_array_object.json",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Any:
        pytest.fail("a reader tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Fail what is still running after so many seconds of this process on the processor."""

    def stop(*_: object) -> None:
        pytest.fail(f"it goes on after {seconds} s of the processor")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read(body: bytes) -> HarvestedPage:
    return format_detection.read(body, base_url=BASE)


def bad_files(folder: Path) -> Iterator[Path]:
    yield from (
        path for path in sorted(folder.iterdir()) if path.suffix not in NOT_DOCUMENTS
    )


def test_every_bad_document_is_refused_readably_or_read(shared_data: Path) -> None:
    french = load_translations(
        [
            Path("platform/src/udi/portal/nodes/locale"),
            Path("platform/src/udi/protocol/locale"),
        ]
    )
    record_counts = {}
    unsafe = set()
    silent = set()
    untranslated = set()
    for path in bad_files(shared_data / "data/bad"):
        with ends_within(SECONDS):
            page = read(path.read_bytes())
        if page.records:
            record_counts[path.name] = len(page.records)
            continue
        faults = [
            *page.faults,
            *(fault for refusal in page.refused for fault in refusal.faults),
        ]
        silent |= {path.name} - {path.name for _ in (*faults, *page.services)}
        untranslated |= {
            fault.code
            for fault in faults
            if fault.translate(french["fr"].gettext) == fault.translate()
        }
        unsafe |= {
            path.name for fault in page.faults if fault.code == "document_unsafe"
        }

    assert record_counts == SOUND
    assert unsafe == UNSAFE
    assert silent == set()
    assert untranslated == set()


def test_where_a_document_breaks_is_reported(shared_data: Path) -> None:
    page = read((shared_data / "data/bad/ckanext-dcat_dataset.ttl").read_bytes())

    fault = page.faults[0]
    assert (fault.code, fault.level) == ("document_unreadable", FaultLevel.REFUSED)
    assert fault.values["line"] == 149
    assert not page.readable


def test_a_wrong_encoding_is_read_and_reported(shared_data: Path) -> None:
    page = read((shared_data / "data/bad/pod_www.defense.gov.data.json").read_bytes())

    assert [fault.code for fault in page.faults] == ["encoding_wrong"]
    assert "\u2019" in str(page.records)


@pytest.mark.parametrize(
    "body",
    [
        f"{BOMB}]>{RDF}<r>&i;</r></rdf:RDF>".encode(),
        f'<!DOCTYPE r [<!ENTITY a "{LONG}{LONG}">]>{RDF}{"&a;" * 5000}</rdf:RDF>'.encode(),
        f'<!DOCTYPE r [<!ENTITY a SYSTEM "http://169.254.169.254/">]>{RDF}&a;</rdf:RDF>'.encode(),
        f'<!DOCTYPE r SYSTEM "http://127.0.0.1/evil.dtd">{RDF}</rdf:RDF>'.encode(),
        f'<!DOCTYPE r [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]>{RDF}</rdf:RDF>'.encode(),
        (f"{RDF}" + "<a>" * 5000).encode(),
        b'{"a":' * 90_000,
        b'{"dataset": ' + b"[" * 150 + b"]" * 150 + b"}",
        b'{"@context": {"a": "b"}, "x": ' + b'{"x":' * 200 + b"1" + b"}" * 201,
    ],
    ids=[
        "bomb",
        "quadratic",
        "external",
        "external type",
        "parameter",
        "deep xml",
        "deep json",
        "deep list",
        "deep json-ld",
    ],
)
def test_what_would_grow_without_end_is_stopped(body: bytes) -> None:
    tracemalloc.start()
    with ends_within(SECONDS):
        page = read(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert not page.readable
    assert page.records == ()
    assert peak < MEGABYTES * 1024**2


def test_a_context_of_elsewhere_is_never_fetched() -> None:
    """`no_network` fails the test if it is."""
    document = {
        "@context": [
            "https://evil.example/context",
            {"dct": "http://purl.org/dc/terms/", "dcat": "http://www.w3.org/ns/dcat#"},
        ],
        "@id": "https://source.example/1",
        "@type": "dcat:Dataset",
        "dct:title": "Trees",
        "dct:publisher": {
            "@context": "https://evil.example/other",
            "@id": "https://source.example/org",
        },
    }

    page = read(json.dumps(document).encode())

    assert [record.title for record in page.records] == [{"fr": "Trees"}]


def test_signs_that_cannot_be_stored_are_replaced() -> None:
    page = read(
        rb'[{"identifier": "1", "title": "a\u0000b\ud800c", "keyword": ["\ufeffx"], "distribution": []}]'
    )

    assert page.records[0].title == {
        "fr": "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    }
    assert page.records[0].keywords == {"fr": ("x",)}


def test_scripts_do_not_survive() -> None:
    evil = "<p>Trees</p><script>alert(1)</script><img src=x onerror=alert(1)>"

    page = read(
        json.dumps(
            [
                {
                    "identifier": "1",
                    "title": evil,
                    "description": evil,
                    "distribution": [],
                }
            ]
        ).encode()
    )

    assert page.records[0].title == {"fr": "Trees"}
    assert page.records[0].description == {"fr": "Trees"}
    assert "html_in_text" in [fault.code for fault in page.records[0].faults]


def test_an_address_that_runs_code_is_no_address() -> None:
    files = [
        {"accessURL": "javascript:alert(1)"},
        {"accessURL": "data:text/html,x"},
        {"downloadURL": "file:///etc/passwd"},
    ]
    document = [
        {
            "identifier": "1",
            "title": "x",
            "landingPage": "javascript:alert(1)",
            "distribution": files,
        }
    ]

    record = read(json.dumps(document).encode()).records[0]

    assert record.landing_page == ""
    assert all(distribution.url == "" for distribution in record.distributions)
    assert [fault.code for fault in record.faults].count("url_not_web") == 4


CONTROLS = {
    "JSON": rb'{"dataset": [{"identifier": "1", "title": "a\u000bb", "keyword": ["k\u0001"], "distribution": []}]}',
    "JSON inside a text": rb'{"help": "x", "success": true, "result": {"id": "1", "name": "n", "title": "a\u000bb", '
    rb'"title_translated": "{\"fr\": \"a\\u000bb\"}", "tags": ["k\u0001"], "resources": []}}',
    "Turtle": rb"@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
    rb'<https://x.example/1> a dcat:Dataset ; dct:title "a\u000Bb"@fr ; dcat:keyword "k\u0001" .',
    "HTML": b'<html><head><script type="application/ld+json">{"@context": "https://schema.org", "@type": "Dataset", '
    b'"@id": "https://x.example/1", "name": "a\\u000bb", "description": "c", "keywords": ["k\\u0001"]}</script></head></html>',
    "CSV": b"datasetid;title;keyword\n1;a\x0bb;k\x01\n",
}


@pytest.mark.parametrize("syntax", CONTROLS)
def test_what_no_database_or_xml_can_hold_is_marked_in_every_syntax(
    syntax: str,
) -> None:
    [record] = read(CONTROLS[syntax]).records

    assert set(record.title.values()) == {"a\N{REPLACEMENT CHARACTER}b"}
    assert [word for words in record.keywords.values() for word in words] == [
        "k\N{REPLACEMENT CHARACTER}"
    ]


def test_a_record_beyond_reason_is_refused_alone() -> None:
    document = [
        {
            "identifier": "1",
            "title": "Large",
            "description": "x" * 1_100_000,
            "distribution": [],
        },
        {"identifier": "2", "title": "Usual", "distribution": []},
        "not a record",
    ]

    page = read(json.dumps(document).encode())

    assert [record.identifier for record in page.records] == ["2"]
    assert [refusal.faults[0].code for refusal in page.refused] == [
        "record_too_large",
        "record_shapeless",
    ]
    assert page.dataset_count == 3


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = {
    "ckan": "id title notes tags resources extras organization spatial contact publisher language private temporal_coverage groups",
    "data.json": "identifier title description keyword theme distribution publisher contactPoint spatial temporal language license",
    "udata": "id slug title description tags resources organization contact_points spatial temporal_coverage schema badges harvest",
    "opendatasoft": "dataset_id metas attachments has_records features alternative_exports",
    "ogc-records": "id type properties geometry time links linkTemplates",
    "stac": "id title description extent providers links assets license keywords",
    "data-package": "name title resources licenses contributors sources homepage",
    "schema.org": "@type name description distribution license publisher spatialCoverage temporalCoverage identifier url",
    "rudi": "global_id resource_title synopsis producer contacts available_formats access_condition geography",
}


@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=examples(20, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_values_of_any_shape_never_break_a_reader(
    name: str, data: st.DataObject
) -> None:
    fields = st.dictionaries(
        st.sampled_from(NAMES[name].split()), JSON_VALUES, max_size=8
    )
    item = data.draw(fields) | (
        {"@type": "Dataset", "name": "x"} if name == "schema.org" else {}
    )
    body = json.dumps([item] if name != "stac" else {"collections": [item]}).encode()

    page = get_reader(name)(body, base_url=BASE)

    assert (
        len(page.records) + len(page.services) + len(page.refused) + len(page.links)
        <= 5001
    )
    codes = {fault.code for refusal in page.refused for fault in refusal.faults}
    assert "record_unreadable" not in codes, [
        fault.translate() for refusal in page.refused for fault in refusal.faults
    ]


def test_shapes_that_broke_a_reader_once() -> None:
    """Found by the test above."""
    package = {"id": "1", "title": "Trees", "notes": "x", "resources": [], "groups": 1}
    linked = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": "Trees",
        "isAccessibleForFree": {},
    }
    feature = {
        "type": "Feature",
        "id": "1",
        "time": {"interval": [[], {}]},
        "properties": {"title": "Trees"},
    }

    for document in (package, linked, feature):
        assert [
            record.title for record in read(json.dumps([document]).encode()).records
        ] == [{"fr": "Trees"}]


ENVELOPES = [
    "type",
    "collections",
    "features",
    "results",
    "result",
    "success",
    "help",
    "data",
    "datasets",
    "items",
    "packages",
    "package_count",
    "next_page",
    "total",
    "numberMatched",
    "count",
    "dataset",
    "stac_version",
    "links",
    "itemType",
    "global_id",
    "dataset_id",
    "metas",
    "@context",
    "@graph",
    "@id",
    "@type",
    "identifier",
    "title",
    "resources",
    "notes",
]


@settings(
    max_examples=examples(60, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    document=st.dictionaries(st.sampled_from(ENVELOPES), JSON_VALUES, max_size=6),
    listed=st.booleans(),
)
def test_no_document_of_json_is_a_surprise(
    document: dict[str, Any],
    listed: bool,  # noqa: FBT001 - drawn
) -> None:
    page = read(json.dumps([document] if listed else document).encode())

    assert [fault.code for fault in page.faults if not fault.translate()] == []

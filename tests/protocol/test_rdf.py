"""A record as DCAT-AP: what its shapes ask is there, what it says is what the record says, and it is canonical."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from tests.protocol.examples import (
    RECORD_ID,
    a_file,
    a_full_record,
    a_record,
    a_service,
    put,
)
from tests.protocol.graphs import read_graph, term, write_nodes
from tests.protocol.shacl import violations
from udi.protocol.catalogue import (
    Catalogue,
    CatalogueEntry,
    write_catalogue,
    write_entry,
)
from udi.protocol.rdf import write_dataset
from udi.protocol.record import read_record
from udi.protocol.serialisations import write_canonical
from udi.protocol.structures import BoundingBox
from udi.protocol.triples import iri

ORIGIN = "https://donnees.rade.bzh"
DATASET = NamedNode(f"{ORIGIN}/data/{RECORD_ID}")
MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)
TERRITORY = Catalogue(
    origin=ORIGIN, title={"fr": "Pays de la Rade", "en": "Rade"}, description={"fr": "Les données"},
    publisher={"fr": "Pays de la Rade"}, languages=("fr", "en"), box=BoundingBox(west=-4.7, south=48.2, east=-4.2, north=48.5),
)  # fmt: skip
NODE_PAGES = f"https://node.example.org/datasets/{RECORD_ID}"
RECORDS = {
    "small": a_record(),
    "full": a_full_record(),
    "open and full": {
        **a_full_record(),
        "access_condition": a_record()["access_condition"],
        "ext_metadata": {},
    },
    "high value": a_record(
        keywords=[
            "arbre",
            "HVD",
            "mobilité",
            "Observation de la Terre et environnement",
        ],
        available_formats=[
            a_file(),
            a_service(
                "wfs",
                "versions",
                "layer",
                "default_crs",
                "formats",
                metadata={"documentation_url": "https://maps.example.org/doc"},
            ),
        ],
    ),
    "table of a node": a_record(
        update_frequency="ANNUAL",
        available_formats=[
            put(
                a_file(file_columns=[{"name": "hauteur", "unit": "m"}]),
                "connector.url",
                f"https://node.example.org/datasets/{RECORD_ID}/file",
            )
        ],
    ),
    "tables of a node": a_record(
        available_formats=[
            a_file(
                media_role="data",
                file_tables=[
                    {"name": "Rues", "url": f"{NODE_PAGES}/data"},
                    {"name": "Arbres", "url": f"{NODE_PAGES}/tables/arbres"},
                    {"name": "2022–2024", "url": f"{NODE_PAGES}/tables/series"},
                    {"name": "Ailleurs", "url": "https://data.example.org/x"},
                    {"name": "Sans page"},
                ],
                dcat={
                    "periods": [
                        {"start": "2023-01-01T00:00:00Z", "end": "2023-12-31T23:59:59Z"}
                    ]
                },
            ),
        ],
    ),
    "year of a series": a_record(
        dataset_series=[
            {
                "series_url": "https://data.example.org/series/trees",
                "series_title": [{"lang": "fr", "text": "Arbres, par année"}],
            },
        ]
    ),
    "unnamed service": a_record(
        available_formats=[
            a_service("wfs", "versions", "layer", "default_crs", "formats")
        ]
    ),
}


def written(record: dict[str, Any]) -> set[Triple]:
    return read_graph(write_dataset(ORIGIN, read_record(record)))


def values(triples: set[Triple], subject: NamedNode, name: str) -> list[str]:
    return sorted(
        triple.object.value
        for triple in triples
        if (triple.subject, triple.predicate) == (subject, term(name))
    )


def whole(record: dict[str, Any]) -> set[Triple]:
    """A catalogue with one dataset."""
    entry = CatalogueEntry(record=read_record(record), listed=MOMENT, described=MOMENT)
    return read_graph([*write_catalogue(TERRITORY), *write_entry(TERRITORY, entry)])


@pytest.mark.parametrize("shapes", ["shapes.ttl", "range.ttl"])
@pytest.mark.parametrize("name", RECORDS)
def test_the_shapes_of_dcat_ap_are_kept(
    shared_data: Path, name: str, shapes: str
) -> None:
    """Themes and types of distributions are concepts of the EU's tables, whose labels are not ours to write: their class is taken for known."""
    themes = {Triple(triple.object, term("rdf:type"), term("skos:Concept")) for triple in whole(RECORDS[name])
              if triple.predicate in {term("dcat:theme"), term("dct:type")}}  # fmt: skip
    theme_classes = themes if shapes == "range.ttl" else set()

    assert (
        violations(
            whole(RECORDS[name]) | theme_classes,
            shared_data / "reference/dcat-ap-shapes/dcat-ap-3.0.1" / shapes,
        )
        == []
    )


def test_a_dataset_says_of_which_series_it_is() -> None:
    listed = RECORDS["year of a series"]["dataset_series"]
    other = {"series_url": "https://data.example.org/series/unnamed"}
    triples = written(a_record(dataset_series=[*listed, other]))
    unnamed = NamedNode("https://data.example.org/series/unnamed")
    named = NamedNode("https://data.example.org/series/trees")

    assert values(triples, DATASET, "dcat:inSeries") == [named.value, unnamed.value]
    assert values(triples, named, "dct:title") == ["Arbres, par année"]
    assert values(triples, named, "rdf:type") == [
        "http://www.w3.org/ns/dcat#DatasetSeries"
    ]
    assert values(triples, unnamed, "rdf:type") == []


def test_the_api_of_an_open_table_at_a_node_of_ours_is_a_service() -> None:
    record = RECORDS["table of a node"]
    closed = {
        **record,
        "access_condition": a_full_record()["access_condition"],
    }
    base = f"https://node.example.org/api/resources/{RECORD_ID}"

    triples = written(record)

    [service] = [
        triple.object
        for triple in triples
        if triple.predicate == term("dcat:accessService")
    ]
    assert values(triples, service, "dcat:endpointURL") == [f"{base}/data/"]
    assert values(triples, service, "dcat:endpointDescription") == [f"{base}/swagger/"]
    assert values(triples, service, "dcat:servesDataset") == [DATASET.value]
    assert [
        address.rpartition("/")[2] for address in values(triples, service, "dct:format")
    ] == ["CSV", "JSON", "PARQUET", "XLSX", "vnd.apache.arrow.file"]
    assert len(values(triples, DATASET, "dcat:distribution")) == 2
    assert values(triples, DATASET, "dct:accrualPeriodicity") == [
        "http://publications.europa.eu/resource/authority/frequency/ANNUAL"
    ]
    # Columns of restricted data are in no record, and their API is announced to nobody.
    assert not [
        triple
        for triple in written(closed)
        if triple.predicate == term("dcat:accessService")
    ]


def test_further_tables_at_a_node_of_ours_are_distributions_and_services() -> None:
    record = RECORDS["tables of a node"]
    base = f"https://node.example.org/api/resources/{RECORD_ID}/tables"
    closed = {**record, "access_condition": a_full_record()["access_condition"]}

    triples = written(record)
    downloads = {
        triple.object.value
        for triple in triples
        if triple.predicate == term("dcat:downloadURL")
    }
    services = {
        triple.object.value
        for triple in triples
        if triple.predicate == term("dcat:endpointURL")
    }
    pages = {
        triple.object.value
        for triple in triples
        if triple.predicate == term("dcat:accessURL")
    }

    assert downloads >= {f"{base}/arbres/data/csv/", f"{base}/series/data/csv/"}
    assert services == {f"{base}/arbres/data/", f"{base}/series/data/"}
    assert pages >= {f"{NODE_PAGES}/tables/arbres", f"{NODE_PAGES}/tables/series"}
    assert len(values(triples, DATASET, "dcat:distribution")) == 5
    assert not [one for one in written(closed) if "/tables/" in str(one.object)]


def test_a_file_says_of_which_period_it_is() -> None:
    triples = written(RECORDS["tables of a node"])

    [temporal] = [one for one in triples if one.predicate == term("dct:temporal")]
    assert "#media-" in temporal.subject.value
    assert values(triples, temporal.object, "dcat:startDate") == [
        "2023-01-01T00:00:00Z"
    ]
    assert values(triples, temporal.object, "dcat:endDate") == ["2023-12-31T23:59:59Z"]


def test_the_base_shapes_of_high_value_datasets_are_kept(shared_data: Path) -> None:
    shapes = (
        shared_data / "reference/dcat-ap-shapes/dcat-ap-hvd-3.0.0/hvd-SHACL-base.ttl"
    )
    right = whole(RECORDS["high value"])
    lawless = {
        triple
        for triple in right
        if triple.predicate != term("dcatap:applicableLegislation")
    }

    assert violations(right, shapes) == []
    assert any(
        "applicableLegislation" in fault for fault in violations(lawless, shapes)
    )


def test_two_keywords_say_that_a_dataset_has_high_value() -> None:
    triples = written(RECORDS["high value"])
    unsaid = written(a_record(keywords=["mobilité"]))
    plain = read_graph(
        write_dataset(ORIGIN, read_record(RECORDS["high value"]), extensions=())
    )

    assert values(triples, DATASET, "dcatap:hvdCategory") == [
        "http://data.europa.eu/bna/c_b79e35eb", "http://data.europa.eu/bna/c_dd313021",
    ]  # fmt: skip
    law = {
        triple.subject.value.rpartition("#")[2][:5]
        for triple in triples
        if triple.predicate == term("dcatap:applicableLegislation")
    }
    assert law == {DATASET.value[:5], "media", "servi"}
    assert not any(
        triple.predicate.value.startswith("http://data.europa.eu/r5r/")
        for triple in unsaid | plain
    )


@pytest.mark.parametrize(
    ("projection", "code"),
    [("EPSG:2154", "2154"), ("RGF93 / Lambert-93", "2154"), ("CC48", "3948"), ("WGS 84 (EPSG:4326)", "4326"),
     ("http://www.opengis.net/def/crs/EPSG/0/3948", "3948"), ("urn:ogc:def:crs:EPSG::2154", "2154"),
     ("WGS84", "4326"), ("WGS 84 / UTM 30N", ""), ("un plan", "")],
)  # fmt: skip
def test_the_reference_system_is_named_when_the_words_give_it(
    projection: str, code: str
) -> None:
    triples = written(put(a_full_record(), "geography.projection", projection))

    crs_urls = [
        url for url in values(triples, DATASET, "dct:conformsTo") if "/crs/EPSG/" in url
    ]
    assert crs_urls == (
        [f"http://www.opengis.net/def/crs/EPSG/0/{code}"] if code else []
    )


def test_the_shape_of_the_area_is_given_unless_it_is_long() -> None:
    shape = {"type": "Point", "coordinates": [-1.6, 48.1]}
    long = {"type": "LineString", "coordinates": [[-1.6, 48.1]] * 2000}
    place = NamedNode(f"{DATASET.value}#area")

    near = written(put(a_full_record(), "geography.geographic_distribution", shape))
    far = written(put(a_full_record(), "geography.geographic_distribution", long))

    assert values(near, place, "locn:geometry") == [
        '{"type":"Point","coordinates":[-1.6,48.1]}'
    ]
    assert values(far, place, "locn:geometry") == []


def test_the_check_of_shapes_sees_a_planted_fault(shared_data: Path) -> None:
    file = shared_data / "reference/dcat-ap-shapes/dcat-ap-3.0.1/shapes.ttl"
    right = whole(a_record())
    untitled = {triple for triple in right if triple.predicate != term("dct:title")}
    twice = right | {Triple(DATASET, term("dct:modified"), next(iter(right)).object)}

    assert any("title" in fault for fault in violations(untitled, file))
    assert any("modified" in fault for fault in violations(twice, file))


def test_what_the_record_says_is_said() -> None:
    triples = written(a_record(doi="10.5072/FK2/JV9LCO"))

    assert values(triples, DATASET, "dct:title") == ["Street trees"]
    assert values(triples, DATASET, "dct:identifier") == [RECORD_ID]
    assert values(triples, DATASET, "dcat:keyword") == ["arbre"]
    assert values(triples, DATASET, "dcat:theme") == [
        "http://publications.europa.eu/resource/authority/data-theme/ENVI"
    ]
    assert values(triples, DATASET, "dct:accessRights")[0].endswith("/PUBLIC")
    [file] = values(triples, DATASET, "dcat:distribution")
    media = NamedNode(file)
    assert values(triples, media, "dcat:downloadURL") == [
        "https://node.example.org/files/trees.csv"
    ]
    assert values(triples, media, "dcat:byteSize") == ["2048"]
    assert values(triples, media, "dct:license")[0].endswith("/licence/ETALAB_2_0")
    assert values(triples, NamedNode(f"{file}-checksum"), "spdx:checksumValue") == [
        "ab" * 32
    ]
    assert values(triples, NamedNode(f"{DATASET.value}#doi"), "skos:notation") == [
        "10.5072/FK2/JV9LCO"
    ]


def test_a_restricted_file_has_no_download_and_leads_to_where_it_is_asked_for() -> None:
    triples = written(a_full_record())

    assert not [
        triple for triple in triples if triple.predicate == term("dcat:downloadURL")
    ]
    files = values(triples, DATASET, "dcat:distribution")
    assert [values(triples, NamedNode(file), "dcat:accessURL") for file in files] == [
        [DATASET.value]
    ] * 3


def test_a_checksum_that_is_not_hexadecimal_is_left_out() -> None:
    triples = written(
        a_record(
            available_formats=[
                a_file(checksum={"algo": "MD5", "hash": "c29tZXRoaW5n="})
            ]
        )
    )

    assert not [
        triple for triple in triples if triple.predicate == term("spdx:checksum")
    ]


@pytest.mark.parametrize(
    ("west", "east", "area"),
    [
        (-1.7, -1.6, "POLYGON((-1.7 48,-1.6 48,-1.6 48.2,-1.7 48.2,-1.7 48))"),
        (
            179.5,
            -179.5,
            "MULTIPOLYGON(((179.5 48,180 48,180 48.2,179.5 48.2,179.5 48)),"
            "((-180 48,-179.5 48,-179.5 48.2,-180 48.2,-180 48)))",
        ),
    ],
)
def test_an_area_is_drawn_longitude_first_and_cut_at_the_antimeridian(
    west: float, east: float, area: str
) -> None:
    box = {
        "west_longitude": west,
        "east_longitude": east,
        "south_latitude": 48.0,
        "north_latitude": 48.2,
    }
    triples = written(put(a_full_record(), "geography.bounding_box", box))

    assert values(triples, NamedNode(f"{DATASET.value}#area"), "dcat:bbox") == [area]


@pytest.mark.parametrize(
    ("address", "node"),
    [
        ("https://x.example/a b", "https://x.example/a%20b"),
        (
            "https://x.example/{z}/{x}?q=<a>|b^`",
            "https://x.example/%7Bz%7D/%7Bx%7D?q=%3Ca%3E%7Cb%5E%60",
        ),
        ("https://x.example/d%C3%A9j%C3%A0", "https://x.example/d%C3%A9j%C3%A0"),
        ("https://[2001:db8::1]:8443/a[1]", "https://[2001:db8::1]:8443/a%5B1%5D"),
        ("https://x.example/é", "https://x.example/%C3%A9"),
        ("https://x.example/50%remise?q=%", "https://x.example/50%25remise?q=%25"),
        ("https://x.example/#a#b", "https://x.example/#a%23b"),
        ("https://%zz.fr/", "https://%25zz.fr/"),
    ],
)
def test_an_address_is_always_an_iri(address: str, node: str) -> None:
    assert iri(address) == f"<{node}>"


def test_no_node_is_blank_and_the_sorted_lines_are_the_canonical_form() -> None:
    triples = whole(a_full_record())
    assert not [
        triple
        for triple in triples
        if BlankNode in {type(triple.subject), type(triple.object)}
    ]
    dataset = Dataset(Quad(*triple) for triple in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)

    reference = sorted(
        (serialize(dataset, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    )

    ours = write_nodes(triples)
    assert write_canonical([*ours, *ours]) == b"".join(reference)
    assert {
        Triple(e.subject, e.predicate, e.object)
        for e in parse(write_canonical(ours), format=RdfFormat.TURTLE)
    } == triples


def test_a_moment_is_written_in_utc() -> None:
    assert values(written(a_full_record()), DATASET, "dct:modified") == [
        "2026-03-02T10:30:00.250000Z"
    ]

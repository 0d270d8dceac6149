"""Whatever a server answers, its description is one or is refused, and takes no more memory or time than a description may."""

import json
import re
import tracemalloc
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from tests.portal.nodes.map_services import documents
from udi.portal.catalogue.maps.map_services import MapService, MapServiceKind
from udi.portal.nodes.map_services.bounds import (
    LONGEST_NAME,
    LONGEST_URL,
    MOST_CHARACTERS,
    MOST_LAYERS,
)
from udi.portal.nodes.map_services.capabilities import read_description
from udi.portal.nodes.map_services.layers import (
    MapObstacle,
    MapServiceError,
    ServiceDescription,
)

ADDRESS = "https://maps.example/ows"
LARGEST_SCALES = ("nan", "inf", "-inf", "1e-320", "1e999", "0", "-1", "")
XML_KINDS = tuple(
    kind for kind in MapServiceKind if kind is not MapServiceKind.FEATURES
)
ROOTS = ("WMS_Capabilities", "WMT_MS_Capabilities", "WFS_Capabilities", "Capabilities")
NAMES = [
    "Service",
    "Capability",
    "Request",
    "GetMap",
    "GetFeature",
    "Format",
    "ResultFormat",
    "Layer",
    "Name",
    "Title",
    "CRS",
    "SRS",
    "LatLonBoundingBox",
    "EX_GeographicBoundingBox",
    "westBoundLongitude",
    "eastBoundLongitude",
    "OperationsMetadata",
    "Operation",
    "Parameter",
    "Value",
    "FeatureTypeList",
    "FeatureType",
    "WGS84BoundingBox",
    "LowerCorner",
    "UpperCorner",
    "Contents",
    "TileMatrixSet",
    "TileMatrixSetLink",
    "TileMatrix",
    "Identifier",
    "SupportedCRS",
    "ScaleDenominator",
    "TopLeftCorner",
    "TileWidth",
    "TileHeight",
    "Style",
    "Dimension",
    "Default",
    "ResourceURL",
]
ATTRIBUTES = ("version", "name", "template", "resourceType", "format", "minx", "maxx")
WORDS = st.sampled_from(
    [
        *LARGEST_SCALES,
        "EPSG:3857",
        "image/png",
        "json",
        "GetFeature",
        "outputFormat",
        "tile",
        "256",
        "-20037508.34 20037508.34",
        "{TileMatrix}{x}{}{{",
        "x" * (LONGEST_NAME + 1),
    ]
) | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8)
LEVELS = re.compile(rb"(</TileMatrix>)(<TileMatrix>.*?</TileMatrix>)+", re.DOTALL)
SHORT_WMTS = LEVELS.sub(rb"\1", documents.WMTS_TEMPLATE)
"""With one level, so that a word of it is changed as often as others."""
MEMBERS = st.sampled_from(
    ["collections", "id", "title", "extent", "spatial", "bbox", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(MEMBERS, inner, max_size=5)
    ),
    max_leaves=20,
)
BOXES = st.fixed_dictionaries(
    {
        "id": st.just("a") | JSON,
        "title": JSON,
        "extent": st.fixed_dictionaries(
            {"spatial": st.fixed_dictionaries({"bbox": st.lists(JSON) | JSON})}
        ),
    }
)
COLLECTIONS = st.fixed_dictionaries(
    {"collections": st.lists(BOXES | JSON, min_size=1, max_size=5)}
)


def write_element(name: str, words: dict[str, str], inner: list[str]) -> str:
    attributes = "".join(
        f' {key}="{escape(word, {chr(34): "&quot;"})}"' for key, word in words.items()
    )
    return f"<{name}{attributes}>{''.join(inner)}</{name}>"


def elements(names: tuple[str, ...] | list[str], inner: Any) -> Any:
    return st.builds(
        write_element,
        st.sampled_from(names),
        st.dictionaries(st.sampled_from(ATTRIBUTES), WORDS, max_size=3),
        st.lists(inner, max_size=5),
    )


XML = elements(
    ROOTS,
    st.recursive(
        WORDS.map(escape), lambda inner: elements(NAMES, inner), max_leaves=25
    ),
)


TEXT = re.compile(r">(?P<text>[^<\n]*)</")
DESCRIPTIONS = (
    (MapServiceKind.WMS, documents.WMS_130),
    (MapServiceKind.WFS, documents.WFS_200),
    (MapServiceKind.WMTS, SHORT_WMTS),
)


def try_reading(kind: MapServiceKind, body: bytes) -> ServiceDescription | MapObstacle:
    try:
        return read_description(MapService(kind, ADDRESS), body)
    except MapServiceError as error:
        return error.obstacle


def check_bounds(answer: ServiceDescription | MapObstacle) -> None:
    """It is an obstacle, or a description within its bounds."""
    if isinstance(answer, MapObstacle):
        return
    assert 0 < len(answer.layers) <= MOST_LAYERS
    assert answer.characters <= MOST_CHARACTERS + LONGEST_NAME
    for layer in answer.layers:
        assert 0 < len(layer.name) <= LONGEST_NAME
        assert 0 < len(layer.title) <= LONGEST_NAME
        url = layer.request.url if layer.request else ""
        assert len(url) <= LONGEST_URL
        assert (layer.request is None) is not (layer.obstacle is None)


@given(JSON | COLLECTIONS)
@settings(max_examples=examples(60, 3_000), deadline=None)
def test_any_json_is_a_description_or_is_refused(document: Any) -> None:
    check_bounds(try_reading(MapServiceKind.FEATURES, json.dumps(document).encode()))


@given(st.sampled_from(XML_KINDS), XML)
@settings(max_examples=examples(60, 3_000), deadline=None)
def test_any_xml_is_a_description_or_is_refused(
    kind: MapServiceKind, document: str
) -> None:
    check_bounds(try_reading(kind, document.encode()))


@given(st.sampled_from(DESCRIPTIONS), st.integers(0), WORDS, st.integers(0), WORDS)
@settings(max_examples=examples(150, 5_000), deadline=None)
def test_any_word_of_a_description_may_be_another(
    description: tuple[MapServiceKind, bytes],
    first: int,
    first_word: str,
    second: int,
    second_word: str,
) -> None:
    kind, body = description
    document = body.decode()
    for rank, word in ((first, first_word), (second, second_word)):
        places = list(TEXT.finditer(document))
        start, end = places[rank % len(places)].span("text")
        document = f"{document[:start]}{escape(word)}{document[end:]}"

    check_bounds(try_reading(kind, document.encode()))


@given(st.sampled_from(MapServiceKind), st.binary(max_size=60))
@settings(max_examples=examples(100, 2_000), deadline=None)
def test_any_bytes_are_refused(kind: MapServiceKind, body: bytes) -> None:
    assert isinstance(try_reading(kind, body), MapObstacle)


@pytest.mark.parametrize(
    "box",
    [
        [-4.6, 48.2, -4.2, 48.5],
        [None],
        [{"west": 1}],
        [{str(rank): rank for rank in range(6)}],
        {"0": [1, 2, 3, 4]},
        ["abcdef"],
        [[None] * 6],
        [[]],
        "here",
        7,
        None,
    ],
)
def test_a_box_that_is_none_is_left_out_and_its_layer_is_shown(box: Any) -> None:
    collection = {"id": "a", "extent": {"spatial": {"bbox": box}}}
    answer = read_description(
        MapService(MapServiceKind.FEATURES, ADDRESS),
        json.dumps({"collections": [collection]}).encode(),
    )

    assert [(layer.name, layer.box) for layer in answer.layers] == [("a", None)]


@pytest.mark.parametrize("scale", LARGEST_SCALES)
def test_a_level_of_no_scale_is_left_out(scale: str) -> None:
    first = f"{559082264.0287178 / 4!r}".encode()
    body = documents.WMTS.replace(first, scale.encode())

    answer = read_description(MapService(MapServiceKind.WMTS, ADDRESS), body)

    assert first in documents.WMTS
    assert answer.layers[0].request is not None
    assert answer.layers[0].request.matrices[:4] == ("", "", "", "03")


def test_a_template_that_its_dimensions_would_make_large_is_not_drawn() -> None:
    template = "https://t.example/" + "{d}" * 600
    body = documents.WMTS.replace(
        b"<Format>image/jpeg</Format>",
        b"<Format>image/jpeg</Format><Dimension><ows:Identifier>d</ows:Identifier>"
        b"<Default>%s</Default></Dimension>"
        b'<ResourceURL format="image/jpeg" resourceType="tile" template="%s"/>'
        % (b"v" * LONGEST_NAME, template.encode()),
    )

    answer = read_description(MapService(MapServiceKind.WMTS, ADDRESS), body)

    check_bounds(answer)
    assert answer.layers[0].obstacle is MapObstacle.FORMAT


def test_dimensions_without_number_or_end_make_no_large_address() -> None:
    dimension = "<Dimension><ows:Identifier>d{rank}</ows:Identifier><Default>{value}</Default></Dimension>"
    dimensions = "".join(
        dimension.format(rank=rank, value="v" * LONGEST_NAME) for rank in range(5_000)
    )
    body = documents.WMTS.replace(
        b"<Format>image/jpeg</Format>",
        f"<Format>image/jpeg</Format>{dimensions}".encode(),
    )

    answer = read_description(MapService(MapServiceKind.WMTS, ADDRESS), body)

    check_bounds(answer)
    assert answer.layers[0].obstacle is MapObstacle.FORMAT


def test_a_format_or_version_of_many_characters_is_not_copied_into_each_type() -> None:
    longest = b"json" * 100_000
    formats = documents.WFS_200.replace(b"json", longest)
    version = documents.WFS_200.replace(b'version="2.0.0"', b'version="%s"' % longest)

    answer = read_description(MapService(MapServiceKind.WFS, ADDRESS), formats)

    assert [layer.obstacle for layer in answer.layers] == [MapObstacle.FORMAT]
    assert try_reading(MapServiceKind.WFS, version) is MapObstacle.UNREADABLE


def test_a_name_that_no_page_could_ask_for_is_left_out_and_a_long_title_gives_way() -> (
    None
):
    names = documents.WMS_130.replace(b"<Name>voirie", b"<Name>" + b"v" * 501)
    titles = documents.WMS_130.replace(b"<Title>Zonage", b"<Title>" + b"z" * 100_000)

    [shorter] = read_description(MapService(MapServiceKind.WMS, ADDRESS), names).layers
    layers = read_description(MapService(MapServiceKind.WMS, ADDRESS), titles).layers

    assert shorter.name == "plu:zones"
    assert [layer.title for layer in layers] == ["Rues & chemins", "plu:zones"]


def test_layers_beyond_the_most_are_not_built() -> None:
    layers = b"<Layer><Name>a</Name></Layer>" * (MOST_LAYERS + 500)
    body = documents.WMS_130.replace(b'<Layer queryable="1">', layers + b"<Layer>", 1)

    answer = read_description(MapService(MapServiceKind.WMS, ADDRESS), body)

    assert len(answer.layers) == MOST_LAYERS


def test_projections_of_layers_above_are_handed_down_as_those_of_the_web_alone() -> (
    None
):
    """With all of them, each of ninety levels kept a copy of those of all above it: thirty megabytes."""
    level = b"<Layer><CRS>" + b"EPSG:1 " * 1_000 + b"</CRS>"
    body = documents.WMS_130.replace(
        b'<Layer queryable="1">',
        level * 90 + b"<Name>deep</Name>" + b"</Layer>" * 90 + b"<Layer>",
        1,
    )

    tracemalloc.start()
    answer = read_description(MapService(MapServiceKind.WMS, ADDRESS), body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [layer.name for layer in answer.layers] == ["deep", "voirie", "plu:zones"]
    assert peak < 8 * 1024**2

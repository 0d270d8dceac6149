"""Descriptions of services are read as layers: what a script is to ask for, or what stands in the way."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.portal.nodes.map_services import documents
from udi.portal.catalogue.maps.map_services import (
    MapService,
    MapServiceKind,
    find_map_service,
    origin_of,
)
from udi.portal.catalogue.models import Distribution
from udi.portal.nodes.map_services.capabilities import (
    capabilities_url,
    read_description,
)
from udi.portal.nodes.map_services.layers import (
    LayerDrawing,
    MapObstacle,
    MapServiceError,
    ServiceLayer,
)

ADDRESS = "https://maps.example/ows?map=/a.map&SERVICE=WMS&REQUEST=GetCapabilities"


def read_layers(kind: MapServiceKind, body: bytes) -> list[ServiceLayer]:
    return list(read_description(MapService(kind, ADDRESS), body).layers)


def words_of(layer: ServiceLayer) -> dict[str, str]:
    """The words of the address that the script asks for."""
    assert layer.request
    return {
        name: values[0]
        for name, values in parse_qs(urlsplit(layer.request.url).query).items()
    }


def test_layers_of_a_newest_wms_have_what_stands_above_them() -> None:
    layers = read_layers(MapServiceKind.WMS, documents.WMS_130)

    assert [(layer.name, layer.title) for layer in layers] == [
        ("voirie", "Rues & chemins"),
        ("plu:zones", "Zonage"),
    ]
    assert {layer.box for layer in layers} == {documents.PLACE}
    words = words_of(layers[1])
    assert words["map"] == "/a.map"
    assert (words["VERSION"], words["CRS"], words["FORMAT"]) == (
        "1.3.0",
        "EPSG:3857",
        "image/png",
    )
    assert words["BBOX"] == "{west},{south},{east},{north}"
    assert words["LAYERS"] == "plu:zones"
    assert "SERVICE=WMS&" in (layers[1].request.url if layers[1].request else "")


def test_an_older_wms_and_degrees_keep_their_order_of_sides() -> None:
    [older] = read_layers(MapServiceKind.WMS, documents.WMS_111)
    degrees = read_layers(MapServiceKind.WMS, documents.WMS_DEGREES)[0]

    assert (words_of(older)["SRS"], words_of(older)["BBOX"]) == (
        "EPSG:4326",
        "{west},{south},{east},{north}",
    )
    assert older.box == documents.PLACE
    assert older.request is not None
    assert older.request.projection == "EPSG:4326"
    assert words_of(degrees)["BBOX"] == "{south},{west},{north},{east}"


def test_what_cannot_be_drawn_says_why() -> None:
    lambert = read_layers(MapServiceKind.WMS, documents.WMS_LAMBERT)
    gml = read_layers(MapServiceKind.WFS, documents.WFS_GML)
    pictureless = read_layers(
        MapServiceKind.WMS, documents.WMS_130.replace(b"image/", b"text/")
    )

    assert {layer.obstacle for layer in lambert} == {MapObstacle.PROJECTION}
    assert {layer.obstacle for layer in gml} == {MapObstacle.FORMAT}
    assert {layer.obstacle for layer in pictureless} == {MapObstacle.FORMAT}


def test_types_of_a_wfs_are_asked_for_as_geojson_and_no_more_than_a_thousand() -> None:
    [newest] = read_layers(MapServiceKind.WFS, documents.WFS_200)
    [oldest] = read_layers(MapServiceKind.WFS, documents.WFS_100)

    words = words_of(newest)
    assert (words["TYPENAMES"], words["COUNT"]) == ("ville:arbres", "1000")
    assert (words["OUTPUTFORMAT"], words["SRSNAME"]) == (
        "application/json",
        "EPSG:4326",
    )
    assert newest.box == oldest.box == documents.PLACE
    older = words_of(oldest)
    assert (older["TYPENAME"], older["MAXFEATURES"], older["OUTPUTFORMAT"]) == (
        "bancs",
        "1000",
        "JSON",
    )


def test_tiles_of_a_wmts_are_those_of_the_levels_of_web_maps() -> None:
    photo, lambert = read_layers(MapServiceKind.WMTS, documents.WMTS)

    assert photo.request is not None
    assert photo.request.drawing is LayerDrawing.TILES
    assert photo.request.matrices[:4] == ("", "", "02", "03")
    assert len(photo.request.matrices) == 15
    words = words_of(photo)
    assert (words["STYLE"], words["TILEMATRIXSET"], words["TILEMATRIX"]) == (
        "normal",
        "PM",
        "{matrix}",
    )
    assert photo.box == documents.PLACE
    assert lambert.obstacle is MapObstacle.PROJECTION


def test_tiles_with_a_template_are_asked_for_at_its_server() -> None:
    photo = read_layers(MapServiceKind.WMTS, documents.WMTS_TEMPLATE)[0]

    assert photo.request is not None
    assert photo.request.url == "https://tuiles.example/normal/PM/{matrix}/{x}/{y}.jpg"


def test_collections_are_asked_for_as_geojson() -> None:
    service = MapService(
        MapServiceKind.FEATURES,
        "https://maps.example/api/collections/bancs/items?f=html",
    )
    description = read_description(service, json.dumps(documents.COLLECTIONS).encode())

    assert capabilities_url(service) == "https://maps.example/api/collections"
    assert service.base == "https://maps.example/api"
    assert service.named_layer == "bancs"
    assert [layer.name for layer in description.layers] == [
        "bancs publics",
        "toilettes",
    ]
    first = description.layers[0]
    assert first.box == documents.PLACE
    assert first.request is not None
    assert (
        first.request.url
        == "https://maps.example/api/collections/bancs%20publics/items?f=json&limit=1000"
    )


@pytest.mark.parametrize(
    ("kind", "body", "obstacle"),
    [
        (MapServiceKind.WMS, documents.EXCEPTION, MapObstacle.FAILED),
        (
            MapServiceKind.WMS,
            b"<html><body>Bonjour</body></html>",
            MapObstacle.UNREADABLE,
        ),
        (MapServiceKind.WMS, b"not xml", MapObstacle.UNREADABLE),
        (MapServiceKind.WMS, documents.WFS_200, MapObstacle.UNREADABLE),
        (MapServiceKind.WFS, b"<WFS_Capabilities/>", MapObstacle.EMPTY),
        (MapServiceKind.FEATURES, b"[]", MapObstacle.UNREADABLE),
        (MapServiceKind.FEATURES, b'{"collections": []}', MapObstacle.EMPTY),
        (
            MapServiceKind.WMS,
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
            MapObstacle.UNREADABLE,
        ),
    ],
)
def test_an_answer_that_is_no_description_is_refused(
    kind: MapServiceKind, body: bytes, obstacle: MapObstacle
) -> None:
    with pytest.raises(MapServiceError) as refusal:
        read_layers(kind, body)

    assert refusal.value.obstacle is obstacle


def described(
    url: str, contract: str = "", kind: str = "SERVICE", label: str = "API"
) -> Distribution:
    return Distribution(url=url, contract=contract, kind=kind, format=label)


@pytest.mark.parametrize(
    ("media", "harvested", "kind"),
    [
        (described("https://a.example/ows", "wms"), {}, MapServiceKind.WMS),
        (described("https://a.example/ows?service=wfs"), {}, MapServiceKind.WFS),
        (described("https://a.example/wmts/1.0.0"), {}, MapServiceKind.WMTS),
        (described("https://a.example/ows"), {"extra": {"protocol": "OGC:WMTS-1.0.0-http"}}, MapServiceKind.WMTS),
        (described("https://a.example/api"), {"format": "OGC API - Features"}, MapServiceKind.FEATURES),
        (described("https://a.example/api/collections/x"), {}, MapServiceKind.FEATURES),
        (described("https://a.example/wms.csv", "dwnl", "FILE", "CSV"), {}, None),
        (described("https://a.example/wms/arbres.csv", "dwnl", "FILE", "CSV"), {}, None),
        (described("https://a.example/api"), {}, None),
        (described("ftp://a.example/wms", "wms"), {}, None),
        (described("https://user:secret@a.example/wms", "wms"), {}, None),
        (described("https://a.example;script-src/wms", "wms"), {}, None),
    ],
)  # fmt: skip
def test_find_map_service_knows_it_by_contract_format_protocol_or_address(
    media: Distribution, harvested: dict[str, object], kind: MapServiceKind | None
) -> None:
    service = find_map_service(media, {"harvested": harvested})

    assert (service.kind if service else None) is kind


def test_the_address_for_software_has_no_words_of_one_request() -> None:
    service = MapService(
        MapServiceKind.WMS, "https://a.example/ows?map=x&LAYERS=voirie&request=GetMap"
    )

    assert service.base == "https://a.example/ows?map=x"
    assert service.named_layer == "voirie"
    assert capabilities_url(service) == (
        "https://a.example/ows?map=x&SERVICE=WMS&REQUEST=GetCapabilities"
    )
    assert origin_of("https://A.example:8443/x") == "https://a.example:8443"
    assert origin_of("https://a.example'/x") == ""
